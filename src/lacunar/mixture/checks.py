"""Checks of what users pass to the estimators."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from lacunar.aliases import FloatArray
from lacunar.errors import InputError
from lacunar.mixture.covariance_types import (
    SklearnCovarianceType,
    cholesky_of_precisions,
    covariances_shape,
    precisions_of,
)

# A cell with more noise has no information, and products of precisions would underflow: use NaN.
_MOST_NOISE = 1e30
# Squares of larger values, summed over rows, would be infinite.
_LARGEST_VALUE = 1e150


def check_covariance_type(covariance_type: object) -> None:
    """Refuse any other covariance type than the four of scikit-learn."""
    kinds = get_args(SklearnCovarianceType)
    if covariance_type not in kinds:
        raise InputError(
            f"expected {', '.join(kinds[:-1])} or {kinds[-1]}, got {covariance_type!r}",
            field="covariance_type",
        )


def check_numbers(estimator: object, bounds: Mapping[str, tuple[type, int]]) -> None:
    """Check the type and the least value of parameters of an estimator.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> check_numbers(SimpleNamespace(tol=-1), {"tol": (Real, 0)})
    Traceback (most recent call last):
    lacunar.errors.InputError: tol: expected a number of at least 0, got -1
    """
    for name, (kind, least) in bounds.items():
        value: Any = getattr(estimator, name)
        is_number = isinstance(value, kind) and not isinstance(value, bool)
        if not (is_number and value >= least):
            what = "a whole number" if kind is Integral else "a number"
            raise InputError(f"expected {what} of at least {least}, got {value!r}", field=name)


def check_prior_rows(prior_rows: Any) -> None:
    """Refuse a weight of the prior that is neither None nor a number of at least 0."""
    is_number = isinstance(prior_rows, Real) and not isinstance(prior_rows, bool)
    if prior_rows is not None and not (is_number and float(prior_rows) >= 0):
        raise InputError(
            f"expected a number of at least 0 or None, got {prior_rows!r}", field="prior_rows"
        )


def check_size(x: FloatArray) -> None:
    """Refuse values whose squares cannot be summed."""
    if (np.abs(x) > _LARGEST_VALUE).any():
        raise InputError(
            f"expected values from {-_LARGEST_VALUE:g} to {_LARGEST_VALUE:g}, got "
            f"{np.nanmax(np.abs(x)):g}: divide the column by a number"
        )


def checked_noise(noise: ArrayLike | None, x: FloatArray) -> FloatArray | None:
    """Noise variances as an array of the shape of ``x``; what they are in gaps does not matter."""
    if noise is None:
        return None
    variances = np.asarray(noise, dtype=np.float64)
    if variances.shape != x.shape:
        raise ValueError(f"expected noise of shape {x.shape}, got {variances.shape}")
    known = variances[~np.isnan(x)]
    if not ((known >= 0) & (known <= _MOST_NOISE)).all():
        raise ValueError(f"expected noise of 0 to {_MOST_NOISE:g} in every known cell")
    return variances


def checked_start(value: ArrayLike, shape: tuple[int, ...], name: str) -> FloatArray:
    """A given start as an array of finite numbers of some shape."""
    array = np.asarray(value, dtype=np.float64)
    if array.shape != shape:
        raise InputError(f"expected shape {shape}, got {array.shape}", field=name)
    if not np.isfinite(array).all():
        raise InputError("expected finite numbers", field=name)
    return array


def checked_weights(value: ArrayLike, n_components: int) -> FloatArray:
    """Given weights of the components."""
    weights = checked_start(value, (n_components,), "weights_init")
    if not (weights > 0).all() or abs(weights.sum() - 1) > 1e-6:
        raise InputError(
            f"expected numbers above 0 with the sum 1, got {weights.tolist()}",
            field="weights_init",
        )
    return weights


def covariances_from_precisions(
    value: ArrayLike, covariance_type: SklearnCovarianceType, n_components: int, n_features: int
) -> FloatArray:
    """Inverses of given precisions.

    Examples
    --------
    >>> covariances_from_precisions([4.0], "spherical", 1, 3).tolist()
    [0.25]
    """
    shape = covariances_shape(covariance_type, n_components, n_features)
    precisions = checked_start(value, shape, "precisions_init")
    try:
        return precisions_of(cholesky_of_precisions(precisions, covariance_type), covariance_type)
    except np.linalg.LinAlgError as error:
        raise InputError(
            "expected positive definite precisions", field="precisions_init"
        ) from error


def checked_rows(estimator: BaseEstimator, rows: ArrayLike, *, reset: bool) -> FloatArray:
    """Return rows as numbers of shape (N, D), NaN where unknown.

    Parameters
    ----------
    estimator : BaseEstimator
    rows : array-like of shape (N, D)
    reset : bool
        True for a fit: the estimator takes the columns. False: they must be those of the fit.

    Raises
    ------
    ValueError
        If they are no such rows, or too few for a fit.
    """
    x = validate_data(
        estimator,
        rows,
        reset=reset,
        dtype=np.float64,
        ensure_min_samples=2 if reset else 1,
        ensure_all_finite="allow-nan",
    )
    check_size(x)
    return np.asarray(x)
