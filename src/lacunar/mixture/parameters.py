"""Parameters of a batch of Gaussian mixtures."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    pooled : bool
        Whether the components share one full matrix (scikit-learn's "tied"), or the features one
        variance per component ("spherical"). The arrays repeat the shared numbers.

    Examples
    --------
    >>> p = MixtureParameters(np.ones((1, 1)), np.zeros((1, 1, 2)), np.ones((1, 1, 2)))
    >>> p.covariance_type, p.n_components, p.n_free
    ('diag', 1, 4)
    """

    weights: FloatArray
    means: FloatArray
    covariances: FloatArray
    pooled: bool = False

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
        if self.covariance_type == "full":
            in_covariances = d * (d + 1) // 2 * (1 if self.pooled else k)
        else:
            in_covariances = k * (1 if self.pooled else d)
        return in_covariances + k * d + k - 1

    def take(self, restarts: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Self:
        """Return the mixtures of the given restarts, as a batch."""
        return replace(
            self,
            weights=self.weights[restarts],
            means=self.means[restarts],
            covariances=self.covariances[restarts],
        )

    def put(self, restarts: NDArray[np.intp], other: MixtureParameters) -> None:
        """Write ``other`` into the rows ``restarts`` of this batch."""
        self.weights[restarts] = other.weights
        self.means[restarts] = other.means
        self.covariances[restarts] = other.covariances

    def moved_by(self, shift: FloatArray) -> Self:
        """Return the mixtures with ``shift`` of shape (D,) added to every mean."""
        return replace(self, means=self.means + shift)

    def copy(self) -> Self:
        return self.take(np.arange(self.n_restarts))


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
