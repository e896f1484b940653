"""Reliability diagrams, calibration error, Brier score and log loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from lacunar.traits.data.schema import UNKNOWN

LEVEL = 0.95
_MOST_BINS = 15
_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Predictions of similar confidence.

    Parameters
    ----------
    confidence : float
        Mean probability of the predicted classes.
    accuracy : float
        Share of the predictions that are correct.
    count : int
    low, high : float
        Ends of the 95 % interval of the accuracy; see :func:`wilson_interval`.
    """

    confidence: float
    accuracy: float
    count: int
    low: float
    high: float


def top_answers(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Confidence and correctness of the predictions with a known label.

    Parameters
    ----------
    probabilities : float64 array of shape (N, C)
    labels : int64 array of shape (N,)
        -1 where unknown.

    Returns
    -------
    confidence : float64 array of shape (n,)
        Probability of the most probable class.
    correct : bool array of shape (n,)

    Examples
    --------
    >>> top_answers(np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]]), np.array([0, 0, -1]))
    (array([0.9, 0.6]), array([ True, False]))
    """
    known = labels != UNKNOWN
    labelled = probabilities[known]
    return labelled.max(axis=1), labelled.argmax(axis=1) == labels[known]


def mass_bins(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], n_bins: int | None = None
) -> tuple[ReliabilityBin, ...]:
    """Group predictions into bins of about the same number, the least confident first.

    Chance adds to the error of a bin, more so in small bins. Among bins of the same width, as in
    :func:`width_bins`, some contain only a few predictions.

    Parameters
    ----------
    confidence : float64 array of shape (N,)
    correct : bool array of shape (N,)
    n_bins : int, optional
        The largest number of bins; by default the cube root of N, at most 15. Equal confidences
        are always in the same bin.

    Examples
    --------
    >>> confidence = np.array([0.5, 0.6, 0.8, 0.9])
    >>> bins = mass_bins(confidence, np.array([True, False, True, True]), 2)
    >>> [(round(one.confidence, 2), one.accuracy) for one in bins]
    [(0.55, 0.5), (0.85, 1.0)]
    """
    n = len(confidence)
    n_bins = n_bins or default_bins(n)
    return _grouped(_mass_positions(confidence, n_bins), confidence, correct)


def width_bins(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], n_bins: int
) -> tuple[ReliabilityBin, ...]:
    """Group predictions into bins of the same width, without empty bins.

    Guo et al., On calibration of modern neural networks, 2017, section 2, with 15 bins.

    Parameters
    ----------
    confidence : float64 array of shape (N,)
    correct : bool array of shape (N,)
    n_bins : int

    Examples
    --------
    >>> [one.count for one in width_bins(np.array([0.5, 0.6, 0.9]), np.ones(3, np.bool_), 2)]
    [1, 2]
    """
    inner = np.linspace(0, 1, n_bins + 1)[1:-1]
    return _grouped(np.searchsorted(inner, confidence), confidence, correct)


def default_bins(n: int) -> int:
    """Default number of bins for N predictions: the cube root of N, from 1 to 15.

    Examples
    --------
    >>> default_bins(196), default_bins(520), default_bins(10**6)
    (5, 8, 15)
    """
    return int(np.clip(np.floor(np.cbrt(n) + 1e-9), 1, _MOST_BINS))


def calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """Expected calibration error (ECE): mean distance of confidence and accuracy over predictions.

    Guo et al., 2017, equation 3; NaN without bins.

    Examples
    --------
    >>> bins = [ReliabilityBin(0.75, 0.5, 10, 0, 1), ReliabilityBin(0.5, 0.5, 10, 0, 1)]
    >>> calibration_error(bins)
    0.125
    """
    total = sum(one.count for one in bins)
    if not total:
        return float("nan")
    return sum(one.count * abs(one.confidence - one.accuracy) for one in bins) / total


def chance_error(
    confidence: NDArray[np.float64],
    n_bins: int | None = None,
    *,
    resamples: int = _RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> tuple[float, float]:
    """Calibration error of perfectly calibrated predictions, from chance alone.

    Correctness is drawn again and again with the probability of each prediction: the consistency
    resampling of Broecker and Smith, Increasing the reliability of reliability diagrams, 2007.

    Parameters
    ----------
    confidence : float64 array of shape (N,)
    n_bins : int, optional
        See :func:`mass_bins`.
    resamples : int
    level : float
    seed : int

    Returns
    -------
    mean, high : float
        Mean of the resamples, and their quantile at ``level``; a larger error is more than chance.
        NaN if there are no predictions.

    Examples
    --------
    >>> mean, high = chance_error(np.full(100, 0.8))
    >>> 0.02 < mean < 0.04 < high < 0.09
    True
    """
    n = len(confidence)
    if not n:
        return float("nan"), float("nan")
    bins = _mass_positions(confidence, n_bins or default_bins(n))
    bins = np.unique(bins, return_inverse=True)[1]
    in_bin = np.eye(bins.max() + 1)[bins]  # (N, B)
    generator = np.random.default_rng(seed)
    # One resample at a time, so that memory does not grow with their number.
    errors = np.array(
        [
            np.abs(((generator.random(n) < confidence) - confidence) @ in_bin).sum() / n
            for _ in range(resamples)
        ]
    )
    return float(errors.mean()), float(np.quantile(errors, level))


def brier_score(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Mean squared distance of probabilities and true labels, summed over the classes.

    Brier, Verification of forecasts expressed in terms of probability, 1950: from 0 to 2. With two
    classes it is twice the one-sided score. NaN if no label is known.

    Examples
    --------
    >>> brier_score(np.array([[0.8, 0.2], [0.5, 0.5]]), np.array([0, -1])).__round__(3)
    0.08
    """
    known = labels != UNKNOWN
    if not known.any():
        return float("nan")
    truth = np.eye(probabilities.shape[1])[labels[known]]
    return float(((probabilities[known] - truth) ** 2).sum(axis=1).mean())


def mean_loss(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Mean negative log-likelihood in nats; NaN if no label is known.

    Probabilities are clipped to machine epsilon, so that one prediction cannot make the mean
    infinite.

    Examples
    --------
    >>> round(mean_loss(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([1, -1])), 3)
    0.693
    """
    known = labels != UNKNOWN
    if not known.any():
        return float("nan")
    right = np.take_along_axis(probabilities[known], labels[known, np.newaxis], axis=1)
    return float(-np.log(right.clip(np.finfo(np.float64).eps)).mean())


def wilson_interval(right: int, count: int, level: float = LEVEL) -> tuple[float, float]:
    """Wilson score interval of a share (Probable inference, 1927); it stays within 0 and 1.

    Examples
    --------
    >>> low, high = wilson_interval(8, 10)
    >>> round(low, 3), round(high, 3)
    (0.49, 0.943)
    """
    z2 = float(ndtri((1 + level) / 2)) ** 2
    share = right / count
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = (z2 * (share * (1 - share) / count + z2 / (4 * count**2))) ** 0.5 / (1 + z2 / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def _mass_positions(confidence: NDArray[np.float64], n_bins: int) -> NDArray[np.intp]:
    """Bin of each prediction, by the mean rank of equal confidences, whatever their order."""
    _, which, counts = np.unique(confidence, return_inverse=True, return_counts=True)
    middle = counts.cumsum() - counts / 2
    return np.floor(n_bins * middle / max(len(confidence), 1)).astype(np.intp)[which]


def _grouped(
    positions: NDArray[np.intp], confidence: NDArray[np.float64], correct: NDArray[np.bool_]
) -> tuple[ReliabilityBin, ...]:
    bins = []
    for position in np.unique(positions):
        inside = positions == position
        count, right = int(inside.sum()), int(correct[inside].sum())
        bins.append(
            ReliabilityBin(
                float(confidence[inside].mean()),
                right / count,
                count,
                *wilson_interval(right, count),
            )
        )
    return tuple(bins)
