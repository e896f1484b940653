"""Rows grouped by their number of gaps, with the arrays that stay the same in all iterations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lacunar.aliases import FloatArray
from lacunar.mixture.linalg import packed_index, upper_pairs


@dataclass(frozen=True, slots=True)
class Group:
    """n rows with q gaps each, in p missingness patterns, sorted by pattern.

    Parameters
    ----------
    rows : ndarray of shape (n,)
        Positions in the data.
    missing : ndarray of shape (q, n)
        The unknown columns of each row.
    patterns : ndarray of shape (q, p)
        The distinct columns of ``missing``.
    pattern : ndarray of shape (n,) or slice
        Pattern of each row; a slice if every row has its own.
    rows_of_pattern : sparse array of shape (p, n)
        Sums rows by pattern.
    products : ndarray of shape (n, D (D + 1) / 2)
        Products of two values of a row.
    linear : ndarray of shape (n, 2 D)
        Values, then masks.
    scatter : sparse array of shape (D + D (D + 1) / 2, S)
        Adds the conditional moments of the gaps to the first and the packed second moments. Its
        columns are: the expected value of each gap (q n columns), products of two gaps of a row
        (q (q + 1) / 2 n), covariances of two gaps of a pattern (q (q + 1) / 2 p).
    """

    rows: NDArray[np.intp]
    missing: NDArray[np.intp]
    patterns: NDArray[np.intp]
    pattern: NDArray[np.intp] | slice
    rows_of_pattern: sparse.csr_array
    products: FloatArray
    linear: FloatArray
    scatter: sparse.csr_array


def group_rows(values: FloatArray, known: NDArray[np.bool_], numbers: int) -> list[Group]:
    """Group rows by their number of gaps.

    Parameters
    ----------
    values : ndarray of shape (N, D)
        0 where unknown.
    known : ndarray of shape (N, D)
    numbers : int
        Approximate limit of the numbers per component in the arrays of one group.
    """
    return list(_groups(values, known, numbers))


def _groups(values: FloatArray, known: NDArray[np.bool_], numbers: int) -> Iterator[Group]:
    d = values.shape[1]
    gaps = d - known.sum(axis=1)
    order = np.lexsort((*known.T, gaps))
    starts = np.searchsorted(gaps[order], np.arange(d + 2))
    for q in range(d + 1):
        members = order[starts[q] : starts[q + 1]]
        step = max(1, numbers // max(2 * d, q * q))
        for i in range(0, len(members), step):
            yield _group(values, known, members[i : i + step], q)


def _group(values: FloatArray, known: NDArray[np.bool_], rows: NDArray[np.intp], q: int) -> Group:
    a, m = values[rows], known[rows].astype(np.float64)
    n, d = a.shape
    missing = np.nonzero(~known[rows])[1].reshape(n, q)
    changes = (missing[1:] != missing[:-1]).any(axis=1) if q else np.zeros(n - 1, dtype=bool)
    pattern = np.concatenate([[0], np.cumsum(changes)]).astype(np.intp)
    patterns = missing[np.concatenate([[True], changes])]
    i, j = upper_pairs(d)
    return Group(
        rows=rows,
        missing=np.ascontiguousarray(missing.T),
        patterns=np.ascontiguousarray(patterns.T),
        pattern=slice(None) if len(patterns) == n else pattern,
        rows_of_pattern=sparse.csr_array(
            (np.ones(n), (pattern, np.arange(n))), shape=(len(patterns), n)
        ),
        products=a[:, i] * a[:, j],
        linear=np.concatenate([a, m], axis=1),
        scatter=_scatter(a, missing.T, patterns.T),
    )


def _scatter(
    a: FloatArray, missing: NDArray[np.intp], patterns: NDArray[np.intp]
) -> sparse.csr_array:
    """``Group.scatter`` for values ``a`` of shape (n, D)."""
    (q, n), d = missing.shape, a.shape[1]
    index = packed_index(d) + d
    gap = np.arange(q * n).reshape(q, n)
    # For a gap times a known cell of its row, the known value is the coefficient.
    cross_rows = index[missing]
    cross_columns = np.broadcast_to(gap[..., np.newaxis], cross_rows.shape)
    cross = np.broadcast_to(a, cross_rows.shape)
    first, second = upper_pairs(q)
    pairs = index[missing[first], missing[second]]
    pattern_pairs = index[patterns[first], patterns[second]]
    columns = q * n + np.arange(pairs.size + pattern_pairs.size)
    rows = [missing.ravel(), cross_rows.ravel(), pairs.ravel(), pattern_pairs.ravel()]
    cells = [gap.ravel(), cross_columns.ravel(), columns]
    ones = np.ones(pairs.size + pattern_pairs.size)
    values = [np.ones(q * n), cross.ravel(), ones]
    matrix = sparse.csr_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(cells))),
        shape=(d + d * (d + 1) // 2, q * n + columns.size),
    )
    matrix.eliminate_zeros()
    return matrix
