"""What is known of the confidence of a model's answers, attribute by attribute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter

from lacunar.aliases import none_if_nan
from lacunar.traits.confidence.reliability import (
    ReliabilityBin,
    brier_score,
    calibration_error,
    chance_error,
    mass_bins,
    mean_loss,
    top_answers,
    width_bins,
)
from lacunar.traits.confidence.selective import (
    USUAL_COVERAGE,
    RiskCoverage,
    abstains,
    accuracy_at,
    area_under_risk,
    position_at,
    risk_coverage,
)
from lacunar.traits.data.schema import Schema

_MOST_POINTS = 100
_TWENTIETHS = 20


@dataclass(frozen=True, slots=True)
class Calibration:
    """How well probabilities keep their word; None where no label is known.

    Parameters
    ----------
    ece : float or None
        Over ``bins``, which hold about the same number of answers each.
    ece_chance, ece_chance_high : float or None
        What chance alone gives answers which keep their word, on average and at most in 19 of 20
        cases; see :func:`lacunar.traits.confidence.reliability.chance_error`.
    ece_width_10, ece_width_15 : float or None
        Over 10 and 15 bins of the same width, as others report it.
    brier, loss : float or None
        Brier score from 0 to 2; mean negative log-likelihood in nats.
    confidence : float or None
        Mean probability of the answers.
    bins : tuple of ReliabilityBin
    histogram : tuple of int
        Answers in each twentieth of the confidences from 0 to 1.
    """

    ece: float | None
    ece_chance: float | None
    ece_chance_high: float | None
    ece_width_10: float | None
    ece_width_15: float | None
    brier: float | None
    loss: float | None
    confidence: float | None
    bins: tuple[ReliabilityBin, ...]
    histogram: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CoveragePoint:
    """The answers of at least some confidence: how many, which share of all, how often right."""

    threshold: float
    kept: int
    coverage: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Confidence:
    """What is known of the confidence of an attribute's answers.

    Parameters
    ----------
    name : str
        Of the attribute.
    known, unknown : int
        Images with and without a label.
    temperature : float
    threshold : float or None
        Answers of less confidence are kept back; None where all are.
    before, after : Calibration
        Without and with the temperature.
    accuracy, accuracy_at_80 : float or None
        Of all answers, and of the surest 80 %.
    coverage, kept_accuracy : float or None
        Share of the answers that the threshold keeps, and how many of them are right.
    aurc : float or None
        Area under the curve of risk and coverage.
    curve : tuple of CoveragePoint
        At most 100, the surest answers first.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    known: int
    unknown: int
    temperature: float
    threshold: float | None
    before: Calibration
    after: Calibration
    accuracy: float | None
    accuracy_at_80: float | None
    coverage: float | None
    kept_accuracy: float | None
    aurc: float | None
    curve: tuple[CoveragePoint, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`from_dict` reads, as JSON would hold it."""
        document: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return document

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Confidence:
        """Read what :meth:`to_dict` returned.

        Raises
        ------
        ValueError
            If the document is another.
        """
        return _ADAPTER.validate_python(dict(document))


def measure_confidence(
    schema: Schema,
    labels: NDArray[np.int64],
    before: Sequence[NDArray[np.float64]],
    after: Sequence[NDArray[np.float64]],
    temperatures: Sequence[float] | NDArray[np.float64],
    thresholds: Sequence[float | None],
    *,
    seed: int = 0,
) -> tuple[Confidence, ...]:
    """Measure probabilities before and after calibration against the labels that are known.

    Parameters
    ----------
    schema : Schema
        A attributes of C_a classes.
    labels : int64 array of shape (N, A)
        -1 where unknown.
    before, after : sequence of A float64 arrays of shape (N, C_a)
    temperatures : sequence of A float
    thresholds : sequence of A float or None
        See :func:`lacunar.traits.confidence.selective.choose_threshold`.
    seed : int
        Of the draws that tell what chance alone gives.

    Examples
    --------
    >>> from lacunar.traits.data.schema import Attribute
    >>> schema = Schema((Attribute("coat", ("open", "closed")),), image_column="file")
    >>> found = [np.array([[0.75, 0.25], [0.5, 0.5]])]
    >>> labels = np.array([[0], [1]])
    >>> (coat,) = measure_confidence(schema, labels, found, found, [1.0], [0.6])
    >>> coat.coverage, coat.kept_accuracy, coat.after.ece
    (0.5, 1.0, 0.125)
    """
    return tuple(
        _measure(
            name, labels[:, i], before[i], after[i], float(temperatures[i]), thresholds[i], seed
        )
        for i, name in enumerate(schema.names)
    )


def _measure(
    name: str,
    labels: NDArray[np.int64],
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    temperature: float,
    threshold: float | None,
    seed: int,
) -> Confidence:
    confidence, correct = top_answers(after, labels)
    kept = ~abstains(confidence, threshold)
    curve = risk_coverage(confidence, correct)
    known = len(confidence)
    return Confidence(
        name=name,
        known=known,
        unknown=len(labels) - known,
        temperature=temperature,
        threshold=threshold,
        before=_calibration(before, labels, seed),
        after=_calibration(after, labels, seed),
        accuracy=float(correct.mean()) if known else None,
        accuracy_at_80=none_if_nan(accuracy_at(curve, USUAL_COVERAGE)),
        coverage=float(kept.mean()) if known else None,
        kept_accuracy=float(correct[kept].mean()) if kept.any() else None,
        aurc=none_if_nan(area_under_risk(curve)),
        curve=_thinned(curve, int(kept.sum())),
    )


def _calibration(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64], seed: int
) -> Calibration:
    confidence, correct = top_answers(probabilities, labels)
    bins = mass_bins(confidence, correct)
    mean, high = chance_error(confidence, seed=seed)
    return Calibration(
        ece=none_if_nan(calibration_error(bins)),
        ece_chance=none_if_nan(mean),
        ece_chance_high=none_if_nan(high),
        ece_width_10=none_if_nan(calibration_error(width_bins(confidence, correct, 10))),
        ece_width_15=none_if_nan(calibration_error(width_bins(confidence, correct, 15))),
        brier=none_if_nan(brier_score(probabilities, labels)),
        loss=none_if_nan(mean_loss(probabilities, labels)),
        confidence=float(confidence.mean()) if len(confidence) else None,
        bins=bins,
        histogram=tuple(np.histogram(confidence, _TWENTIETHS, (0, 1))[0].tolist()),
    )


def _thinned(curve: RiskCoverage, kept: int) -> tuple[CoveragePoint, ...]:
    """Points spread evenly, those at the threshold and at 80 % certainly among them."""
    n = len(curve.kept)
    if not n:
        return ()
    positions = {int(i) for i in np.linspace(0, n - 1, min(n, _MOST_POINTS - 2)).round()}
    positions.add(position_at(curve, USUAL_COVERAGE))
    if kept:
        positions.add(int(np.searchsorted(curve.kept, kept)))
    coverage, accuracy = curve.coverage, curve.accuracy
    return tuple(
        CoveragePoint(
            float(curve.thresholds[i]), int(curve.kept[i]), float(coverage[i]), float(accuracy[i])
        )
        for i in sorted(positions)
    )


_ADAPTER = TypeAdapter(Confidence)
