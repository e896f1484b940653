"""Cholesky factors and their inverses for batches of small matrices.

Densities go through the inverse of the factor, never through the inverse of the covariance:
where a covariance is nearly singular the first keeps ``x' P x`` accurate and the second does not.
"""

from __future__ import annotations

import numpy as np

from lacunar.taste.mixture.parameters import FloatArray


def whiten(covariances: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Whitening matrices and log determinants of positive definite matrices.

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
        Where a matrix is not positive definite.

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
