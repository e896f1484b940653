"""Rows to fit a mixture to, and the choice of the observation class for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.mixture.em import Observations
from lacunar.mixture.kmeans_init import kmeans_labels
from lacunar.mixture.parameters import CovarianceType
from lacunar.mixture.rows.complete import CompleteRows
from lacunar.mixture.rows.gaps_diagonal import DiagonalGapRows
from lacunar.mixture.rows.gaps_full import FullGapRows
from lacunar.mixture.rows.noisy import NoisyRows
from lacunar.mixture.statistics import fill_additive


@dataclass(frozen=True, slots=True)
class MixtureData:
    """Rows with gaps and noise variances.

    Parameters
    ----------
    values : ndarray of shape (N, D)
        NaN where unknown.
    noise : ndarray of shape (N, D), optional
        Variance of each known cell; without it, known cells are exact.
    """

    values: FloatArray
    noise: FloatArray | None = None

    def take(self, rows: NDArray[np.intp]) -> MixtureData:
        """Copy the rows at some positions."""
        noise = None if self.noise is None else self.noise[rows]
        return MixtureData(self.values[rows], noise)

    def slice(self, rows: slice) -> MixtureData:
        """View of consecutive rows, without a copy."""
        noise = None if self.noise is None else self.noise[rows]
        return MixtureData(self.values[rows], noise)

    def observations(
        self,
        covariance_type: CovarianceType,
        densities_per_row: int = 1,
        *,
        origin: FloatArray | None = None,
    ) -> Observations:
        """Observations of the fastest class that can handle these rows.

        ``origin`` of shape (D,) defaults to the column means.
        """
        values, n = self.values, densities_per_row
        if self.noise is not None:
            return NoisyRows(values, self.noise, covariance_type, origin=origin)
        if not np.isnan(values).any():
            return CompleteRows(values, covariance_type, n, origin=origin)
        if covariance_type == "diag":
            return DiagonalGapRows(values, n, origin=origin)
        return FullGapRows(values, n, origin=origin)

    def starts(self, n_components: int, seeds: Sequence[int]) -> NDArray[np.int32]:
        """k-means labels per seed, shape (B, N); only k-means sees gaps filled additively."""
        return kmeans_labels(fill_additive(self.values), n_components, seeds)
