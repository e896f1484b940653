"""Excess of a segment's members over all users, and its standard errors."""

from __future__ import annotations

import numpy as np

from lacunar.aliases import FloatArray

#: Smaller differences between roots of shares can be significant, but do not matter.
NOTICEABLE = 0.025
# With about twenty genres compared at once, two would be too few (Dunn 1961).
_STANDARD_ERRORS = 3.0
# Sums in another order differ in their last bits; rounding keeps ties.
_DECIMALS = 9


def excess_of_members(values: FloatArray, member: FloatArray) -> FloatArray:
    """Return the members' mean minus the mean of all, shape (K, columns); 0 without members.

    Parameters
    ----------
    values : ndarray of shape (U, columns)
    member : ndarray of shape (K, U)
        Ones and zeros.

    Examples
    --------
    >>> excess_of_members(np.array([[1.0], [3.0]]), np.array([[1.0, 0.0], [1.0, 1.0]])).tolist()
    [[-1.0], [0.0]]
    """
    n = member.sum(axis=1, keepdims=True)
    excess = member @ values / np.maximum(n, 1) - values.mean(axis=0)
    return np.where(n > 0, excess, 0.0).round(_DECIMALS)


def excess_by_chance(values: FloatArray, member: FloatArray) -> FloatArray:
    """Return three standard errors of the excess, shape (K, columns).

    Parameters
    ----------
    values : ndarray of shape (U, columns)
    member : ndarray of shape (K, U)
    """
    n = np.maximum(member.sum(axis=1, keepdims=True), 1)
    # Finite population correction: a segment of all users has no error.
    error = values.std(axis=0) * np.sqrt((1 - n / len(values)) / n)
    return np.asarray((_STANDARD_ERRORS * error).round(_DECIMALS))


def difference_by_chance(values: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    """Return three standard errors of the difference of two segments' means, shape (columns,).

    Parameters
    ----------
    values : ndarray of shape (U, columns)
    first, second : ndarray of shape (U,)
        Ones for members, zeros for others; no user is in both.

    Examples
    --------
    >>> values, first = np.array([[0.0], [2.0], [5.0], [5.0]]), np.array([1.0, 1.0, 0.0, 0.0])
    >>> difference_by_chance(values, first, 1 - first).round(3).tolist()
    [3.0]
    """
    squares = np.zeros(values.shape[1])
    for member in (first, second):
        n = max(float(member.sum()), 1.0)
        mean = member @ values / n
        squares += member @ (values - mean) ** 2 / max(n - 1, 1) / n
    return np.asarray((_STANDARD_ERRORS * np.sqrt(squares)).round(_DECIMALS))
