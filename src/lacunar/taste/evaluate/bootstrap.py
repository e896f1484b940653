"""Percentile bootstrap intervals of means over users.

Users are resampled. The values of one user on several splits are not independent, so they are
averaged first: the choice of held-out ratings is averaged over, not resampled. Source: Efron and
Tibshirani (1993), "An Introduction to the Bootstrap", chapter 13.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.taste.evaluate.metrics import ratio_or_nan

_RESAMPLES = 2000
_SEED = 0
# Draws per batch.
_DRAWS = 2**21


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its interval, 95 % unless stated otherwise.

    Parameters
    ----------
    mean : float
        NaN without values.
    low, high : float, optional
        None if an interval cannot be estimated.
    """

    mean: float
    low: float | None
    high: float | None


def user_means(
    users: Sequence[NDArray[np.intp]], values: Sequence[FloatArray]
) -> tuple[NDArray[np.intp], FloatArray]:
    """Average each user's values over the splits on which the user was tested.

    Parameters
    ----------
    users : sequence of ndarray of shape (M,)
        Tested users, one array per split.
    values : sequence of ndarray of shape (M, C)
        Values of the same users; NaN if missing.

    Returns
    -------
    who : ndarray of shape (N,)
        All users, ascending.
    means : ndarray of shape (N, C)
        NaN if a user has no value.

    Examples
    --------
    >>> users = [np.array([4, 7]), np.array([7])]
    >>> who, means = user_means(users, [np.array([[1.0], [2.0]]), np.array([[4.0]])])
    >>> who.tolist(), means.ravel().tolist()
    ([4, 7], [1.0, 3.0])
    """
    who, row = np.unique(np.concatenate(users), return_inverse=True)
    table = np.concatenate(values)
    known = ~np.isnan(table)
    entries = (np.ones(len(row)), (row, np.arange(len(row))))
    member = sp.csr_array(entries, shape=(len(who), len(row)))
    return who, ratio_or_nan(
        member @ np.where(known, table, 0.0), member @ known.astype(np.float64)
    )


def mean_intervals(
    values: FloatArray, *, confidence: float = 0.95, n_resamples: int = _RESAMPLES
) -> list[Interval]:
    """Compute the mean of each column over users, with a percentile bootstrap interval.

    All columns share the resamples. For a paired interval of the difference of two methods, pass
    the differences by user as a column.

    Parameters
    ----------
    values : ndarray of shape (N, C)
        One row per user; NaN, if a user has no value, is ignored.
    confidence : float
    n_resamples : int
        Number of resamples, drawn with a fixed seed.

    Returns
    -------
    intervals : list of C Interval

    Examples
    --------
    >>> (interval,) = mean_intervals(np.arange(100.0)[:, np.newaxis])
    >>> interval.mean, round(interval.low), round(interval.high)
    (49.5, 44, 55)
    """
    n_users = len(values)
    known = ~np.isnan(values)
    filled, counted = np.where(known, values, 0.0), known.astype(np.float64)
    means = ratio_or_nan(filled.sum(axis=0), counted.sum(axis=0))
    rng = np.random.default_rng(_SEED)
    per_batch = max(1, _DRAWS // n_users)
    batches = []
    for start in range(0, n_resamples, per_batch):
        n = min(per_batch, n_resamples - start)
        drawn = rng.integers(n_users, size=(n, n_users)) + n_users * np.arange(n)[:, np.newaxis]
        times = np.bincount(drawn.ravel(), minlength=n * n_users).reshape(n, n_users)
        weights = times.astype(np.float64)
        batches.append(ratio_or_nan(weights @ filled, weights @ counted))
    resampled = np.concatenate(batches)
    tail = (1 - confidence) / 2
    intervals = []
    for column, mean in zip(resampled.T, means.tolist(), strict=True):
        known_means = column[~np.isnan(column)]
        if len(known_means):
            low, high = np.quantile(known_means, [tail, 1 - tail]).tolist()
            intervals.append(Interval(mean, low, high))
        else:
            intervals.append(Interval(mean, None, None))
    return intervals


def range_over_splits(values: Sequence[float]) -> Interval:
    """Compute the mean, minimum and maximum of one value per split.

    Coverage is one value for all lists, so users cannot be resampled. A single split gives no
    range.

    Examples
    --------
    >>> range_over_splits([0.25, 0.5])
    Interval(mean=0.375, low=0.25, high=0.5)
    >>> range_over_splits([0.25])
    Interval(mean=0.25, low=None, high=None)
    """
    mean = float(np.mean(values))
    if len(values) == 1:
        return Interval(mean, None, None)
    return Interval(mean, min(values), max(values))
