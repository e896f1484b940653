"""Calibration and abstention metrics of each attribute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter

from lacunar.aliases import none_if_nan
from lacunar.reprs import short_repr
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
    """Calibration metrics; None if no label is known.

    Parameters
    ----------
    ece : float or None
        Expected calibration error over ``bins``, each with about the same number of predictions.
    ece_chance, ece_chance_high : float or None
        Expected calibration error of perfectly calibrated probabilities, from chance alone: the
        mean, and the 95 % quantile. See
        :func:`lacunar.traits.confidence.reliability.chance_error`.
    ece_width_10, ece_width_15 : float or None
        Expected calibration error over 10 and 15 bins of the same width, for comparison with
        published values.
    brier, loss : float or None
        Brier score from 0 to 2; mean negative log-likelihood in nats.
    confidence : float or None
        Mean probability of the predicted classes.
    bins : tuple of ReliabilityBin
    histogram : tuple of int
        Number of predictions in each of 20 equal intervals of confidence.
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

    def __repr__(self) -> str:
        error = "no known labels" if self.ece is None else f"calibration error {self.ece:.3f}"
        return short_repr("Calibration", [error])


@dataclass(frozen=True, slots=True)
class CoveragePoint:
    """Number, share and accuracy of the predictions with at least a given confidence."""

    threshold: float
    kept: int
    coverage: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Confidence:
    """Calibration and abstention of one attribute.

    Parameters
    ----------
    name : str
        Name of the attribute.
    known, unknown : int
        Number of images with a known and an unknown label.
    temperature : float
    threshold : float or None
        The model abstains below this confidence; it always abstains if None.
    before, after : Calibration
        Without and with the temperature.
    accuracy, accuracy_at_80 : float or None
        Accuracy of all predictions, and of the most confident 80 %.
    coverage, kept_accuracy : float or None
        Share of the predictions that reach the threshold, and their accuracy.
    aurc : float or None
        Area under the risk-coverage curve.
    curve : tuple of CoveragePoint
        At most 100 points, the highest confidence first.
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

    def __repr__(self) -> str:
        error = "" if self.after.ece is None else f"calibration error {self.after.ece:.3f}"
        threshold = "none" if self.threshold is None else f"{self.threshold:.3f}"
        facts = [self.name, f"{self.known:,} known labels", error, f"threshold {threshold}"]
        return short_repr("Confidence", filter(None, facts))

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types, for :meth:`from_dict`."""
        document: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return document

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Confidence:
        """Read the result of :meth:`to_dict`.

        Raises
        ------
        ValueError
            If the document does not have this form.
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
    """Measure calibration and abstention of predictions with known labels.

    Parameters
    ----------
    schema : Schema
        A attributes of C_a classes.
    labels : int64 array of shape (N, A)
        -1 where unknown.
    before, after : sequence of A float64 arrays of shape (N, C_a)
        Probabilities without and with the temperatures.
    temperatures : sequence of A float
    thresholds : sequence of A float or None
        See :func:`lacunar.traits.confidence.selective.choose_threshold`.
    seed : int
        Seed of the resampling for ``ece_chance``.

    Returns
    -------
    tuple of A Confidence

    Examples
    --------
    >>> from lacunar.traits.data.schema import Attribute
    >>> schema = Schema((Attribute("coat", ("open", "closed")),), image_column="file")
    >>> probabilities = [np.array([[0.75, 0.25], [0.5, 0.5]])]
    >>> labels = np.array([[0], [1]])
    >>> (coat,) = measure_confidence(
    ...     schema, labels, probabilities, probabilities, [1.0], [0.6]
    ... )
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
    """At most 100 points at even distances, with those at the threshold and at 80 %."""
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
