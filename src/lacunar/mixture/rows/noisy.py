"""Rows with Gaussian noise of known variance in each cell (extreme deconvolution).

The mixture describes the cells without noise: ``x_n ~ N(mu_k, S_k + noise_n)``. A gap is a cell of
infinite noise. Source: Bovy, Hogg and Roweis (2011), "Extreme deconvolution", equations 16 to 22.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.mixture.em import LOG_2PI, Block
from lacunar.mixture.linalg import upper_pairs, whiten
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.mixture.statistics import SufficientStatistics, column_moments, starting_sums

# A block holds about this many numbers per intermediate array (2 MB). Smaller blocks fit the cache
# of a core, but then threads wait for each other at every one of many short steps.
_BLOCK_NUMBERS = 1 << 18


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
        Variance of each known cell, 0 or more; ignored where ``x`` is NaN.
    covariance_type : {"full", "diag"}
    origin : ndarray of shape (D,), optional
        Defaults to the column means; all chunks of one data set share an origin.
    """

    def __init__(
        self,
        x: FloatArray,
        noise: FloatArray,
        covariance_type: CovarianceType,
        *,
        origin: FloatArray | None = None,
    ) -> None:
        self.origin = column_moments(x)[0] if origin is None else origin
        self.covariance_type: CovarianceType = covariance_type
        known = ~np.isnan(x)
        self._known = known.astype(np.float64)
        self._values = np.where(known, x - self.origin, 0.0)
        self._noise = np.where(known, noise, 0.0)
        self._workspace = np.empty(0)

    @property
    def n_rows(self) -> int:
        return len(self._values)

    def start(self, labels: NDArray[np.int32], n_components: int) -> SufficientStatistics:
        return starting_sums(self._values, self._known, labels, n_components, self.covariance_type)

    def blocks(self, parameters: MixtureParameters) -> Iterator[Block]:
        expect = self._diagonal if self.covariance_type == "diag" else self._full
        # Depends on the restarts still running, so that few restarts do not use tiny blocks.
        step = max(8, _BLOCK_NUMBERS // parameters.covariances.size)
        for first in range(0, self.n_rows, step):
            yield expect(parameters, slice(first, min(first + step, self.n_rows)))

    def _log_normaliser(self, rows: slice) -> FloatArray:
        return np.asarray(0.5 * LOG_2PI * self._known[rows].sum(axis=1))

    def _diagonal(self, parameters: MixtureParameters, rows: slice) -> Block:
        values, known, noise = (
            np.ascontiguousarray(cells[rows].T)
            for cells in (self._values, self._known, self._noise)
        )  # (D, n)
        means, variances = (
            parameters.means[..., np.newaxis],
            parameters.covariances[..., np.newaxis],
        )
        precision, deviation, pull = self._scratch((*means.shape[:3], values.shape[1]))
        np.reciprocal(np.add(variances, noise, out=precision), out=precision)
        np.subtract(values, means, out=deviation)
        if known.all():
            log_det = _log_product(precision)
        else:
            # The precision of a gap is set to 1 for the logarithm.
            np.copyto(precision, 1.0, where=known == 0)
            log_det = _log_product(precision)
            precision *= known
        np.multiply(deviation, precision, out=pull)
        joint = 0.5 * (log_det - np.einsum("bkdn,bkdn->bkn", pull, deviation))
        joint += np.log(parameters.weights)[..., np.newaxis] - self._log_normaliser(rows)
        curvature = np.subtract(np.square(pull, out=deviation), precision, out=deviation)
        return _NoisyBlock(rows, joint, partial(_diagonal_statistics, parameters, pull, curvature))

    def _scratch(self, shape: tuple[int, ...]) -> list[FloatArray]:
        """Three reused work arrays; new ones for every block would cost page faults."""
        size = math.prod(shape)
        if len(self._workspace) < 3 * size:
            self._workspace = np.empty(3 * size)
        return [self._workspace[i * size : (i + 1) * size].reshape(shape) for i in range(3)]

    def _full(self, parameters: MixtureParameters, rows: slice) -> Block:
        known, noise = self._known[rows], self._noise[rows]
        d = known.shape[1]
        both = known[:, :, np.newaxis] * known[:, np.newaxis]
        # A gap gets variance 1 and no covariances, so that it does not affect the known cells.
        diagonal = (noise + 1 - known)[:, :, np.newaxis] * np.eye(d)
        whitening, log_det = whiten(parameters.covariances[:, :, np.newaxis] * both + diagonal)
        deviation = self._values[rows] - known * parameters.means[:, :, np.newaxis]
        white = whitening @ deviation[..., np.newaxis]
        joint = -0.5 * ((white[..., 0] ** 2).sum(axis=3) + log_det)
        joint += np.log(parameters.weights)[..., np.newaxis] - self._log_normaliser(rows)
        pull = (np.swapaxes(whitening, -1, -2) @ white)[..., 0]
        return _NoisyBlock(
            rows, joint, partial(_full_statistics, parameters, pull, whitening, both)
        )


def _log_product(x: FloatArray) -> FloatArray:
    """Sum of logarithms over the second-last axis, one logarithm per product of eight factors."""
    parts = [
        np.log(np.multiply.reduce(x[..., first : first + 8, :], axis=-2))
        for first in range(0, x.shape[-2], 8)
    ]
    return np.asarray(sum(parts))


def _diagonal_statistics(
    parameters: MixtureParameters,
    pull: FloatArray,
    curvature: FloatArray,
    responsibilities: FloatArray,
) -> SufficientStatistics:
    """Sums from ``pull = z / (s + noise)`` and ``curvature = pull^2 - 1 / (s + noise)``."""
    means, variances = parameters.means, parameters.covariances
    r = responsibilities[..., np.newaxis]
    mass = responsibilities.sum(axis=2)
    moved = variances * (pull @ r)[..., 0]
    whole = mass[..., np.newaxis]
    second = variances**2 * (curvature @ r)[..., 0]
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
