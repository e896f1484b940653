"""JSON documents of evaluations and fits, as plain types.

Keys may be added here, never renamed.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import cast, get_args

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import none_if_nan
from lacunar.traits.confidence.measures import Confidence
from lacunar.traits.data.label_counts import LabelCounts
from lacunar.traits.data.schema import Attribute, Schema
from lacunar.traits.environment import Machine
from lacunar.traits.evaluate.evaluation import LEVEL, Evaluation
from lacunar.traits.evaluate.metrics import class_table
from lacunar.traits.evaluate.operating_points import OperatingPoints
from lacunar.traits.json_schema import (
    AttributeEvaluation,
    ClassFigures,
    ConfidenceDocument,
    ConfidenceFigures,
    CountsDocument,
    EvaluationDocument,
    Figures,
    FitDocument,
    Intervals,
    MachineDocument,
    Measure,
    OperatingPointsDocument,
    StartDocument,
)
from lacunar.traits.model import TraitsModel
from lacunar.traits.networks.pretrained import Start
from lacunar.traits.training.history import common_epoch, kept_epoch


def evaluation_document(evaluation: Evaluation) -> EvaluationDocument:
    """Make the document of an evaluation: scores of each attribute and their mean.

    Scores are null if no label is known. ``macro_f1`` is over the classes present in the labels,
    ``macro_f1_all`` over all classes. ``largest_class`` has the same scores for always predicting
    the largest class of the training labels, ``intervals`` the ends of 95 % bootstrap intervals.
    """
    scores, baseline = evaluation.scores, evaluation.baseline
    outputs: dict[str, AttributeEvaluation] = {
        attribute.name: {
            **_figures(scores[position]),
            "known": int(confusion.sum()),
            "unknown": int(evaluation.unknown[position]),
            "confusion": confusion.tolist(),
            "intervals": _intervals(evaluation.intervals[position]),
            "largest_class": {
                "label": attribute.classes[evaluation.largest[position]],
                **_figures(baseline[position]),
            },
            "classes": _classes(attribute, confusion),
        }
        for position, (attribute, confusion) in enumerate(
            zip(evaluation.schema.attributes, evaluation.confusions, strict=True)
        )
    }
    return {
        "outputs": outputs,
        "mean": {
            **_figures(scores[-1]),
            "intervals": _intervals(evaluation.intervals[-1]),
            "largest_class": _figures(baseline[-1]),
        },
        "interval_level": LEVEL,
    }


def fit_document(model: TraitsModel) -> FitDocument:
    """Make the document of a fit: training, label counts, evaluations, operating points."""
    kept = [kept_epoch(history, model.config) for history in model.histories]
    return {
        "preset": model.config.preset,
        "start": None if model.start is None else _start(model.start),
        "machine": None if model.machine is None else _machine(model.machine),
        "networks": len(model.states),
        "judges": len(model.histories),
        "epochs": len(model.history),
        "kept_epoch": common_epoch(model.histories, model.config),
        "validation_loss": fmean(epoch.validation.loss for epoch in kept),
        "intake": {
            part: {"rows": read.rows, "repeated": read.repeated, "unknown": dict(read.unknown)}
            for part, read in model.intake.items()
        },
        "counts": {
            part: counts_document(model.schema, counts) for part, counts in model.counts.items()
        },
        "evaluations": {
            part: evaluation_document(evaluation) for part, evaluation in model.evaluations.items()
        },
        "confidences": {
            part: confidence_document(confidence) for part, confidence in model.confidences.items()
        },
        "operating_points": {
            part: operating_points_document(model.schema, points)
            for part, points in model.operating_points.items()
        },
    }


def operating_points_document(schema: Schema, points: OperatingPoints) -> OperatingPointsDocument:
    """Make the document of operating points, which favour rare classes more if ``tau`` is higher.

    ``as_answered`` is the ``tau`` of the model's own predictions.
    """
    rows = [[_figures(row) for row in scores] for scores in points.scores]
    return {
        "as_answered": points.as_answered,
        "points": [
            {
                "tau": tau,
                "outputs": dict(zip(schema.names, figures[:-1], strict=True)),
                "mean": figures[-1],
            }
            for tau, figures in zip(points.taus, rows, strict=True)
        ],
    }


def counts_document(schema: Schema, counts: LabelCounts) -> CountsDocument:
    """Make the document of label counts: unknown labels and labels of each class.

    Examples
    --------
    >>> schema = Schema((Attribute("coat", ("open", "closed")),), image_column="file")
    >>> counts_document(schema, (np.array([1, 2, 3]),))
    {'coat': {'unknown': 1, 'classes': {'open': 2, 'closed': 3}}}
    """
    return {
        attribute.name: {
            "unknown": int(count[0]),
            "classes": dict(zip(attribute.classes, count[1:].tolist(), strict=True)),
        }
        for attribute, count in zip(schema.attributes, counts, strict=True)
    }


def _start(start: Start) -> StartDocument:
    return {
        "name": start.name,
        "digest": start.digest,
        "attributes": list(start.attributes),
    }


def _machine(machine: Machine) -> MachineDocument:
    return {
        "device": machine.device,
        "precision": machine.precision,
        "processes": machine.processes,
    }


def _figures(values: NDArray[np.float64]) -> Figures:
    accuracy, macro_f1, macro_f1_all, balanced = map(none_if_nan, values.tolist())
    return {
        "accuracy": accuracy,
        "macro_f1": macro_f1,
        "macro_f1_all": macro_f1_all,
        "balanced_accuracy": balanced,
    }


def _intervals(ends: NDArray[np.float64]) -> Intervals:
    accuracy, macro_f1, macro_f1_all, balanced = (
        [none_if_nan(low), none_if_nan(high)] for low, high in ends.tolist()
    )
    return {
        "accuracy": accuracy,
        "macro_f1": macro_f1,
        "macro_f1_all": macro_f1_all,
        "balanced_accuracy": balanced,
    }


def _classes(attribute: Attribute, confusion: NDArray[np.int64]) -> list[ClassFigures]:
    table = class_table(confusion)
    return [
        {
            "label": name,
            "precision": float(table.precision[position]),
            "recall": float(table.recall[position]),
            "f1": float(table.f1[position]),
            "support": int(table.support[position]),
        }
        for position, name in enumerate(attribute.classes)
    ]


def confidence_document(confidences: Sequence[Confidence]) -> ConfidenceDocument:
    """Make the document of calibration and abstention: each attribute, and the means.

    ``ece`` is over bins with about the same number of predictions, ``ece_width_10`` and
    ``ece_width_15`` over bins of the same width. ``ece_chance`` is the error of perfectly
    calibrated probabilities, from chance alone. Keys that end in ``_before`` are without the
    temperature. ``threshold`` is null if the model always abstains. A value is null if no label is
    known; means are over the attributes with values.

    Examples
    --------
    >>> confidence_document([])["mean"]["ece"] is None
    True
    """
    outputs = {one.name: _confidence_figures(one) for one in confidences}
    return {
        "outputs": {
            one.name: {
                **outputs[one.name],
                "temperature": one.temperature,
                "threshold": one.threshold,
                "known": one.known,
                "unknown": one.unknown,
            }
            for one in confidences
        },
        "mean": _means(list(outputs.values())),
    }


def _confidence_figures(one: Confidence) -> ConfidenceFigures:
    return {
        "ece": one.after.ece,
        "ece_before": one.before.ece,
        "ece_chance": one.after.ece_chance,
        "ece_width_10": one.after.ece_width_10,
        "ece_width_10_before": one.before.ece_width_10,
        "ece_width_15": one.after.ece_width_15,
        "ece_width_15_before": one.before.ece_width_15,
        "brier": one.after.brier,
        "brier_before": one.before.brier,
        "loss": one.after.loss,
        "loss_before": one.before.loss,
        "accuracy": one.accuracy,
        "accuracy_at_80": one.accuracy_at_80,
        "coverage": one.coverage,
        "kept_accuracy": one.kept_accuracy,
        "aurc": one.aurc,
    }


def _means(outputs: Sequence[ConfidenceFigures]) -> ConfidenceFigures:
    keys: tuple[Measure, ...] = get_args(Measure)
    means = {key: _mean([figures[key] for figures in outputs]) for key in keys}
    return cast(ConfidenceFigures, means)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
