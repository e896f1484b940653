"""Imputation by a Gaussian mixture, as a scikit-learn transformer."""

from __future__ import annotations

import warnings
from dataclasses import replace
from numbers import Integral, Real
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

from lacunar.aliases import FloatArray
from lacunar.errors import InputError
from lacunar.mixture.checks import (
    check_covariance_type,
    check_numbers,
    check_prior_rows,
    checked_noise,
    checked_rows,
)
from lacunar.mixture.conditional import fill_gaps
from lacunar.mixture.covariance_types import SklearnCovarianceType, inner_form
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em_options import EmOptions
from lacunar.mixture.held_out_cells import choose_by_held_out_cells
from lacunar.mixture.parameters import MixtureParameters
from lacunar.mixture.seeds import seeds_of
from lacunar.mixture.statistics import column_moments
from lacunar.parallel import one_blas_thread

# What "auto" chooses from.
_COMPONENTS = (1, 2, 3, 5, 8)
_PRIOR_ROWS = (1.0, 3.0, 10.0, 30.0)
_BOUNDS: dict[str, tuple[type, int]] = {
    "n_init": (Integral, 1),
    "tol": (Real, 0),
    "max_iter": (Integral, 1),
}


class GaussianMixtureImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Values for unknown cells, from a Gaussian mixture fitted to the known ones.

    A cell gets its expected value given the known cells of its row, or a draw from its
    distribution. Known cells stay as they are. A row without any known cell gets the mean of the
    mixture; a column without any known cell in ``fit`` is refused.

    Parameters
    ----------
    n_components : int or "auto"
        "auto" hides a fifth of the known cells, fills them from mixtures of 1, 2, 3, 5 and 8
        components, and takes the fewest with a squared error close to the least.
    covariance_type : {"full", "tied", "diag", "spherical"}
    prior_rows : float, "auto" or None
        Weight, in rows, of the prior on the covariances; see
        :class:`~lacunar.mixture.prior.CovariancePrior`. "auto" chooses 1, 3, 10 or 30 as
        ``n_components`` is chosen.
    method : {"mean", "draw"}
        "mean" has the least squared error. "draw" keeps variances and correlations, as multiple
        imputation needs.
    n_init : int
        Restarts of the final fit.
    tol : float
        EM stops when the mean log-likelihood changes by less.
    max_iter : int
    random_state : int, RandomState or None
        Of starts, hidden cells and draws.

    Attributes
    ----------
    n_components_ : int
    prior_rows_ : float or None
    held_out_errors_ : dict of (int, float or None) to float
        Root mean square error for hidden cells by number of components and prior, in standard
        deviations of the columns; empty if nothing was chosen.
    weights_ : ndarray of shape (K,)
    means_ : ndarray of shape (K, D)
    covariances_ : ndarray of shape (K, D, D) or (K, D)
        Full matrices, also of the type "tied", or diagonals, also of the type "spherical".
    n_iter_ : int
        Iterations of the final fit.
    n_features_in_ : int

    Examples
    --------
    >>> x = np.linspace(0, 10, 200)[:, np.newaxis] * [1.0, 2.0]
    >>> x[50, 1] = np.nan
    >>> GaussianMixtureImputer(1, prior_rows=None).fit_transform(x)[50].round(1).tolist()
    [2.5, 5.0]
    """

    def __init__(
        self,
        n_components: int | Literal["auto"] = "auto",
        *,
        covariance_type: SklearnCovarianceType = "full",
        prior_rows: float | Literal["auto"] | None = "auto",
        method: Literal["mean", "draw"] = "mean",
        n_init: int = 3,
        tol: float = 1e-3,
        max_iter: int = 100,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.prior_rows = prior_rows
        self.method = method
        self.n_init = n_init
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: object = None, *, noise: ArrayLike | None = None) -> Self:
        """Fit the mixture to rows of shape (N, D), NaN where unknown.

        Parameters
        ----------
        X : array-like of shape (N, D)
        y : ignored
        noise : array-like of shape (N, D), optional
            Variance of each known cell; the mixture then describes the rows without noise.
        """
        del y
        self._check_parameters()
        x = checked_rows(self, X, reset=True)
        self._check_columns(x)
        if self.n_components != "auto" and self.n_components > len(x):
            raise InputError(
                f"expected at most the number of rows, {len(x)}, got {self.n_components}",
                field="n_components",
            )
        # Columns of one scale, for k-means and the prior.
        location, variances = column_moments(x)
        scale = np.sqrt(np.where(variances > 0, variances, 1.0))
        variances_of_cells = checked_noise(noise, x)
        if variances_of_cells is not None:
            variances_of_cells = variances_of_cells / scale**2
        data = MixtureData((x - location) / scale, variances_of_cells)
        try:
            with one_blas_thread():
                mixture = self._fit(data)
        except np.linalg.LinAlgError as error:
            raise ValueError(
                "a covariance is not positive definite: set prior_rows, or leave out constant and "
                "repeated columns"
            ) from error
        self.weights_ = mixture.weights[0]
        self.means_ = mixture.means[0] * scale + location
        full = mixture.covariance_type == "full"
        squares = scale[:, np.newaxis] * scale if full else scale**2
        self.covariances_ = mixture.covariances[0] * squares
        return self

    def transform(self, X: ArrayLike, *, noise: ArrayLike | None = None) -> FloatArray:
        """Rows with values in their gaps, shape (N, D); ``noise`` as in :meth:`fit`."""
        check_is_fitted(self)
        x = checked_rows(self, X, reset=False)
        data = MixtureData(x, checked_noise(noise, x))
        mixture = MixtureParameters(
            self.weights_[np.newaxis], self.means_[np.newaxis], self.covariances_[np.newaxis]
        )
        rng = check_random_state(self.random_state) if self.method == "draw" else None
        with one_blas_thread():
            return fill_gaps(data, mixture, rng)

    def fit_transform(
        self, X: ArrayLike, y: object = None, *, noise: ArrayLike | None = None
    ) -> FloatArray:
        """Fit to rows, and fill their gaps."""
        return self.fit(X, y, noise=noise).transform(X, noise=noise)

    def _fit(self, data: MixtureData) -> MixtureParameters:
        form, pooled = inner_form(self.covariance_type)
        options = EmOptions(form, self.tol, self.max_iter, pooled=pooled)
        seeds = seeds_of(self.random_state, self.n_init)
        k, prior = self.n_components, self.prior_rows
        self.held_out_errors_: dict[tuple[int, float | None], float] = {}
        if k == "auto" or prior == "auto":
            most = max(1, len(data.values) // 2)
            choice = choose_by_held_out_cells(
                data,
                options,
                n_components=[c for c in _COMPONENTS if c <= most] if k == "auto" else [k],
                prior_rows=_PRIOR_ROWS if prior == "auto" else [prior],
                seed=seeds[0],
            )
            k, prior, self.held_out_errors_ = choice.n_components, choice.prior_rows, choice.errors
        self.n_components_, self.prior_rows_ = k, prior
        options = replace(options, prior_users=prior)
        fit = options.fit(data, k, seeds)
        best = int(fit.lower_bound.argmax())
        mixture = fit.parameters.take(slice(best, best + 1))
        self.n_iter_ = int(fit.n_iter[best])
        if not fit.converged[best]:
            warnings.warn(
                f"no convergence in {self.max_iter} iterations; raise max_iter or tol",
                ConvergenceWarning,
                stacklevel=3,
            )
        prior_density = options.prior(data, k)
        if prior_density is None:
            return mixture
        # EM finds the modes of the covariances; draws need their means, which are larger.
        mass = len(data.values) * mixture.weights
        if self.covariance_type == "tied":
            mass = np.full_like(mass, len(data.values))
        ratio = prior_density.mean_over_mode(mass).reshape(
            1, -1, *[1] * (mixture.covariances.ndim - 2)
        )
        return replace(mixture, covariances=mixture.covariances * ratio)

    def _check_columns(self, x: FloatArray) -> None:
        empty = np.flatnonzero(np.isnan(x).all(axis=0))
        if empty.size:
            names = self.get_feature_names_out()[empty]
            raise InputError(
                f"expected a known value in every column, got none in {', '.join(names)}: leave "
                "the column out"
            )

    def _check_parameters(self) -> None:
        check_covariance_type(self.covariance_type)
        bounds = dict(_BOUNDS)
        if self.n_components != "auto":
            bounds["n_components"] = (Integral, 1)
        check_numbers(self, bounds)
        if self.prior_rows != "auto":
            check_prior_rows(self.prior_rows)
        if self.method not in {"mean", "draw"}:
            raise InputError(f"expected mean or draw, got {self.method!r}", field="method")

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
