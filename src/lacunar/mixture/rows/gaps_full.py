"""Rows with gaps under full covariances: EM on the observed-data likelihood.

Rows are grouped by their number of gaps, q of D. Most rows have few gaps, so densities use the
small q x q block of P over the gaps. With P the inverse of a component's covariance S and z the
known deviations (0 in gaps), for known cells o and gaps m:

    z' S_oo^-1 z = z' P z - u' P_mm^-1 u,   u = (P z)_m
    log |S_oo|   = log |S| + log |P_mm|
    E[x_m | x_o] = mu_m - P_mm^-1 u,        Cov[x_m | x_o] = P_mm^-1

The block of a missingness pattern is factored once for all of its rows. All patterns, restarts and
components of a group are computed in one array operation, batch axes last. Source:
Ghahramani and Jordan (1994), "Supervised learning from incomplete data via an EM approach".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.mixture.em import LOG_2PI, Block, check_digits
from lacunar.mixture.linalg import (
    cholesky_in_place,
    inverse_from_cholesky,
    solve_lower,
    solve_upper,
    upper_pairs,
    whiten,
)
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.mixture.rows.patterns import Group, group_rows
from lacunar.mixture.statistics import SufficientStatistics, column_moments, starting_sums

# A block holds about this many numbers per intermediate array (8 MB).
_BLOCK_NUMBERS = 1 << 20


class FullGapRows:
    """Rows with gaps (NaN), for full covariances.

    Parameters
    ----------
    x : ndarray of shape (N, D)
    densities_per_row : int
        Restarts times components of the largest batch.
    origin : ndarray of shape (D,), optional
        Defaults to the column means; all chunks of one data set share an origin.
    """

    covariance_type: CovarianceType = "full"

    def __init__(
        self, x: FloatArray, densities_per_row: int = 1, *, origin: FloatArray | None = None
    ) -> None:
        self.origin = column_moments(x)[0] if origin is None else origin
        known = ~np.isnan(x)
        self._known = known.astype(np.float64)
        self._values = np.where(known, x - self.origin, 0.0)
        self._groups = group_rows(self._values, known, _BLOCK_NUMBERS // densities_per_row)

    @property
    def n_rows(self) -> int:
        return len(self._values)

    def start(self, labels: NDArray[np.int32], n_components: int) -> SufficientStatistics:
        return starting_sums(self._values, self._known, labels, n_components, "full")

    def blocks(self, parameters: MixtureParameters) -> Iterator[Block]:
        terms = _Terms.of(parameters)
        for group in self._groups:
            yield _FullBlock(group, terms)


@dataclass(frozen=True, slots=True)
class _Terms:
    """Terms of the densities of C = B K components; C is the last axis of every array."""

    shape: tuple[int, int]
    means: FloatArray  # (D, C)
    precisions: FloatArray  # (D, D, C)
    linear: FloatArray  # (2 D, D C), Group.linear @ linear = P z
    constant: FloatArray  # (C,)

    @classmethod
    def of(cls, parameters: MixtureParameters) -> _Terms:
        b, k = parameters.weights.shape
        d = parameters.n_features
        means = parameters.means.reshape(b * k, d)
        whitening, log_det = whiten(parameters.covariances.reshape(b * k, d, d))
        precisions = np.swapaxes(whitening, -1, -2) @ whitening
        by_mean = precisions * means[:, np.newaxis]
        check_digits(np.einsum("cij,ci->c", by_mean, means))
        linear = np.concatenate([precisions, -by_mean], axis=2)
        return cls(
            shape=(b, k),
            means=np.ascontiguousarray(means.T),
            precisions=np.ascontiguousarray(precisions.transpose(1, 2, 0)),
            linear=np.ascontiguousarray(linear.transpose(2, 1, 0)).reshape(2 * d, -1),
            constant=np.log(parameters.weights).ravel() - 0.5 * log_det,
        )


class _FullBlock:
    """One group of rows under a batch of mixtures."""

    def __init__(self, group: Group, terms: _Terms) -> None:
        self._group, self._terms = group, terms
        self._solved = np.empty(0)
        self._factors = np.empty(0)
        self.rows = group.rows
        self.joint = self._joint()

    def _joint(self) -> FloatArray:
        group, terms = self._group, self._terms
        n, q, (d, c) = len(group.rows), len(group.missing), terms.means.shape
        values, known = group.linear[:, np.newaxis, :d], group.linear[:, np.newaxis, d:]
        moved = (group.linear @ terms.linear).reshape(n, d, c)
        # -z' P z / 2, with z the values minus the means of known cells.
        log_density = 0.5 * (known @ (moved * terms.means) - values @ moved)[:, 0]
        log_density += terms.constant - 0.5 * (d - q) * LOG_2PI
        if q:
            blocks = terms.precisions[group.patterns[:, np.newaxis], group.patterns]
            self._factors = cholesky_in_place(blocks)
            diagonal = np.einsum("iipc->ipc", self._factors)
            log_det = np.log(diagonal).sum(axis=0)
            by_row = self._factors[:, :, group.pattern]
            right = moved[np.arange(n), group.missing]
            solve_lower(by_row, right)
            log_density += 0.5 * np.einsum("qnc,qnc->nc", right, right) - log_det[group.pattern]
            self._solved = solve_upper(by_row, right)
        return np.ascontiguousarray(log_density.T).reshape(*terms.shape, n)

    def statistics(self, responsibilities: FloatArray) -> SufficientStatistics:
        group, terms = self._group, self._terms
        n, q, (d, c) = len(group.rows), len(group.missing), terms.means.shape
        weights = np.ascontiguousarray(responsibilities.reshape(c, n).T)
        n_pairs = d * (d + 1) // 2
        first = group.linear[:, :d].T @ weights
        second = group.products.T @ weights
        if q:
            expected = terms.means[group.missing] - self._solved
            weighted = weights * expected
            a, b = upper_pairs(q)
            spread = inverse_from_cholesky(self._factors)[a, b] * (group.rows_of_pattern @ weights)
            parts = [weighted, weighted[a] * expected[b], spread]
            sums = group.scatter @ np.concatenate([part.reshape(-1, c) for part in parts])
            first += sums[:d]
            second += sums[d:]
        b_, k_ = terms.shape
        return SufficientStatistics(
            mass=responsibilities.sum(axis=2),
            first=first.T.reshape(b_, k_, d),
            second=second.T.reshape(b_, k_, n_pairs),
            covariance_type="full",
        )
