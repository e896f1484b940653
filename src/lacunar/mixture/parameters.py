"""Parameters of a batch of Gaussian mixtures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray

CovarianceType = Literal["full", "diag"]


@dataclass(frozen=True, slots=True)
class MixtureParameters:
    """Weights, means and covariances of ``B`` mixtures of ``K`` Gaussians in ``D`` dimensions.

    Restarts of one K are advanced together, so the first axis of every array is the restart.

    Parameters
    ----------
    weights : ndarray of shape (B, K)
        Mixing proportions; each row sums to one.
    means : ndarray of shape (B, K, D)
    covariances : ndarray of shape (B, K, D, D) or (B, K, D)
        Full matrices, or the diagonals of diagonal ones.

    Examples
    --------
    >>> p = MixtureParameters(np.ones((1, 1)), np.zeros((1, 1, 2)), np.ones((1, 1, 2)))
    >>> p.covariance_type, p.n_components, p.n_free
    ('diag', 1, 4)
    """

    weights: FloatArray
    means: FloatArray
    covariances: FloatArray

    @property
    def covariance_type(self) -> CovarianceType:
        return "full" if self.covariances.ndim == 4 else "diag"

    @property
    def n_restarts(self) -> int:
        return len(self.weights)

    @property
    def n_components(self) -> int:
        return int(self.weights.shape[1])

    @property
    def n_features(self) -> int:
        return int(self.means.shape[2])

    @property
    def n_free(self) -> int:
        """Number of free parameters of one mixture, as BIC counts them."""
        d, k = self.n_features, self.n_components
        per_covariance = d * (d + 1) // 2 if self.covariance_type == "full" else d
        return k * per_covariance + k * d + k - 1

    def take(self, restarts: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Self:
        """Return the mixtures of the given restarts, as a batch."""
        return type(self)(self.weights[restarts], self.means[restarts], self.covariances[restarts])

    def put(self, restarts: NDArray[np.intp], other: MixtureParameters) -> None:
        """Write ``other`` into the rows ``restarts`` of this batch."""
        self.weights[restarts] = other.weights
        self.means[restarts] = other.means
        self.covariances[restarts] = other.covariances

    def moved_by(self, shift: FloatArray) -> Self:
        """Return the mixtures with ``shift`` of shape (D,) added to every mean."""
        return type(self)(self.weights, self.means + shift, self.covariances)

    def copy(self) -> Self:
        return type(self)(self.weights.copy(), self.means.copy(), self.covariances.copy())


def smallest_variance(parameters: MixtureParameters) -> FloatArray:
    """Smallest eigenvalue over the covariances of each mixture, shape (B,).

    Examples
    --------
    >>> smallest_variance(
    ...     MixtureParameters(np.ones((1, 1)), np.zeros((1, 1, 2)), np.array([[[4.0, 9.0]]]))
    ... ).tolist()
    [4.0]
    """
    full = parameters.covariance_type == "full"
    variances = np.linalg.eigvalsh(parameters.covariances) if full else parameters.covariances
    return np.asarray(variances.min(axis=(1, 2)))
