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
from lacunar.taste.mixture.em import Block, SufficientStatistics
from lacunar.taste.mixture.known import column_moments, starting_sums
from lacunar.taste.mixture.packed import upper_pairs
from lacunar.taste.mixture.parameters import CovarianceType, FloatArray, MixtureParameters

_LOG_2PI = float(np.log(2 * np.pi))
# A block holds about this many numbers per intermediate array (64 MB).
_BLOCK_NUMBERS = 1 << 23


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
    """

    def __init__(
        self,
        x: FloatArray,
        noise: FloatArray,
        covariance_type: CovarianceType,
        densities_per_row: int = 1,
    ) -> None:
        self.origin, _ = column_moments(x)
        self.covariance_type: CovarianceType = covariance_type
        known = ~np.isnan(x)
        n, d = x.shape
        self._known = known.astype(np.float64)
        self._values = np.where(known, x - self.origin, 0.0)
        self._noise = np.where(known, noise, 0.0)
        per_row = densities_per_row * (d * d if covariance_type == "full" else d)
        step = max(1, _BLOCK_NUMBERS // per_row)
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
        return values - known * means[:, :, np.newaxis]

    def _log_normaliser(self, rows: slice) -> FloatArray:
        return 0.5 * _LOG_2PI * self._known[rows].sum(axis=1)

    def _diagonal(self, parameters: MixtureParameters, rows: slice) -> Block:
        known = self._known[rows]
        variances = parameters.covariances[:, :, np.newaxis]
        # 1 stands in for the infinite variance of a gap; its logarithm is 0.
        total = np.where(known > 0, variances + self._noise[rows], 1.0)
        pull = self._deviations(parameters.means, rows) / total
        joint = -0.5 * (total * pull**2 + np.log(total)).sum(axis=3)
        joint += np.log(parameters.weights)[..., np.newaxis] - self._log_normaliser(rows)
        expected = parameters.means[:, :, np.newaxis] + variances * pull
        spread = variances - known * variances**2 / total

        def statistics(responsibilities: FloatArray) -> SufficientStatistics:
            r = responsibilities[..., np.newaxis, :]
            return SufficientStatistics(
                mass=responsibilities.sum(axis=2),
                first=(r @ expected)[:, :, 0],
                second=(r @ (expected**2 + spread))[:, :, 0],
                covariance_type="diag",
            )

        return _NoisyBlock(rows, joint, statistics)

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
