"""Cholesky of very many very small matrices: the matrix axes first, the batch last.

LAPACK spends more on each call than on a 4 x 4 matrix. With the batch along the last axes every
step of the textbook algorithm (Golub and Van Loan 2013, section 4.2) is one long vector operation.
"""

from __future__ import annotations

import numpy as np

from lacunar.taste.mixture.parameters import FloatArray


def factor(matrices: FloatArray) -> FloatArray:
    """Lower Cholesky factors, in place.

    Parameters
    ----------
    matrices : ndarray of shape (q, q, ...)
        Positive definite; only the lower triangles are read. Overwritten.

    Returns
    -------
    factors : ndarray of shape (q, q, ...)
        The same memory; above the diagonal it holds nothing of meaning.

    Examples
    --------
    >>> a = np.array([[4.0, 2.0], [2.0, 5.0]])[..., np.newaxis]
    >>> np.tril(factor(a)[..., 0]).tolist()
    [[2.0, 0.0], [1.0, 2.0]]
    """
    for j in range(len(matrices)):
        if j:
            matrices[j:, j] -= np.einsum("ik...,k...->i...", matrices[j:, :j], matrices[j, :j])
        np.sqrt(matrices[j, j], out=matrices[j, j])
        matrices[j + 1 :, j] /= matrices[j, j]
    return matrices


def solve_lower(factors: FloatArray, right: FloatArray) -> FloatArray:
    """Solve ``L y = v`` by forward substitution, in place of ``v`` of shape (q, ...)."""
    for j in range(len(right)):
        if j:
            right[j] -= np.einsum("k...,k...->...", factors[j, :j], right[:j])
        right[j] /= factors[j, j]
    return right


def solve_upper(factors: FloatArray, right: FloatArray) -> FloatArray:
    """Solve ``L' w = y`` by back substitution, in place of ``y`` of shape (q, ...)."""
    for j in reversed(range(len(right))):
        if j + 1 < len(right):
            right[j] -= np.einsum("k...,k...->...", factors[j + 1 :, j], right[j + 1 :])
        right[j] /= factors[j, j]
    return right


def inverse(factors: FloatArray) -> FloatArray:
    """Inverses of the factored matrices, shape (q, q, ...).

    Examples
    --------
    >>> a = np.array([[4.0, 2.0], [2.0, 5.0]])[..., np.newaxis]
    >>> (inverse(factor(a.copy()))[..., 0] @ a[..., 0]).round(12).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    q = len(factors)
    columns = np.zeros_like(factors)
    for j in range(q):
        columns[j, j] = 1 / factors[j, j]
        for i in range(j + 1, q):
            done = np.einsum("k...,k...->...", factors[i, j:i], columns[j:i, j])
            columns[i, j] = -done / factors[i, i]
    result = np.empty_like(factors)
    for j in range(q):
        for i in range(j, q):
            result[i, j] = np.einsum("k...,k...->...", columns[i:, i], columns[i:, j])
            result[j, i] = result[i, j]
    return result
