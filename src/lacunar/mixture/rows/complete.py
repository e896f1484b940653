"""Complete rows: E step and statistics of all restarts as one matrix product each.

A Gaussian log density is linear in ``phi(x) = [upper(x x'), x, 1]``, so the densities of all
restarts and components are ``Theta @ Phi``, and the sufficient statistics are ``R @ Phi'``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial, reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.mixture.em import LOG_2PI, Block
from lacunar.mixture.linalg import unpack_symmetric, upper_pairs, whiten
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.mixture.rows.direct import direct_blocks, sums_about
from lacunar.mixture.statistics import SufficientStatistics, one_hot

# Rows are processed in blocks of about this many densities (32 MB), to bound memory.
_BLOCK_DENSITIES = 1 << 22
# A feature matrix of at most this many numbers (128 MB) is cached between iterations.
_CACHED_FEATURES = 1 << 24
# Where `mean' P mean` is above, densities are computed from differences: eight digits are lost.
_LARGEST_SQUARE = 1e9


@dataclass(frozen=True, slots=True)
class _CompleteBlock:
    rows: slice
    joint: FloatArray
    statistics: Callable[[FloatArray], SufficientStatistics]


class CompleteRows:
    """Rows without gaps, for full or diagonal covariances.

    Parameters
    ----------
    x : ndarray of shape (N, D)
    covariance_type : {"full", "diag"}
    densities_per_row : int
        Restarts times components of the largest batch.
    origin : ndarray of shape (D,), optional
        Defaults to the column means; all chunks of one data set share an origin.
    """

    def __init__(
        self,
        x: FloatArray,
        covariance_type: CovarianceType,
        densities_per_row: int = 1,
        *,
        origin: FloatArray | None = None,
    ) -> None:
        self._origin: FloatArray = x.mean(axis=0) if origin is None else origin
        self._x = x - self._origin
        self._covariance_type = covariance_type
        self._pairs = upper_pairs(x.shape[1]) if covariance_type == "full" else None
        n, d = x.shape
        n_features = (d * (d + 1) // 2 if self._pairs else d) + d + 1
        step = max(1, _BLOCK_DENSITIES // max(densities_per_row, n_features))
        self._slices = [slice(i, min(i + step, n)) for i in range(0, n, step)]
        # Reused: page faults of a new array would cost more than the matrix product.
        self._workspace = np.empty(0)
        self._cache: dict[int, FloatArray] = {}
        if n * n_features <= _CACHED_FEATURES:
            self._cache = {rows.start: self._build_features(rows) for rows in self._slices}

    @property
    def n_rows(self) -> int:
        return len(self._x)

    @property
    def origin(self) -> FloatArray:
        return self._origin

    @property
    def covariance_type(self) -> CovarianceType:
        return self._covariance_type

    def start(self, labels: NDArray[np.int32], n_components: int) -> SufficientStatistics:
        sums = reduce(
            add,
            (
                self._sums(self._features(rows), one_hot(labels[:, rows], n_components))
                for rows in self._slices
            ),
        )
        if _has_digits(sums):
            return sums
        means = sums.first / np.maximum(sums.mass, 1)[..., np.newaxis]
        return reduce(
            add,
            (
                sums_about(
                    means,
                    self._x[rows],
                    one_hot(labels[:, rows], n_components),
                    self._covariance_type,
                )
                for rows in self._slices
            ),
        )

    def blocks(self, parameters: MixtureParameters) -> Iterator[Block]:
        b, k = parameters.weights.shape
        theta, size = self._coefficients(parameters)
        if size > _LARGEST_SQUARE:
            yield from direct_blocks(self._x, parameters)
            return
        theta = theta.reshape(b * k, -1)
        for rows in self._slices:
            features, n = self._features(rows), rows.stop - rows.start
            if self._workspace.size < b * k * n:
                self._workspace = np.empty(b * k * n)
            out = self._workspace[: b * k * n].reshape(b * k, n)
            joint = np.matmul(theta, features, out=out).reshape(b, k, n)
            yield _CompleteBlock(rows, joint, partial(self._sums, features))

    def _sums(self, features: FloatArray, responsibilities: FloatArray) -> SufficientStatistics:
        b, k, n = responsibilities.shape
        d = self._x.shape[1]
        sums = (responsibilities.reshape(b * k, n) @ features.T).reshape(b, k, -1)
        return SufficientStatistics(
            mass=sums[..., -1],
            first=sums[..., -d - 1 : -1],
            second=sums[..., : -d - 1],
            covariance_type=self._covariance_type,
        )

    def _features(self, rows: slice) -> FloatArray:
        cached = self._cache.get(rows.start)
        return cached if cached is not None else self._build_features(rows)

    def _build_features(self, rows: slice) -> FloatArray:
        x = self._x[rows].T
        if self._pairs is None:
            squares = x**2
        else:
            i, j = self._pairs
            squares = x[i] * x[j]
        return np.concatenate([squares, x, np.ones((1, x.shape[1]))])

    def _coefficients(self, parameters: MixtureParameters) -> tuple[FloatArray, float]:
        """Theta of shape (B, K, F), so that ``theta @ phi(x) = log w_k + log p(x | k)``.

        Also the largest ``mean' P mean``: densities and covariances lose as many digits as it has.
        """
        means, covariances = parameters.means, parameters.covariances
        d = means.shape[2]
        if self._pairs is None:
            precisions = 1 / covariances
            linear = precisions * means
            squares = -0.5 * precisions
            log_det = np.log(covariances).sum(axis=2)
        else:
            whitening, log_det = whiten(covariances)
            precisions = np.swapaxes(whitening, -1, -2) @ whitening
            linear = np.matmul(precisions, means[..., np.newaxis])[..., 0]
            i, j = self._pairs
            # Each cell above the diagonal counts twice in a symmetric form.
            squares = precisions[..., i, j] * np.where(i == j, -0.5, -1.0)
        constant = np.log(parameters.weights)
        squared = (linear * means).sum(axis=2)
        constant -= 0.5 * (squared + log_det + d * LOG_2PI)
        theta = np.concatenate([squares, linear, constant[..., np.newaxis]], axis=2)
        return theta, float(squared.max())


def _has_digits(sums: SufficientStatistics) -> bool:
    """Whether covariances from these sums have at least seven digits, or absolute errors of 1e-12.

    The usual floor of variances, 1e-6, is large beside 1e-12.
    """
    mass = np.maximum(sums.mass, 1)[..., np.newaxis]
    second, means = sums.second / mass, sums.first / mass
    size, d = float(second.max()), means.shape[-1]
    if size < 1e4:
        return True
    if sums.covariance_type == "diag":
        smallest = (second - means**2).min()
    else:
        outer = means[..., :, np.newaxis] * means[..., np.newaxis, :]
        smallest = np.linalg.eigvalsh(unpack_symmetric(second, d) - outer).min()
    return bool(smallest > 1e-9 * size)
