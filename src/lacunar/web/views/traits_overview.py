"""View of a traits model: its training data and its scores."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lacunar.report.tables import Table, count, percent_of, ratio, table
from lacunar.report.traits.confidence import confidence
from lacunar.report.traits.labels import labels_of_parts
from lacunar.report.traits.page import summary
from lacunar.report.traits.scores import confusions, scores
from lacunar.report.traits.words import of_split, reported_split, spoken
from lacunar.traits.model import TraitsModel
from lacunar.traits.predict.predictor import Predictor

Context = dict[str, object]


@dataclass(frozen=True, slots=True)
class OutputView:
    """Scores of one attribute.

    Parameters
    ----------
    name : str
        Name in the schema.
    spoken : str
        Name as readable text.
    confusion, trust, labels : dict
        Variables of the macros of ``traits_outputs.html``.
    """

    name: str
    spoken: str
    confusion: Context
    trust: Context
    labels: Context


@dataclass(frozen=True, slots=True)
class Overview:
    """Training data and scores of a model.

    Parameters
    ----------
    part : str
        Split of the scored images, as an adjective.
    summary, scores, confidence : dict
        See the functions of the same name in :mod:`lacunar.report`.
    gaps : Table
        Unknown labels of each attribute.
    outputs : tuple of OutputView
    """

    part: str
    summary: Context
    scores: Context
    confidence: Context
    gaps: Table
    outputs: tuple[OutputView, ...]


class TraitsViews:
    """Views of a traits model, drawn on first use and then cached.

    Parameters
    ----------
    model : TraitsModel, optional
        None for an ONNX file.
    """

    def __init__(self, model: TraitsModel | None) -> None:
        self._model = model

    @cached_property
    def overview(self) -> Overview | None:
        """All scores of the model; None without a model."""
        return None if self._model is None else overview(self._model)


def overview(model: TraitsModel) -> Overview:
    """Draw every figure of a model; this takes some time."""
    part = reported_split(model)
    confused = _outputs(confusions(model))
    trust = confidence(model.confidences[part], part)
    columns = zip(
        model.schema.names, confused, _outputs(trust), labels_of_parts(model), strict=True
    )
    return Overview(
        part=part,
        summary=summary(model),
        scores=scores(model),
        confidence=trust,
        gaps=_gaps(model),
        outputs=tuple(OutputView(name, spoken(name), *views) for name, *views in columns),
    )


def answers_table(predictor: Predictor) -> Table:
    """Attributes of a model, with their classes and thresholds."""
    return table(
        "What it tells",
        ["Attribute", "Classes", "Their names", "Kept back under"],
        [
            (
                spoken(attribute.name),
                count(len(attribute.classes)),
                ", ".join(attribute.classes),
                "always" if threshold is None else ratio(threshold),
            )
            for attribute, threshold in zip(
                predictor.schema.attributes, predictor.thresholds, strict=True
            )
        ],
        text_columns=(2,),
    )


def _gaps(model: TraitsModel) -> Table:
    parts = {of_split(part): counts for part, counts in model.counts.items()}
    return table(
        "Labels that nobody has told",
        ["Attribute", *(f"{part.capitalize()} images" for part in parts)],
        [
            (spoken(name), *(_unknown(counts[position]) for counts in parts.values()))
            for position, name in enumerate(model.schema.names)
        ],
    )


def _unknown(counted: NDArray[np.int64]) -> str:
    unknown, total = int(counted[0]), int(counted.sum())
    return f"{count(unknown)} of {count(total)} ({percent_of(unknown, total)})"


def _outputs(context: Context) -> list[Context]:
    outputs = context["outputs"]
    assert isinstance(outputs, list)
    return outputs
