"""Selective classification: risk-coverage curves and abstention thresholds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from lacunar.errors import InputError
from lacunar.traits.confidence.reliability import top_answers

USUAL_COVERAGE = 0.8


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """Accuracy of the most confident predictions, for every number of predictions kept.

    Parameters
    ----------
    thresholds : float64 array of shape (K,)
        Lowest confidence that is kept, descending; equal confidences are kept together.
    kept : int64 array of shape (K,)
        Predictions of that confidence or more, ascending to N.
    right : int64 array of shape (K,)
        Number of correct ones among them.
    """

    thresholds: NDArray[np.float64]
    kept: NDArray[np.int64]
    right: NDArray[np.int64]

    @property
    def coverage(self) -> NDArray[np.float64]:
        """Share of all predictions that are kept, shape (K,), up to 1."""
        return self.kept / self.kept[-1:]

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """Accuracy of the kept predictions, shape (K,); 1 minus the risk."""
        return self.right / self.kept


def risk_coverage(confidence: NDArray[np.float64], correct: NDArray[np.bool_]) -> RiskCoverage:
    """Compute the risk-coverage curve.

    El-Yaniv and Wiener, On the foundations of noise-free selective classification, 2010.

    Parameters
    ----------
    confidence : float64 array of shape (N,)
    correct : bool array of shape (N,)

    Examples
    --------
    >>> curve = risk_coverage(np.array([0.9, 0.6, 0.6, 0.5]), np.array([True, True, False, False]))
    >>> curve.coverage.tolist(), curve.accuracy.round(3).tolist()
    ([0.25, 0.75, 1.0], [1.0, 0.667, 0.5])
    """
    values, which = np.unique(confidence, return_inverse=True)
    kept = np.bincount(which, minlength=len(values))[::-1].cumsum()
    right = np.bincount(which[correct], minlength=len(values))[::-1].cumsum()
    return RiskCoverage(values[::-1], kept, right)


def area_under_risk(curve: RiskCoverage) -> float:
    """Area under the risk-coverage curve (AURC), lower is better; NaN without predictions.

    Geifman et al., Bias-reduced uncertainty estimation for deep neural classifiers, 2019.
    Predictions of the same confidence all count with the risk of keeping all of them.

    Examples
    --------
    >>> right = np.array([True, False])
    >>> area_under_risk(risk_coverage(np.array([0.9, 0.6]), right))
    0.25
    """
    if not len(curve.kept):
        return math.nan
    steps = np.diff(curve.coverage, prepend=0)
    return float(steps @ (1 - curve.accuracy))


def accuracy_at(curve: RiskCoverage, coverage: float) -> float:
    """Accuracy of the most confident share of the predictions; NaN without predictions.

    Examples
    --------
    >>> curve = risk_coverage(np.array([0.9, 0.8, 0.7, 0.6]), np.array([1, 1, 1, 0], np.bool_))
    >>> accuracy_at(curve, 0.5), accuracy_at(curve, 1)
    (1.0, 0.75)
    """
    return float(curve.accuracy[position_at(curve, coverage)]) if len(curve.kept) else math.nan


def position_at(curve: RiskCoverage, coverage: float) -> int:
    """First position on a curve where at least this share is kept."""
    # The tolerance absorbs rounding: 0.8 * 5 is four predictions.
    return int(np.searchsorted(curve.kept, coverage * int(curve.kept[-1]) - 1e-9))


def choose_threshold(
    confidence: NDArray[np.float64],
    correct: NDArray[np.bool_],
    wanted_accuracy: float | None = None,
    *,
    sure: float | None = None,
) -> float | None:
    """Choose the lowest confidence above which the predictions are accurate enough.

    Parameters
    ----------
    confidence : float64 array of shape (N,)
        Calibrated, of images that the network was not trained on.
    correct : bool array of shape (N,)
    wanted_accuracy : float, optional
        From 0 to 1. By default the accuracy of the most confident 80 %: it can always be reached,
        by an attribute with an accuracy of 0.6 as well as by one of 0.9.
    sure : float, optional
        Confidence level, above 0 and below 1; ignored without ``wanted_accuracy``. The lower end of
        the one-sided Clopper-Pearson interval of this level must reach the wanted accuracy. The
        accuracy alone may be luck if only few predictions are kept. The interval is that of a
        single threshold; it is not corrected for the number of thresholds compared.

    Returns
    -------
    float or None
        The model abstains below it, and never at 0. None, which means always, if no threshold
        reaches the accuracy. See :func:`abstains`.

    Raises
    ------
    InputError
        If ``wanted_accuracy`` or ``sure`` is out of range.

    Examples
    --------
    >>> confidence = np.array([0.9, 0.8, 0.7, 0.6])
    >>> correct = np.array([True, True, True, False])
    >>> choose_threshold(confidence, correct, 0.9), choose_threshold(confidence, correct, 0.7)
    (0.7, 0.0)
    >>> choose_threshold(confidence, correct, 0.9, sure=0.9) is None
    True
    """
    if wanted_accuracy is not None and not 0 <= wanted_accuracy <= 1:
        raise InputError(
            f"expected a number from 0 to 1, got {wanted_accuracy}", field="wanted_accuracy"
        )
    if sure is not None and not 0 < sure < 1:
        raise InputError(f"expected a number above 0 and below 1, got {sure}", field="sure")
    curve = risk_coverage(confidence, correct)
    if not len(curve.kept):
        return None
    if wanted_accuracy is None:
        wanted_accuracy, sure = accuracy_at(curve, USUAL_COVERAGE), None
    reached = curve.accuracy if sure is None else _lower_end(curve.right, curve.kept, sure)
    enough = np.flatnonzero(reached >= wanted_accuracy)
    if not len(enough):
        return None
    last = int(enough[-1])
    return 0.0 if last == len(curve.kept) - 1 else float(curve.thresholds[last])


def choose_thresholds(
    probabilities: Sequence[NDArray[np.float64]],
    labels: NDArray[np.int64],
    wanted_accuracy: float | None = None,
    *,
    sure: float | None = None,
) -> tuple[float | None, ...]:
    """Choose a threshold for each attribute; see :func:`choose_threshold`.

    Parameters
    ----------
    probabilities : sequence of A float64 arrays of shape (N, C_a)
        Calibrated, of images that the network was not trained on.
    labels : int64 array of shape (N, A)
        -1 where unknown; these are ignored.
    wanted_accuracy, sure : float, optional
        See :func:`choose_threshold`.

    Examples
    --------
    >>> output = np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]])
    >>> choose_thresholds([output], np.array([[0], [0], [-1]]), 1.0)
    (0.9,)
    """
    pairs = zip(probabilities, labels.T, strict=True)
    return tuple(
        choose_threshold(*top_answers(output, column), wanted_accuracy, sure=sure)
        for output, column in pairs
    )


def abstains(confidence: NDArray[np.float64], threshold: float | None) -> NDArray[np.bool_]:
    """Find predictions to abstain on: below the threshold, or all if it is None.

    Examples
    --------
    >>> abstains(np.array([0.5, 0.7]), 0.7).tolist(), abstains(np.array([1.0]), None).tolist()
    ([True, False], [True])
    """
    return confidence < (np.inf if threshold is None else threshold)


def _lower_end(
    right: NDArray[np.int64], kept: NDArray[np.int64], sure: float
) -> NDArray[np.float64]:
    # The formula is undefined if no prediction is correct; the lower end is 0 then.
    return np.where(right > 0, betaincinv(np.maximum(right, 1), kept - right + 1, 1 - sure), 0.0)
