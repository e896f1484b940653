"""The JSON document on the confidence of a model's answers.

Keys may be added here, never renamed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast, get_args

from lacunar.traits.confidence import Confidence
from lacunar.traits.documents import ConfidenceDocument, ConfidenceFigures, Measure


def describe_confidence(found: Sequence[Confidence]) -> ConfidenceDocument:
    """Calibration and abstention of every attribute, and their means over the attributes.

    ``ece`` is over bins of about the same number of answers, ``ece_width_10`` and
    ``ece_width_15`` over bins of the same width; ``ece_chance`` is what chance alone gives to
    answers that keep their word. Keys that end in ``_before`` are without the temperature.
    ``threshold`` is null where every answer is kept back; a figure is null where no label is
    known, and a mean is over the attributes where it is not.

    Examples
    --------
    >>> describe_confidence([])["mean"]["ece"] is None
    True
    """
    outputs = {one.name: _figures(one) for one in found}
    return {
        "outputs": {
            one.name: {
                **outputs[one.name],
                "temperature": one.temperature,
                "threshold": one.threshold,
                "known": one.known,
                "unknown": one.unknown,
            }
            for one in found
        },
        "mean": _means(list(outputs.values())),
    }


def _figures(one: Confidence) -> ConfidenceFigures:
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
