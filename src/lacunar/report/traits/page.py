"""The report on a traits model."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lacunar.report.page import Heading, render_page
from lacunar.report.tables import Table, count, percent, ratio, table
from lacunar.report.traits.confidence import confidence
from lacunar.report.traits.contact_sheet import contact_sheet
from lacunar.report.traits.explained import where_it_looks
from lacunar.report.traits.history import training_history
from lacunar.report.traits.labels import labels_of_parts
from lacunar.report.traits.operating_points import operating_points
from lacunar.report.traits.scores import confusions, scores
from lacunar.report.traits.words import anchor, of_split, reported_split, spoken
from lacunar.traits.config import TraitsConfig
from lacunar.traits.model import TraitsModel
from lacunar.traits.predict.explainer import ExplainedImage
from lacunar.traits.training.history import common_epoch, kept_epoch, kept_span

Context = dict[str, object]


def traits_report(
    model: TraitsModel,
    *,
    samples: NDArray[np.uint8] | None = None,
    explained: Sequence[ExplainedImage] = (),
    caveat: str = "",
) -> str:
    """Return a report as a single HTML file; the same model gives the same bytes.

    Parameters
    ----------
    model : TraitsModel
        The page holds images only with ``samples`` or ``explained``.
    samples : uint8 array of shape (n, 1 + moved, H, W, 3), optional
        See :func:`lacunar.traits.predict.training_samples.augmented_samples`.
    explained : sequence of ExplainedImage
        Training images; see :func:`lacunar.traits.predict.explainer.explained_samples`.
    caveat : str
        A note on how the model was made.
    """
    part = reported_split(model)
    return render_page(
        "traits.html",
        title="Traits",
        lead=f"{len(model.schema.names)} attributes of one image each, learned from "
        f"{count(_images(model)['train'])} images with partly unknown labels.",
        contents=_contents(model, samples=samples is not None, explained=bool(explained)),
        caveat=caveat,
        summary=summary(model),
        scores=scores(model),
        points=operating_points(model),
        confidence=confidence(model.confidences[part], part),
        confusions=confusions(model),
        history=training_history(model),
        labels=labels_of_parts(model),
        samples=None if samples is None else _samples(model, samples),
        looks=where_it_looks(model, explained) if explained else None,
        network=_network(model),
        making=_making(model),
    )


def _contents(model: TraitsModel, *, samples: bool, explained: bool) -> tuple[Heading, ...]:
    def per_output(section: str) -> tuple[Heading, ...]:
        names = enumerate(model.schema.names)
        return tuple(Heading(anchor(section, i), spoken(name)) for i, name in names)

    points = [Heading("points", "Rare classes")] * bool(model.operating_points)
    images = [Heading("samples", "Training images")] * samples
    images += [Heading("looks", "Where it looks")] * explained
    return (
        Heading("summary", "Summary"),
        Heading("scores", "Scores"),
        *points,
        Heading("confidence", "Confidence", per_output("confidence")),
        Heading("confusion", "What is taken for what", per_output("confusion")),
        Heading("history", "Training", per_output("history")),
        Heading("labels", "Labels", per_output("labels")),
        *images,
        Heading("network", "Network"),
        Heading("making", "How this was made"),
    )


def _images(model: TraitsModel) -> dict[str, int]:
    return {part: int(counts[0].sum()) for part, counts in model.counts.items()}


def summary(model: TraitsModel) -> Context:
    """Key figures: training data, scores and training time."""
    images, part = _images(model), reported_split(model)
    found = model.evaluations[part]
    cells = sum(int(label.sum()) for counts in model.counts.values() for label in counts)
    unknown = sum(int(label[0]) for counts in model.counts.values() for label in counts)
    kept = kept_epoch(model.history, model.config)
    above = int(np.count_nonzero(found.intervals[:-1, 0, 0] > found.baseline[:-1, 0]))
    read = [
        f"{count(intake.rows)} rows of the {of_split(what)} data"
        + (f", {count(intake.repeated)} of them for an image named before" * bool(intake.repeated))
        for what, intake in model.intake.items()
    ]
    return {
        "figures": [
            *((count(n), f"{of_split(what)} images") for what, n in images.items()),
            (percent(unknown / cells), "of labels unknown"),
            (ratio(float(found.scores[-1, 0])), f"mean accuracy, {part}"),
            (ratio(float(found.scores[-1, 1])), f"mean macro F1, {part}"),
        ],
        "part": part,
        "accuracy_largest": ratio(float(found.baseline[-1, 0])),
        "f1_largest": ratio(float(found.baseline[-1, 1])),
        "above": above,
        "outputs": len(model.schema.names),
        "kept": kept.epoch,
        "epochs": len(model.history),
        "loss": ratio(kept.validation.loss),
        "read": read,
        "patience": model.config.patience if len(model.history) < model.config.max_epochs else 0,
        "one_cycle": not model.config.chooses_epoch,
        "each_kept": kept_span(model.histories, model.config)
        if common_epoch(model.histories, model.config) is None
        else "",
        "networks": len(model.states),
        "judges": len(model.histories),
        "refit": bool(model.config.folds and model.config.refit),
        "start": model.start,
    }


def _samples(model: TraitsModel, samples: NDArray[np.uint8]) -> Context:
    n, moved = len(samples), samples.shape[1] - 1
    ranges = model.config.augmentation
    return {
        "sheet": contact_sheet(
            samples, alt=f"{n} training images, each as it is and moved {moved} times."
        ),
        "n": n,
        "moved": moved,
        "ranges": None
        if ranges is None
        else table(
            "How far an image may be changed",
            ["Change", "At most"],
            [
                ("Rotation", f"±{ranges.rotation:g}°"),
                ("Shift", f"±{100 * ranges.shift:g}\N{NO-BREAK SPACE}% of each side"),
                ("Shear", f"±{ranges.shear:g}°"),
                ("Zoom", f"±{100 * ranges.zoom:g}\N{NO-BREAK SPACE}%, both sides alike"),
                ("Mirrored", "half of the images" if ranges.flip else "never"),
                ("Brightness", f"bent by a power of {_factors(ranges.gamma)}"),
                ("Contrast", f"times {_factors(ranges.contrast)}"),
            ],
            text_columns=(1,),
        ),
    }


def _factors(logarithm: float) -> str:
    if not logarithm:
        return "1, always"
    return f"{math.exp(-logarithm):.2f} to {math.exp(logarithm):.2f}"


def _network(model: TraitsModel) -> Context:
    rows = [
        (layer.name, layer.kind, " x ".join(map(str, layer.output_shape)), count(layer.parameters))
        for layer in model.layers
    ]
    total = sum(layer.parameters for layer in model.layers)
    return {
        "kind": model.config.network,
        "total": count(total),
        "table": table(
            f"{len(rows)} layers",
            ["Layer", "Kind", "Output", "Numbers"],
            [*rows, ("In all", "", "", count(total))],
            text_columns=(1, 2),
        ),
    }


def _making(model: TraitsModel) -> Context:
    config = model.config
    usual = TraitsConfig.of_preset(config.preset).model_dump(mode="json")
    given = {
        name: value
        for name, value in config.model_dump(mode="json").items()
        if value != usual[name]
    }
    changes = [repr(config.preset), *(f"{name}={value!r}" for name, value in given.items())]
    return {
        "config": _settings(config),
        "versions": ", ".join(f"{name} {version}" for name, version in model.versions.items()),
        "seed": config.seed,
        "fingerprint": model.fingerprint,
        "code": f"TraitsConfig.of_preset({', '.join(changes)})",
        "has_test": "test" in model.counts,
    }


def _settings(config: TraitsConfig) -> Table:
    rows: list[tuple[str, str, str]] = []
    for name, field in type(config).model_fields.items():
        value = getattr(config, name)
        if name == "augmentation" and config.augmentation is not None:
            rows += [
                (f"{name}.{inner}", str(getattr(config.augmentation, inner)), of.description or "")
                for inner, of in type(config.augmentation).model_fields.items()
            ]
        else:
            rows.append((name, "none" if value is None else str(value), field.description or ""))
    return table("Settings of the fit", ["Setting", "Value", "Meaning"], rows, text_columns=(1, 2))
