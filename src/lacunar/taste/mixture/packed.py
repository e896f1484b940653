"""Symmetric matrices as packed upper triangles: half the numbers, the same products."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lacunar.taste.mixture.parameters import FloatArray


@lru_cache
def upper_pairs(d: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row and column of each packed cell of a (D, D) matrix, each of shape (D (D + 1) / 2,)."""
    i, j = np.triu_indices(d)
    return i, j


def unpacked(packed: FloatArray, d: int) -> FloatArray:
    """Turn packed triangles (..., D (D + 1) / 2) into symmetric matrices (..., D, D).

    Examples
    --------
    >>> unpacked(np.array([1.0, 2.0, 3.0]), 2).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    return np.take(packed, packed_index(d).ravel(), axis=-1).reshape(*packed.shape[:-1], d, d)


@lru_cache
def packed_index(d: int) -> NDArray[np.intp]:
    """Where each cell of a symmetric (D, D) matrix lies in its packed triangle, shape (D, D)."""
    index = np.empty((d, d), dtype=np.intp)
    i, j = upper_pairs(d)
    index[i, j] = index[j, i] = np.arange(i.size)
    return index
