"""Conjugate prior on the covariances of a Gaussian mixture.

It keeps the likelihood bounded when a component shrinks onto a few rows. The prior is inverse
Wishart for full covariances and inverse gamma per variance for diagonal ones. Its scale comes from
the data: the expected variance of each of K components is K^(-2/D) times the overall variance, the
variance that remains when the data are cut into K equal parts. Source: Fraley and Raftery (2007),
"Bayesian regularization for normal mixture estimation and model-based clustering".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from lacunar.aliases import FloatArray
from lacunar.mixture.linalg import upper_pairs
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.mixture.statistics import column_moments


@dataclass(frozen=True, slots=True)
class CovariancePrior:
    """Degrees of freedom and scale of the prior; the M step shrinks covariances towards its mode.

    Parameters
    ----------
    degrees : float
        At least D + 2 for full covariances and 3 for diagonal ones, so that the mean exists.
    scale : ndarray of shape (D,)
        Diagonal of the scale matrix, in squared units of the data.
    covariance_type : {"full", "diag"}
    """

    degrees: float
    scale: FloatArray
    covariance_type: CovarianceType

    @classmethod
    def from_data(
        cls,
        x: FloatArray,
        n_components: int,
        covariance_type: CovarianceType,
        *,
        weight: float = 0.0,
    ) -> Self:
        """Take the scale from the known cells of ``x`` of shape (N, D).

        A constant column gets the mean variance of the others (1 if all are constant). ``weight``
        is added to the degrees of freedom, so that the prior weighs as much as that many more
        rows. The expected variance stays the same.

        Examples
        --------
        >>> prior = CovariancePrior.from_data(np.array([[0.0, 0.0], [2.0, 4.0]]), 4, "full")
        >>> prior.degrees, prior.scale.tolist()
        (4.0, [0.25, 1.0])
        """
        _, variances = column_moments(x)
        return cls.from_variances(variances, n_components, covariance_type, weight=weight)

    @classmethod
    def from_variances(
        cls,
        variances: FloatArray,
        n_components: int,
        covariance_type: CovarianceType,
        *,
        weight: float = 0.0,
    ) -> Self:
        """As :meth:`from_data`, from the variances of the columns, shape (D,).

        Examples
        --------
        >>> CovariancePrior.from_variances(np.array([1.0, 4.0]), 4, "full").scale.tolist()
        [0.25, 1.0]
        """
        constant = variances <= 0
        if constant.any():
            others = variances[~constant]
            variances = np.where(constant, others.mean() if others.size else 1.0, variances)
        d = len(variances)
        weakest = d + 2 if covariance_type == "full" else 3
        expected = variances * n_components ** (-2 / d)
        # The mean of the prior is scale / (degrees - weakest + 1).
        return cls(weakest + weight, expected * (1 + weight), covariance_type)

    @property
    def strength(self) -> float:
        """Number added to the mass of a component when its covariance is estimated."""
        d = len(self.scale)
        return self.degrees + d + 1 if self.covariance_type == "full" else self.degrees + 2

    def posterior_mode(self, scatter: FloatArray, mass: FloatArray) -> FloatArray:
        """Covariances that maximise likelihood times prior.

        Parameters
        ----------
        scatter : ndarray of shape (B, K, P) or (B, K, D)
            Packed sums of squares and products about the means, or sums of squares.
        mass : ndarray of shape (B, K)

        Returns
        -------
        covariances : ndarray of the shape of ``scatter``
        """
        scale = self.scale
        if self.covariance_type == "full":
            i, j = upper_pairs(len(scale))
            scale = np.where(i == j, scale[i], 0.0)
        return np.asarray((scatter + scale) / (mass + self.strength)[..., np.newaxis])

    def mean_over_mode(self, mass: FloatArray) -> FloatArray:
        """Posterior mean of covariances divided by their mode, which is smaller.

        Parameters
        ----------
        mass : ndarray
            Rows behind each covariance.
        """
        between = 2 * (len(self.scale) + 1) if self.covariance_type == "full" else 4
        return np.asarray((mass + self.strength) / (mass + self.strength - between))

    def log_density(self, parameters: MixtureParameters) -> FloatArray:
        """Log prior of each mixture of a batch, up to a constant, shape (B,)."""
        covariances = parameters.covariances
        if self.covariance_type == "full":
            log_det = np.linalg.slogdet(covariances)[1]
            diagonal = np.einsum("...ii->...i", np.linalg.inv(covariances))
        else:
            log_det = np.log(covariances).sum(axis=-1)
            diagonal = 1 / covariances
        terms = self.strength * log_det + (self.scale * diagonal).sum(axis=-1)
        # A matrix that the components share has one prior.
        tied = parameters.pooled and self.covariance_type == "full"
        return np.asarray(-0.5 * (terms[:, 0] if tied else terms.sum(axis=1)))
