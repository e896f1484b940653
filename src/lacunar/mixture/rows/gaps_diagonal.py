"""Rows with gaps under diagonal covariances, with one matrix product per step.

With m the mask of known cells, a log density is linear in ``[m x^2, m x, m, 1]``, and the
conditional moments of an unknown cell are those of the component. Source: Ghahramani and Jordan
(1994), "Supervised learning from incomplete data via an EM approach".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.mixture.em import LOG_2PI, Block, check_digits
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.mixture.statistics import SufficientStatistics, column_moments, starting_sums

# Rows are processed in blocks of about this many densities (32 MB), to bound memory.
_BLOCK_DENSITIES = 1 << 22


@dataclass(frozen=True, slots=True)
class _DiagonalBlock:
    rows: slice
    joint: FloatArray
    statistics: Callable[[FloatArray], SufficientStatistics]


class DiagonalGapRows:
    """Rows with gaps (NaN), for diagonal covariances.

    Parameters
    ----------
    x : ndarray of shape (N, D)
    densities_per_row : int
        Restarts times components of the largest batch.
    origin : ndarray of shape (D,), optional
        Defaults to the column means; all chunks of one data set share an origin.
    """

    covariance_type: CovarianceType = "diag"

    def __init__(
        self, x: FloatArray, densities_per_row: int = 1, *, origin: FloatArray | None = None
    ) -> None:
        self.origin = column_moments(x)[0] if origin is None else origin
        n, d = x.shape
        known = ~np.isnan(x)
        values = np.where(known, x - self.origin, 0.0)
        self._known = known.astype(np.float64)
        self._values = values
        # Columns: squares, values, mask, one.
        self._features = np.concatenate(
            [values**2, values, self._known, np.ones((n, 1))], axis=1
        ).T.copy()
        step = max(1, _BLOCK_DENSITIES // max(densities_per_row, 3 * d))
        self._slices = [slice(i, min(i + step, n)) for i in range(0, n, step)]

    @property
    def n_rows(self) -> int:
        return len(self._values)

    def start(self, labels: NDArray[np.int32], n_components: int) -> SufficientStatistics:
        return starting_sums(self._values, self._known, labels, n_components, "diag")

    def blocks(self, parameters: MixtureParameters) -> Iterator[Block]:
        b, k = parameters.weights.shape
        means, variances = parameters.means, parameters.covariances
        precisions = 1 / variances
        check_digits(precisions * means**2)
        theta = np.concatenate(
            [
                -0.5 * precisions,
                precisions * means,
                -0.5 * (precisions * means**2 + np.log(variances) + LOG_2PI),
                np.log(parameters.weights)[..., np.newaxis],
            ],
            axis=2,
        ).reshape(b * k, -1)
        for rows in self._slices:
            joint = (theta @ self._features[:, rows]).reshape(b, k, -1)
            yield _DiagonalBlock(rows, joint, partial(self._sums, rows, means, variances))

    def _sums(
        self,
        rows: slice,
        means: FloatArray,
        variances: FloatArray,
        responsibilities: FloatArray,
    ) -> SufficientStatistics:
        b, k, n = responsibilities.shape
        d = means.shape[2]
        sums = responsibilities.reshape(b * k, n) @ self._features[:, rows].T
        squares, values, known = np.split(sums[:, :-1].reshape(b, k, 3, d), 3, axis=2)
        mass = sums[:, -1].reshape(b, k)
        unknown = mass[..., np.newaxis] - known[:, :, 0]
        return SufficientStatistics(
            mass=mass,
            first=values[:, :, 0] + unknown * means,
            second=squares[:, :, 0] + unknown * (means**2 + variances),
            covariance_type="diag",
        )
