"""The four covariance types of scikit-learn, and their two forms inside the fits.

Fits know full matrices and diagonals. ``tied`` is one full matrix for all components, ``spherical``
one variance for all features of a component; both are fitted as ``pooled`` parameters.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from lacunar.aliases import FloatArray
from lacunar.mixture.linalg import whiten
from lacunar.mixture.parameters import CovarianceType, MixtureParameters

SklearnCovarianceType = Literal["full", "tied", "diag", "spherical"]


def inner_form(covariance_type: SklearnCovarianceType) -> tuple[CovarianceType, bool]:
    """Form inside the fits, and whether it is pooled.

    Examples
    --------
    >>> inner_form("tied"), inner_form("diag")
    (('full', True), ('diag', False))
    """
    form: CovarianceType = "full" if covariance_type in {"full", "tied"} else "diag"
    return form, covariance_type in {"tied", "spherical"}


def covariances_shape(
    covariance_type: SklearnCovarianceType, n_components: int, n_features: int
) -> tuple[int, ...]:
    """Shape of ``covariances_`` in scikit-learn.

    Examples
    --------
    >>> covariances_shape("full", 2, 3), covariances_shape("spherical", 2, 3)
    ((2, 3, 3), (2,))
    """
    k, d = n_components, n_features
    return {"full": (k, d, d), "tied": (d, d), "diag": (k, d), "spherical": (k,)}[covariance_type]


def covariances_of(parameters: MixtureParameters) -> FloatArray:
    """Covariances of the first mixture of a batch, in the shape of scikit-learn.

    Examples
    --------
    >>> one = parameters_of(np.ones(1), np.zeros((1, 2)), np.ones(1), "spherical")
    >>> covariances_of(one).tolist()
    [1.0]
    """
    covariances: FloatArray = parameters.covariances[0]
    if not parameters.pooled:
        return covariances
    return np.asarray(covariances[0] if parameters.covariance_type == "full" else covariances[:, 0])


def parameters_of(
    weights: FloatArray,
    means: FloatArray,
    covariances: FloatArray,
    covariance_type: SklearnCovarianceType,
) -> MixtureParameters:
    """Batch of one mixture from arrays in the shapes of scikit-learn.

    Examples
    --------
    >>> parameters_of(np.ones(1), np.zeros((1, 2)), np.ones(1), "spherical").covariances.tolist()
    [[[1.0, 1.0]]]
    """
    if covariance_type == "spherical":
        covariances = np.repeat(covariances[:, np.newaxis], means.shape[1], axis=1)
    elif covariance_type == "tied":
        covariances = np.repeat(covariances[np.newaxis], len(means), axis=0)
    pooled = inner_form(covariance_type)[1]
    return MixtureParameters(
        weights[np.newaxis], means[np.newaxis], covariances[np.newaxis], pooled
    )


def cholesky_of_precisions(
    covariances: FloatArray, covariance_type: SklearnCovarianceType
) -> FloatArray:
    """Upper triangular ``U`` with ``U U'`` the precision matrix, or roots of precisions.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a covariance is not positive definite.

    Examples
    --------
    >>> cholesky_of_precisions(np.array([4.0]), "spherical").tolist()
    [0.5]
    """
    if inner_form(covariance_type)[0] == "full":
        return np.swapaxes(whiten(covariances)[0], -1, -2)
    if not (covariances > 0).all():
        raise np.linalg.LinAlgError("a variance is not positive")
    return np.asarray(1 / np.sqrt(covariances))


def precisions_of(
    precisions_cholesky: FloatArray, covariance_type: SklearnCovarianceType
) -> FloatArray:
    """Inverses of the covariances, from :func:`cholesky_of_precisions`.

    Examples
    --------
    >>> precisions_of(np.array([0.5]), "spherical").tolist()
    [0.25]
    """
    if inner_form(covariance_type)[0] == "full":
        return precisions_cholesky @ np.swapaxes(precisions_cholesky, -1, -2)
    return precisions_cholesky**2
