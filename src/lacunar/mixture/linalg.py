"""Linear algebra for batches of small symmetric matrices.

Packed upper triangles hold symmetric matrices without their repeated half. Cholesky factors come in
two layouts. With batch axes first (:func:`whiten`), LAPACK factors each matrix, and densities use
the inverse of the factor instead of the inverse of the covariance: ``x' P x`` then stays accurate
for a nearly singular covariance. With batch axes last (:func:`cholesky_in_place` and the functions
that take its factors), one NumPy operation per matrix cell serves thousands of tiny matrices.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray


@lru_cache
def upper_pairs(d: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row and column of each packed cell of a (D, D) matrix, each of shape (D (D + 1) / 2,)."""
    i, j = np.triu_indices(d)
    return i, j


@lru_cache
def packed_index(d: int) -> NDArray[np.intp]:
    """Position of each cell of a symmetric (D, D) matrix in its packed triangle, shape (D, D)."""
    index = np.empty((d, d), dtype=np.intp)
    i, j = upper_pairs(d)
    index[i, j] = index[j, i] = np.arange(i.size)
    return index


def unpack_symmetric(packed: FloatArray, d: int) -> FloatArray:
    """Turn packed triangles (..., D (D + 1) / 2) into symmetric matrices (..., D, D).

    Examples
    --------
    >>> unpack_symmetric(np.array([1.0, 2.0, 3.0]), 2).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    return np.take(packed, packed_index(d).ravel(), axis=-1).reshape(*packed.shape[:-1], d, d)


def whiten(covariances: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Whitening matrices and log determinants of positive definite matrices, batch axes first.

    Parameters
    ----------
    covariances : ndarray of shape (..., D, D)

    Returns
    -------
    whitening : ndarray of shape (..., D, D)
        Lower triangular ``W`` with ``W' W`` the inverse.
    log_det : ndarray of shape (...)

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is not positive definite.

    Examples
    --------
    >>> w, log_det = whiten(np.array([[4.0, 2.0], [2.0, 5.0]]))
    >>> (w.T @ w @ [[4, 2], [2, 5]]).round(12).tolist(), round(float(np.exp(log_det)), 6)
    ([[1.0, 0.0], [0.0, 1.0]], 16.0)
    """
    factors = np.asarray(np.linalg.cholesky(covariances), dtype=np.float64)
    log_det = 2 * np.log(np.einsum("...ii->...i", factors)).sum(axis=-1)
    return _invert_lower(factors), log_det


def _invert_lower(factors: FloatArray) -> FloatArray:
    d = factors.shape[-1]
    inverse = np.zeros_like(factors)
    diagonal = np.einsum("...ii->...i", inverse)
    diagonal[...] = 1 / np.einsum("...ii->...i", factors)
    _fill_below(factors, inverse, 0, d)
    return inverse


def _fill_below(factors: FloatArray, inverse: FloatArray, start: int, stop: int) -> None:
    """Fill the strict lower part of the diagonal block [start, stop), halves first."""
    if stop - start < 2:
        return
    middle = (start + stop) // 2
    _fill_below(factors, inverse, start, middle)
    _fill_below(factors, inverse, middle, stop)
    top, bottom = slice(start, middle), slice(middle, stop)
    inverse[..., bottom, top] = -(
        inverse[..., bottom, bottom] @ (factors[..., bottom, top] @ inverse[..., top, top])
    )


def cholesky_in_place(matrices: FloatArray) -> FloatArray:
    """Lower Cholesky factors, batch axes last, written over the matrices.

    Parameters
    ----------
    matrices : ndarray of shape (q, q, ...)
        Positive definite; only the lower triangles are read. Overwritten.

    Returns
    -------
    factors : ndarray of shape (q, q, ...)
        The same memory; the cells above the diagonal are undefined.

    Examples
    --------
    >>> a = np.array([[4.0, 2.0], [2.0, 5.0]])[..., np.newaxis]
    >>> np.tril(cholesky_in_place(a)[..., 0]).tolist()
    [[2.0, 0.0], [1.0, 2.0]]
    """
    for j in range(len(matrices)):
        if j:
            matrices[j:, j] -= np.einsum("ik...,k...->i...", matrices[j:, :j], matrices[j, :j])
        np.sqrt(matrices[j, j], out=matrices[j, j])
        matrices[j + 1 :, j] /= matrices[j, j]
    return matrices


def solve_lower(factors: FloatArray, right: FloatArray) -> FloatArray:
    """Solve ``L y = v`` by forward substitution; ``v`` of shape (q, ...) is overwritten."""
    for j in range(len(right)):
        if j:
            right[j] -= np.einsum("k...,k...->...", factors[j, :j], right[:j])
        right[j] /= factors[j, j]
    return right


def solve_upper(factors: FloatArray, right: FloatArray) -> FloatArray:
    """Solve ``L' w = y`` by back substitution; ``y`` of shape (q, ...) is overwritten."""
    for j in reversed(range(len(right))):
        if j + 1 < len(right):
            right[j] -= np.einsum("k...,k...->...", factors[j + 1 :, j], right[j + 1 :])
        right[j] /= factors[j, j]
    return right


def inverse_from_cholesky(factors: FloatArray) -> FloatArray:
    """Inverses of the factored matrices, shape (q, q, ...).

    Examples
    --------
    >>> a = np.array([[4.0, 2.0], [2.0, 5.0]])[..., np.newaxis]
    >>> (inverse_from_cholesky(cholesky_in_place(a.copy()))[..., 0] @ a[..., 0]).round(12).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    q = len(factors)
    columns = np.zeros_like(factors)
    for j in range(q):
        columns[j, j] = 1 / factors[j, j]
        for i in range(j + 1, q):
            partial = np.einsum("k...,k...->...", factors[i, j:i], columns[j:i, j])
            columns[i, j] = -partial / factors[i, i]
    result = np.empty_like(factors)
    for j in range(q):
        for i in range(j, q):
            result[i, j] = np.einsum("k...,k...->...", columns[i:, i], columns[i:, j])
            result[j, i] = result[i, j]
    return result
