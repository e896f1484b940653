"""Sufficient statistics of a mixture, column moments, and statistics for the first M step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lacunar.aliases import FloatArray
from lacunar.mixture.linalg import upper_pairs
from lacunar.mixture.parameters import CovarianceType


@dataclass(frozen=True, slots=True)
class SufficientStatistics:
    """Expected sums over rows, for each restart and component.

    Parameters
    ----------
    mass : ndarray of shape (B, K)
        Sum of responsibilities.
    first : ndarray of shape (B, K, D)
        Sum of responsibility-weighted expected values.
    second : ndarray of shape (B, K, D (D + 1) / 2) or (B, K, D)
        Sum of responsibility-weighted expected outer products as packed upper triangles, or
        of squares.
    covariance_type : {"full", "diag"}
        The form of ``second``.
    centre : ndarray of shape (B, K, D), optional
        Point of each component that ``first`` and ``second`` are relative to; without it, the
        origin of the rows.
    """

    mass: FloatArray
    first: FloatArray
    second: FloatArray
    covariance_type: CovarianceType
    centre: FloatArray | None = None

    def __add__(self, other: SufficientStatistics) -> SufficientStatistics:
        return SufficientStatistics(
            self.mass + other.mass,
            self.first + other.first,
            self.second + other.second,
            self.covariance_type,
            self.centre,
        )

    def about_origin(self) -> SufficientStatistics:
        """The same sums relative to the origin of the rows.

        Examples
        --------
        >>> one, two = np.full((1, 1), 3.0), np.ones((1, 1, 1))
        >>> SufficientStatistics(one, two, two, "diag", 2 * two).about_origin().second.item()
        17.0
        """
        c = self.centre
        if c is None:
            return self
        d = c.shape[-1]
        i, j = upper_pairs(d) if self.covariance_type == "full" else (np.arange(d), np.arange(d))
        mass = self.mass[..., np.newaxis]
        cross = c[..., i] * self.first[..., j] + self.first[..., i] * c[..., j]
        second = self.second + cross + mass * c[..., i] * c[..., j]
        return SufficientStatistics(self.mass, self.first + mass * c, second, self.covariance_type)


def one_hot(labels: NDArray[np.integer], k: int, dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """Hard labels (..., N) as responsibilities of shape (..., K, N).

    Examples
    --------
    >>> one_hot(np.array([1, 0, 1]), 2).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    """
    return np.asarray(labels[..., np.newaxis, :] == np.arange(k)[:, np.newaxis], dtype=dtype)


def column_moments(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of the known cells of each column.

    Parameters
    ----------
    x : ndarray of shape (N, D)
        NaN where unknown.

    Returns
    -------
    means, variances : ndarray of shape (D,)
        0 and 1 for a column without known cells: it then has no effect on responsibilities.

    Examples
    --------
    >>> column_moments(np.array([[1.0, np.nan], [3.0, np.nan]]))
    (array([2., 0.]), array([1., 1.]))
    """
    known = ~np.isnan(x)
    counts = known.sum(axis=0)
    values = np.where(known, x, 0.0)
    means = values.sum(axis=0) / np.maximum(counts, 1)
    squares = np.where(known, (x - means) ** 2, 0.0).sum(axis=0)
    variances = np.where(counts > 0, squares / np.maximum(counts, 1), 1.0)
    return means, variances


def fill_additive(x: FloatArray) -> FloatArray:
    """Fill each gap with its column mean plus the row's mean deviation, for k-means only.

    A row without any known cell gets the column means.

    Examples
    --------
    >>> fill_additive(np.array([[1.0, 2.0], [3.0, np.nan]])).tolist()
    [[1.0, 2.0], [3.0, 3.0]]
    """
    known = ~np.isnan(x)
    columns, _ = column_moments(x)
    residuals = np.where(known, x - columns, 0.0)
    rows = residuals.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.where(known, x, rows[:, np.newaxis] + columns)


def starting_sums(
    values: FloatArray,
    known: FloatArray,
    labels: NDArray[np.int32],
    n_components: int,
    covariance_type: CovarianceType,
) -> SufficientStatistics:
    """Sums under hard labels; a gap has the mean and variance of the known cells of its group.

    Parameters
    ----------
    values : ndarray of shape (N, D)
        Relative to the column means, 0 where unknown.
    known : ndarray of shape (N, D)
        1 where known, else 0.
    labels : ndarray of shape (B, N)
    n_components : int
    covariance_type : {"full", "diag"}

    Returns
    -------
    SufficientStatistics
        For complete rows, the plain sums.
    """
    n, d = values.shape
    hot = one_hot(labels, n_components)
    b, k, _ = hot.shape
    flat = hot.reshape(b * k, n)
    mass, counts = hot.sum(axis=2), (flat @ known).reshape(b, k, d)
    sums = (flat @ values).reshape(b, k, d)
    squares = (flat @ values**2).reshape(b, k, d)
    unknown = mass[..., np.newaxis] - counts
    known_rows = known.sum(axis=0)
    # As in `column_moments`: a column without known cells has variance 1.
    overall = np.where(known_rows > 0, (values**2).sum(axis=0) / np.maximum(known_rows, 1), 1.0)
    unseen = counts == 0
    means = sums / np.maximum(counts, 1)
    variances = np.where(unseen, overall, squares / np.maximum(counts, 1) - means**2)
    first = sums + unknown * means
    if covariance_type == "diag":
        return SufficientStatistics(mass, first, squares + unknown * (means**2 + variances), "diag")
    i, j = upper_pairs(d)
    products = (flat @ (values[:, i] * values[:, j])).reshape(b, k, -1)
    # Pairs with both cells known, a gap on the right, a gap on the left, and two gaps.
    pairs = (flat @ (known[:, i] * known[:, j])).reshape(b, k, -1)
    left = (flat @ (values[:, i] * (1 - known[:, j]))).reshape(b, k, -1)
    right = (flat @ ((1 - known[:, i]) * values[:, j])).reshape(b, k, -1)
    both = mass[..., np.newaxis] - counts[..., i] - counts[..., j] + pairs
    second = products + left * means[..., j] + right * means[..., i]
    second += both * means[..., i] * means[..., j]
    second[..., i == j] += unknown * variances
    return SufficientStatistics(mass, first, second, "full")
