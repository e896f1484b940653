"""Complete rows whose groups are far apart beside their spread, computed from differences.

The matrix products of :mod:`lacunar.mixture.rows.complete` subtract squares of the distance to the
origin. Where these are 1e9 times the variance of a group, too few digits remain. Here densities and
sums come from ``x - mean`` of each component, which is slower and loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lacunar.aliases import FloatArray
from lacunar.mixture.em import LOG_2PI
from lacunar.mixture.linalg import upper_pairs, whiten
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.mixture.statistics import SufficientStatistics

# A block holds about this many numbers per intermediate array (8 MB).
_BLOCK_NUMBERS = 1 << 20


def direct_blocks(x: FloatArray, parameters: MixtureParameters) -> Iterator[DirectBlock]:
    """Blocks of the rows ``x`` of shape (N, D), both relative to the same origin."""
    b, k, d = parameters.means.shape
    step = max(1, _BLOCK_NUMBERS // (b * k + d * (d + 1)))
    for first in range(0, len(x), step):
        yield DirectBlock.of(x, slice(first, min(first + step, len(x))), parameters)


@dataclass(frozen=True, slots=True)
class DirectBlock:
    """Some rows under a batch of mixtures."""

    rows: slice
    joint: FloatArray
    x: FloatArray
    parameters: MixtureParameters

    @classmethod
    def of(cls, x: FloatArray, rows: slice, parameters: MixtureParameters) -> DirectBlock:
        """Densities of the rows in a slice."""
        part = x[rows]
        b, k, d = parameters.means.shape
        full = parameters.covariance_type == "full"
        if full:
            whitening, log_det = whiten(parameters.covariances)
        else:
            whitening = 1 / np.sqrt(parameters.covariances)
            log_det = np.log(parameters.covariances).sum(axis=2)
        joint = np.empty((b, k, len(part)))
        for one in np.ndindex(b, k):
            z = part - parameters.means[one]
            white = z @ whitening[one].T if full else z * whitening[one]
            joint[one] = -0.5 * (white**2).sum(axis=1)
        constant = np.log(parameters.weights) - 0.5 * (log_det + d * LOG_2PI)
        joint += constant[..., np.newaxis]
        return cls(rows, joint, part, parameters)

    def statistics(self, responsibilities: FloatArray) -> SufficientStatistics:
        """Sums about the means of the components."""
        means, form = self.parameters.means, self.parameters.covariance_type
        return sums_about(means, self.x, responsibilities, form)


def sums_about(
    centre: FloatArray, x: FloatArray, responsibilities: FloatArray, form: CovarianceType
) -> SufficientStatistics:
    """Sums relative to a point of each component, of shape (B, K, D)."""
    b, k, d = centre.shape
    i, j = upper_pairs(d)
    first, second = np.empty((b, k, d)), np.empty((b, k, i.size if form == "full" else d))
    for one in np.ndindex(b, k):
        z, r = x - centre[one], responsibilities[one]
        first[one] = r @ z
        second[one] = ((z * r[:, np.newaxis]).T @ z)[i, j] if form == "full" else r @ z**2
    return SufficientStatistics(responsibilities.sum(axis=2), first, second, form, centre)
