"""Rows whose cells carry noise of known variance, gaps being cells of infinite noise.

The mixture describes what the cells would be without noise: ``x_n ~ N(mu_k, S_k + noise_n)``.
Source: Bovy, Hogg and Roweis (2011), "Extreme deconvolution", equations 16 to 22.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lacunar.taste.mixture.cholesky import whiten
from lacunar.taste.mixture.em import LOG_2PI, Block, SufficientStatistics
from lacunar.taste.mixture.known import column_moments, starting_sums
from lacunar.taste.mixture.packed import upper_pairs
from lacunar.taste.mixture.parameters import CovarianceType, FloatArray, MixtureParameters

# A block holds about this many numbers per intermediate array: 1 MB, which a core's cache holds.
_BLOCK_NUMBERS = 1 << 17


@dataclass(frozen=True, slots=True)
class _NoisyBlock:
    rows: slice
    joint: FloatArray
    statistics: Callable[[FloatArray], SufficientStatistics]


class NoisyRows:
    """Rows with a noise variance per cell, for full or diagonal covariances.

    Parameters
    ----------
    x : ndarray of shape (N, D)
        NaN where unknown.
    noise : ndarray of shape (N, D)
        Variance of each known cell, 0 or more; not looked at where ``x`` is NaN.
    covariance_type : {"full", "diag"}
    densities_per_row : int
        Restarts times components of the largest batch that will be asked for.
    origin : ndarray of shape (D,), optional
        The column means unless named; rows cut into chunks share one.
    """

    def __init__(
        self,
        x: FloatArray,
        noise: FloatArray,
        covariance_type: CovarianceType,
        densities_per_row: int = 1,
        *,
        origin: FloatArray | None = None,
    ) -> None:
        self.origin = column_moments(x)[0] if origin is None else origin
        self.covariance_type: CovarianceType = covariance_type
        known = ~np.isnan(x)
        n, d = x.shape
        self._known = known.astype(np.float64)
        self._values = np.where(known, x - self.origin, 0.0)
        self._noise = np.where(known, noise, 0.0)
        full = covariance_type == "full"
        numbers = _BLOCK_NUMBERS // (densities_per_row * (d * d if full else d))
        step = max(8, numbers)
        self._slices = [slice(i, min(i + step, n)) for i in range(0, n, step)]

    @property
    def n_rows(self) -> int:
        return len(self._values)

    def start(self, labels: NDArray[np.int32], n_components: int) -> SufficientStatistics:
        return starting_sums(self._values, self._known, labels, n_components, self.covariance_type)

    def blocks(self, parameters: MixtureParameters) -> Iterator[Block]:
        expect = self._diagonal if self.covariance_type == "diag" else self._full
        for rows in self._slices:
            yield expect(parameters, rows)

    def _deviations(self, means: FloatArray, rows: slice) -> FloatArray:
        """Known deviations from the means, 0 in gaps, shape (B, K, n, D)."""
        values, known = self._values[rows], self._known[rows]
        if known.all():
            return np.asarray(values - means[:, :, np.newaxis])
        expected = known * means[:, :, np.newaxis]
        return np.subtract(values, expected, out=expected)

    def _log_normaliser(self, rows: slice) -> FloatArray:
        return np.asarray(0.5 * LOG_2PI * self._known[rows].sum(axis=1))

    def _diagonal(self, parameters: MixtureParameters, rows: slice) -> Block:
        known = self._known[rows]
        precision = parameters.covariances[:, :, np.newaxis] + self._noise[rows]
        np.divide(1.0, precision, out=precision)
        complete = bool(known.all())
        if not complete:
            # 1 stands in for the precision of a gap while logarithms are taken.
            precision = np.where(known > 0, precision, 1.0)
        log_det = _log_product(precision)
        if not complete:
            precision *= known
        deviation = self._deviations(parameters.means, rows)
        pull = deviation * precision
        joint = 0.5 * (log_det - np.einsum("...d,...d->...", pull, deviation))
        joint += np.log(parameters.weights)[..., np.newaxis] - self._log_normaliser(rows)
        curvature = np.subtract(np.square(pull, out=deviation), precision, out=deviation)
        return _NoisyBlock(rows, joint, partial(_diagonal_statistics, parameters, pull, curvature))

    def _full(self, parameters: MixtureParameters, rows: slice) -> Block:
        known, noise = self._known[rows], self._noise[rows]
        d = known.shape[1]
        both = known[:, :, np.newaxis] * known[:, np.newaxis]
        # A gap stands alone with variance 1: it neither moves nor weighs the known cells.
        alone = (noise + 1 - known)[:, :, np.newaxis] * np.eye(d)
        whitening, log_det = whiten(parameters.covariances[:, :, np.newaxis] * both + alone)
        white = whitening @ self._deviations(parameters.means, rows)[..., np.newaxis]
        joint = -0.5 * ((white[..., 0] ** 2).sum(axis=3) + log_det)
        joint += np.log(parameters.weights)[..., np.newaxis] - self._log_normaliser(rows)
        pull = (np.swapaxes(whitening, -1, -2) @ white)[..., 0]
        return _NoisyBlock(
            rows, joint, partial(_full_statistics, parameters, pull, whitening, both)
        )


def _log_product(x: FloatArray) -> FloatArray:
    """Sum of logarithms over the last axis, eight factors to a logarithm."""
    d = x.shape[-1]
    parts = []
    for first in range(0, d, 8):
        # Column by column: NumPy's reduction over a short last axis takes three times as long.
        part = x[..., first].copy()
        for column in range(first + 1, min(first + 8, d)):
            part *= x[..., column]
        parts.append(np.log(part))
    return np.asarray(sum(parts))


def _diagonal_statistics(
    parameters: MixtureParameters,
    pull: FloatArray,
    curvature: FloatArray,
    responsibilities: FloatArray,
) -> SufficientStatistics:
    """Sums from ``pull = z / (s + noise)`` and ``curvature = pull^2 - 1 / (s + noise)``."""
    means, variances = parameters.means, parameters.covariances
    r = responsibilities[:, :, np.newaxis]
    mass = responsibilities.sum(axis=2)
    moved = variances * (r @ pull)[:, :, 0]
    whole = mass[..., np.newaxis]
    second = variances**2 * (r @ curvature)[:, :, 0]
    second += whole * (variances + means**2) + 2 * means * moved
    return SufficientStatistics(mass, whole * means + moved, second, "diag")


def _full_statistics(
    parameters: MixtureParameters,
    pull: FloatArray,
    whitening: FloatArray,
    both: FloatArray,
    responsibilities: FloatArray,
) -> SufficientStatistics:
    """Sums from ``pull = T^-1 z`` and the whitening matrices of ``T = S + noise``."""
    b, k, n = responsibilities.shape
    means, covariances = parameters.means, parameters.covariances
    d = means.shape[2]
    mass = responsibilities.sum(axis=2)
    precisions = (np.swapaxes(whitening, -1, -2) @ whitening) * both
    weighted = responsibilities[..., np.newaxis] * pull
    curvature = np.swapaxes(weighted, -1, -2) @ pull
    flat = precisions.reshape(b, k, n, d * d)
    curvature -= (responsibilities[..., np.newaxis, :] @ flat).reshape(b, k, d, d)
    moved = (covariances @ weighted.sum(axis=2)[..., np.newaxis])[..., 0]
    whole = mass[..., np.newaxis, np.newaxis]
    second = covariances @ curvature @ covariances + whole * covariances
    outer = moved[..., :, np.newaxis] * means[..., np.newaxis, :]
    second += outer + np.swapaxes(outer, -1, -2)
    second += whole * means[..., :, np.newaxis] * means[..., np.newaxis, :]
    i, j = upper_pairs(d)
    return SufficientStatistics(
        mass, mass[..., np.newaxis] * means + moved, second[..., i, j], "full"
    )
