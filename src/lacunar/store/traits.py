"""Saving and loading of traits models, without PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lacunar.aliases import AnyPath
from lacunar.errors import InputError
from lacunar.store.directory import UNFIT, Bundle, read_bundle, write_bundle
from lacunar.store.traits_card import model_card
from lacunar.traits.confidence.calibrator import Calibrator
from lacunar.traits.confidence.measures import Confidence
from lacunar.traits.confidence.out_of_fold import OutOfFold
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import Intake
from lacunar.traits.data.label_counts import LabelCounts
from lacunar.traits.data.schema import Schema
from lacunar.traits.environment import Machine
from lacunar.traits.evaluate.evaluation import Evaluation
from lacunar.traits.evaluate.operating_points import OperatingPoints
from lacunar.traits.model import TraitsModel
from lacunar.traits.networks.layer_table import Layer
from lacunar.traits.networks.pretrained import Start
from lacunar.traits.training.history import Epoch, Score

KIND = "traits"
_NETWORK, _LEFT_OUT, _TEMPERATURES = "network.", "left-out.", "temperatures"
_PARTS = ("train", "validation")
_HISTORY = pa.schema(
    [
        ("network", pa.int64()),
        ("epoch", pa.int64()),
        ("part", pa.string()),
        ("attribute", pa.string()),
        ("loss", pa.float64()),
        ("accuracy", pa.float64()),
    ]
)

Arrays = Mapping[str, NDArray[Any]]


def save_traits(model: TraitsModel, path: AnyPath, *, force: bool = False) -> None:
    """Write a traits model to a directory, without images and their labels.

    Parameters
    ----------
    model : TraitsModel
    path : path-like
        The model directory; its parent exists.
    force : bool
        Replace an existing model.

    Raises
    ------
    InputError
        If the destination may not be replaced.

    Examples
    --------
    >>> import tempfile
    >>> from lacunar import fit_traits, read_dataset
    >>> from lacunar.datasets import sample_people, write_people
    >>> config = TraitsConfig(height=40, width=24, folds=0, max_epochs=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_people(sample_people(n_train=12, n_test=4), Path(folder))
    ...     model = fit_traits(read_dataset(folder), config, cache_dir=Path(folder, "cache"))
    ...     save_traits(model, Path(folder) / "model")
    ...     (Path(folder) / "model" / "manifest.json").exists()
    True
    """
    arrays: dict[str, NDArray[Any]] = {
        f"{_NETWORK}{member}.{name}": array
        for member, state in enumerate(model.states)
        for name, array in state.items()
    }
    arrays |= {
        f"{_LEFT_OUT}{position}": logits for position, logits in enumerate(model.out_of_fold.logits)
    }
    arrays[_TEMPERATURES] = model.calibrator.temperatures
    for part, counts in model.counts.items():
        arrays |= {f"counts.{part}.{position}": count for position, count in enumerate(counts)}
    for part, found in model.evaluations.items():
        arrays |= _evaluation_arrays(part, found)
    for part, points in model.operating_points.items():
        arrays |= {
            f"points.{part}.taus": np.array(points.taus),
            f"points.{part}.figures": points.scores,
        }
    bundle = Bundle(
        kind=KIND,
        config=model.config.model_dump(mode="json"),
        fingerprint=model.fingerprint,
        facts={
            "schema": model.schema.to_dict(),
            "versions": model.versions,
            "networks": len(model.states),
            "judges": len(model.histories),
            "thresholds": list(model.calibrator.thresholds),
            "confidences": {
                part: [one.to_dict() for one in found] for part, found in model.confidences.items()
            },
            "intake": {part: asdict(intake) for part, intake in model.intake.items()},
            "counted": list(model.counts),
            "evaluated": list(model.evaluations),
            "operating_points": {
                part: points.as_answered for part, points in model.operating_points.items()
            },
            "start": None if model.start is None else asdict(model.start),
            "machine": None if model.machine is None else asdict(model.machine),
        },
        arrays=arrays,
        tables={"history": _history_table(model), "layers": _layer_table(model)},
        card=model_card(model),
    )
    write_bundle(Path(path), bundle, force=force)


def load_traits(path: AnyPath) -> TraitsModel:
    """Read a traits model from a directory.

    Raises
    ------
    InputError
        If it is not a traits model that this version can read.

    Examples
    --------
    >>> import tempfile
    >>> from lacunar import fit_traits, read_dataset
    >>> from lacunar.datasets import sample_people, write_people
    >>> config = TraitsConfig(height=40, width=24, folds=0, max_epochs=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_people(sample_people(n_train=12, n_test=4), Path(folder))
    ...     model = fit_traits(read_dataset(folder), config, cache_dir=Path(folder, "cache"))
    ...     save_traits(model, Path(folder) / "model")
    ...     load_traits(Path(folder) / "model").schema.names[:2]
    ('gender', 'torso_type')
    """
    path = Path(path)
    bundle = read_bundle(path, kind=KIND)
    facts, arrays = bundle.facts, bundle.arrays
    try:
        schema = Schema.from_dict(facts["schema"])
        return TraitsModel(
            config=TraitsConfig.model_validate(bundle.config),
            schema=schema,
            fingerprint=bundle.fingerprint,
            states=_read_states(arrays, facts["networks"]),
            layers=_read_layers(bundle.tables["layers"]),
            histories=_read_histories(bundle.tables["history"], schema, facts["judges"]),
            intake={part: Intake(**fact) for part, fact in facts["intake"].items()},
            counts={part: _read_counts(arrays, part, schema) for part in facts["counted"]},
            evaluations={
                part: _read_evaluation(arrays, part, schema) for part in facts["evaluated"]
            },
            confidences={
                part: tuple(map(Confidence.from_dict, found))
                for part, found in facts["confidences"].items()
            },
            out_of_fold=OutOfFold(
                tuple(arrays[f"{_LEFT_OUT}{i}"] for i in range(len(schema.attributes))),
                facts["networks"],
            ),
            calibrator=Calibrator(arrays[_TEMPERATURES], tuple(facts["thresholds"])),
            versions=facts["versions"],
            # Older models lack these.
            operating_points={
                part: OperatingPoints(
                    tuple(arrays[f"points.{part}.taus"].tolist()),
                    as_answered,
                    arrays[f"points.{part}.figures"],
                )
                for part, as_answered in facts.get("operating_points", {}).items()
            },
            start=_read_start(facts.get("start")),
            machine=Machine(**facts["machine"]) if facts.get("machine") else None,
        )
    except UNFIT as error:
        first = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{path}: expected a whole traits model, got: {first}") from error


def _evaluation_arrays(part: str, found: Evaluation) -> dict[str, NDArray[Any]]:
    confusions = {
        f"confusion.{part}.{position}": confusion
        for position, confusion in enumerate(found.confusions)
    }
    return confusions | {
        f"unknown.{part}": found.unknown,
        f"largest.{part}": found.largest,
        f"intervals.{part}": found.intervals,
    }


def _read_evaluation(arrays: Arrays, part: str, schema: Schema) -> Evaluation:
    return Evaluation(
        schema=schema,
        confusions=tuple(
            arrays[f"confusion.{part}.{position}"] for position in range(len(schema.attributes))
        ),
        unknown=arrays[f"unknown.{part}"],
        largest=arrays[f"largest.{part}"],
        intervals=arrays[f"intervals.{part}"],
    )


def _read_counts(arrays: Arrays, part: str, schema: Schema) -> LabelCounts:
    return tuple(arrays[f"counts.{part}.{position}"] for position in range(len(schema.attributes)))


def _history_table(model: TraitsModel) -> pa.Table:
    """A row per network, epoch, part and attribute; without attribute, the total loss."""
    rows = []
    epochs = [(member, row) for member, rows_ in enumerate(model.histories) for row in rows_]
    for member, epoch in epochs:
        for part in _PARTS:
            score: Score = getattr(epoch, part)
            head = {"network": member, "epoch": epoch.epoch, "part": part}
            rows.append({**head, "loss": score.loss})
            rows += [
                {**head, "attribute": name, "loss": loss, "accuracy": score.accuracies[name]}
                for name, loss in score.losses.items()
            ]
    return pa.Table.from_pylist(rows, schema=_HISTORY)


def _read_states(arrays: Arrays, networks: int) -> tuple[Arrays, ...]:
    if networks > len(arrays):
        raise ValueError(f"{networks} networks of {len(arrays)} arrays")
    prefixes = [f"{_NETWORK}{member}." for member in range(networks)]
    return tuple(
        {
            name.removeprefix(prefix): array
            for name, array in arrays.items()
            if name.startswith(prefix)
        }
        for prefix in prefixes
    )


def _read_histories(
    table: pa.Table, schema: Schema, networks: int
) -> tuple[tuple[Epoch, ...], ...]:
    if networks > table.num_rows + 1:
        raise ValueError(f"{networks} histories of {table.num_rows} rows")
    return tuple(
        _read_history(table.filter(pc.equal(table["network"], member)), schema)
        for member in range(networks)
    )


def _read_history(table: pa.Table, schema: Schema) -> tuple[Epoch, ...]:
    found: dict[tuple[int, str, str | None], dict[str, Any]] = {
        (row["epoch"], row["part"], row["attribute"]): row for row in table.to_pylist()
    }

    def score(epoch: int, part: str) -> Score:
        by_name = {name: found[epoch, part, name] for name in schema.names}
        return Score(
            loss=found[epoch, part, None]["loss"],
            losses={name: row["loss"] for name, row in by_name.items()},
            accuracies={name: row["accuracy"] for name, row in by_name.items()},
        )

    last = max((epoch for epoch, _, _ in found), default=0)
    return tuple(
        Epoch(epoch, score(epoch, "train"), score(epoch, "validation"))
        for epoch in range(1, last + 1)
    )


def _layer_table(model: TraitsModel) -> pa.Table:
    return pa.table(
        {
            "name": pa.array([layer.name for layer in model.layers], pa.string()),
            "kind": pa.array([layer.kind for layer in model.layers], pa.string()),
            "output_shape": pa.array(
                [np.array(layer.output_shape) for layer in model.layers], pa.list_(pa.int64())
            ),
            "parameters": pa.array([layer.parameters for layer in model.layers], pa.int64()),
        }
    )


def _read_layers(table: pa.Table) -> tuple[Layer, ...]:
    return tuple(
        Layer(row["name"], row["kind"], tuple(row["output_shape"]), row["parameters"])
        for row in table.to_pylist()
    )


def _read_start(fact: Mapping[str, Any] | None) -> Start | None:
    if fact is None:
        return None
    return Start(fact["name"], fact["digest"], tuple(fact["attributes"]))
