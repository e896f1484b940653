"""Whether answers are as often right as they claim: bins, calibration error, Brier score, loss."""

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
    """Answers of much the same confidence.

    Parameters
    ----------
    confidence : float
        Mean probability of the answers.
    accuracy : float
        Share of them that is right.
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
    """How sure the answers are and whether they are right, where that is known.

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
    shown = probabilities[known]
    return shown.max(axis=1), shown.argmax(axis=1) == labels[known]


def mass_bins(
    confidence: NDArray[np.float64], correct: NDArray[np.bool_], n_bins: int | None = None
) -> tuple[ReliabilityBin, ...]:
    """Group answers into bins of about the same number each, the least sure first.

    A bin's error is never below what chance gives it, and chance gives more to small bins. With
    the same width for all, as in :func:`width_bins`, some bins hold a few answers only.

    Parameters
    ----------
    confidence : float64 array of shape (N,)
    correct : bool array of shape (N,)
    n_bins : int, optional
        At most so many; the cube root of N, up to 15, unless given. Equal confidences are never
        torn apart.

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
    """Group answers into bins of the same width, those without answers left out.

    Guo et al., On calibration of modern neural networks, 2017, section 2; they take 15.

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
    """How many bins N answers are grouped into: the cube root of N, from 1 to 15.

    Examples
    --------
    >>> default_bins(196), default_bins(520), default_bins(10**6)
    (5, 8, 15)
    """
    return int(np.clip(np.floor(np.cbrt(n) + 1e-9), 1, _MOST_BINS))


def calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """Mean distance between confidence and accuracy, each bin weighted by its answers (ECE).

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
    """Return the calibration error that chance alone gives answers which keep their word.

    Each answer is right as often as it claims, drawn again and again: the consistency resampling
    of Broecker and Smith, Increasing the reliability of reliability diagrams, 2007.

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
        Mean of the resamples, and what ``level`` of them stay below; an error above it is more
        than chance. NaN for no answers.

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
    members = np.eye(bins.max() + 1)[bins]  # (N, B)
    generator = np.random.default_rng(seed)
    # Row by row, so that memory does not grow with the resamples.
    errors = np.array(
        [
            np.abs(((generator.random(n) < confidence) - confidence) @ members).sum() / n
            for _ in range(resamples)
        ]
    )
    return float(errors.mean()), float(np.quantile(errors, level))


def brier_score(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Mean squared distance between probabilities and truth, summed over the classes.

    Brier, Verification of forecasts expressed in terms of probability, 1950: from 0 to 2. With two
    classes it is twice the one-sided score. NaN where no label is known.

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
    """Mean negative log-likelihood in nats; NaN where no label is known.

    A probability below the smallest step from 1 counts as that, so that one lost answer does not
    make the mean infinite.

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
    """Interval of a share (Wilson, Probable inference, 1927), which stays within 0 and 1.

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
    """Bin of each answer by the middle rank of its equals, so that no order of them matters."""
    _, which, counts = np.unique(confidence, return_inverse=True, return_counts=True)
    middle = counts.cumsum() - counts / 2
    return np.floor(n_bins * middle / max(len(confidence), 1)).astype(np.intp)[which]


def _grouped(
    positions: NDArray[np.intp], confidence: NDArray[np.float64], correct: NDArray[np.bool_]
) -> tuple[ReliabilityBin, ...]:
    bins = []
    for position in np.unique(positions):
        members = positions == position
        count, right = int(members.sum()), int(correct[members].sum())
        bins.append(
            ReliabilityBin(
                float(confidence[members].mean()),
                right / count,
                count,
                *wilson_interval(right, count),
            )
        )
    return tuple(bins)
