"""The Gaussian mixture as a scikit-learn estimator."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from lacunar.aliases import FloatArray
from lacunar.errors import InputError
from lacunar.mixture.checks import (
    check_covariance_type,
    check_numbers,
    check_prior_rows,
    checked_noise,
    checked_rows,
    checked_start,
    checked_weights,
    covariances_from_precisions,
)
from lacunar.mixture.covariance_types import (
    SklearnCovarianceType,
    cholesky_of_precisions,
    covariances_of,
    covariances_shape,
    inner_form,
    parameters_of,
    precisions_of,
)
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em import posterior
from lacunar.mixture.em_options import EmOptions
from lacunar.mixture.fit_report import FitReport
from lacunar.mixture.parameters import MixtureParameters
from lacunar.mixture.restarts import Restarts
from lacunar.mixture.seeds import seeds_of

# Type and least value of each number among the parameters.
_BOUNDS: dict[str, tuple[type, int]] = {
    "n_components": (Integral, 1),
    "tol": (Real, 0),
    "reg_covar": (Real, 0),
    "max_iter": (Integral, 1),
    "n_init": (Integral, 1),
    "verbose_interval": (Integral, 1),
}


class GaussianMixture(DensityMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Gaussian mixture of rows that may have gaps, all restarts advanced together.

    NaN is a gap: it is left out of the likelihood and never filled. On complete rows, without a
    prior and from one restart, the result is that of ``sklearn.mixture.GaussianMixture`` with the
    same arguments. Sources: Dempster, Laird and Rubin (1977); Ghahramani and Jordan (1994).

    Parameters
    ----------
    n_components : int
    covariance_type : {"full", "tied", "diag", "spherical"}
    tol : float
        EM stops when the mean log-likelihood changes by less.
    reg_covar : float
        Added to every variance.
    max_iter : int
    n_init : int
        Restarts; the one with the highest lower bound is kept. With an integer ``random_state``
        they use consecutive seeds.
    weights_init : array-like of shape (K,), optional
    means_init : array-like of shape (K, D), optional
    precisions_init : array-like of the shape of ``covariances_``, optional
        Parameters to start from; those that are not given come from k-means.
    prior_rows : float, optional
        Weight, in rows, of a proper prior on the covariances, which is then used instead of
        ``reg_covar``; see :class:`~lacunar.mixture.prior.CovariancePrior`.
    random_state : int, RandomState or None
    warm_start : bool
        Whether ``fit`` continues from the parameters of the fit before it.
    verbose : int
        1 prints the iterations, 2 also times and lower bounds.
    verbose_interval : int
        Number of iterations between two lines.

    Attributes
    ----------
    weights_ : ndarray of shape (K,)
    means_ : ndarray of shape (K, D)
    covariances_ : ndarray
        Shape (K, D, D) if full, (D, D) if tied, (K, D) if diag, (K,) if spherical.
    precisions_ : ndarray of the shape of ``covariances_``
    precisions_cholesky_ : ndarray of the shape of ``covariances_``
        Upper triangular ``U`` with ``U U'`` the precision matrix, or roots of the precisions.
    converged_ : bool
    n_iter_ : int
    lower_bound_ : float
        Mean log-likelihood at the last E step, plus the log prior per row if there is one.
    lower_bounds_ : list of float
        The same at each E step of the restart that is kept.
    n_features_in_ : int

    Examples
    --------
    >>> x = np.concatenate([np.zeros((20, 1)), np.ones((20, 1)) * 9])
    >>> x += np.linspace(0, 1, 40)[:, np.newaxis]
    >>> GaussianMixture(2, random_state=0).fit(x).weights_.round(2).tolist()
    [0.5, 0.5]
    """

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: SklearnCovarianceType = "full",
        tol: float = 1e-3,
        reg_covar: float = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        weights_init: ArrayLike | None = None,
        means_init: ArrayLike | None = None,
        precisions_init: ArrayLike | None = None,
        prior_rows: float | None = None,
        random_state: int | np.random.RandomState | None = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.prior_rows = prior_rows
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval

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
        self._fit_labels(X, noise)
        return self

    def fit_predict(
        self, X: ArrayLike, y: object = None, *, noise: ArrayLike | None = None
    ) -> NDArray[np.intp]:
        """Fit as :meth:`fit`, and return the most probable component of each row."""
        del y
        return self._fit_labels(X, noise)

    def _fit_labels(self, X: ArrayLike, noise: ArrayLike | None) -> NDArray[np.intp]:
        check_covariance_type(self.covariance_type)
        check_numbers(self, _BOUNDS)
        check_prior_rows(self.prior_rows)
        x = checked_rows(self, X, reset=True)
        if len(x) < self.n_components:
            raise ValueError(
                f"Expected n_samples >= n_components but got n_components = {self.n_components}, "
                f"n_samples = {len(x)}"
            )
        data = MixtureData(x, checked_noise(noise, x))
        try:
            with threadpool_limits(limits=1):
                fit = self._fit_restarts(data)
            best = int(fit.lower_bound.argmax())
            self._keep(fit, best)
        except np.linalg.LinAlgError as error:
            raise ValueError(
                "a covariance is not positive definite, or too small beside the range of the "
                "values: raise reg_covar, set prior_rows, or leave out constant and repeated "
                "columns"
            ) from error
        if not fit.converged[best]:
            warnings.warn(
                f"no convergence in {self.max_iter} iterations; raise max_iter or tol",
                ConvergenceWarning,
                stacklevel=3,
            )
        return np.asarray(fit.labels[best])

    def _fit_restarts(self, data: MixtureData) -> Restarts:
        form, pooled = inner_form(self.covariance_type)
        options = EmOptions(
            covariance_type=form,
            tol=self.tol,
            max_iter=self.max_iter,
            reg_covar=self.reg_covar,
            prior_users=self.prior_rows,
            pooled=pooled,
        )
        report = FitReport(self.verbose, self.verbose_interval) if self.verbose else None
        k = self.n_components
        if self.warm_start and hasattr(self, "converged_"):
            start = self._continued(data.values.shape[1])
            bound = np.array([self.lower_bound_])
            fit = options.fit_from(data, start, earlier_bound=bound, progress=report)
        elif any(v is not None for v in (self.weights_init, self.means_init, self.precisions_init)):
            start = self._with_given(
                options.start(data, k, seeds_of(self.random_state, self.n_init))
            )
            fit = options.fit_from(data, start, progress=report)
        else:
            fit = options.fit(data, k, seeds_of(self.random_state, self.n_init), progress=report)
        if report is not None:
            report.end(fit)
        return fit

    def _keep(self, fit: Restarts, best: int) -> None:
        parameters = fit.parameters.take(slice(best, best + 1))
        covariances, kind = covariances_of(parameters), self.covariance_type
        self.precisions_cholesky_ = cholesky_of_precisions(covariances, kind)
        self.precisions_ = precisions_of(self.precisions_cholesky_, kind)
        self.weights_ = parameters.weights[0]
        self.means_ = parameters.means[0]
        self.covariances_ = covariances
        self.converged_ = bool(fit.converged[best])
        self.n_iter_ = int(fit.n_iter[best])
        self.lower_bound_ = float(fit.lower_bound[best])
        self.lower_bounds_ = fit.history[best, : self.n_iter_].tolist()

    def _continued(self, n_features: int) -> MixtureParameters:
        """Parameters of the earlier fit, if they are of the present shape."""
        k, kind = self.n_components, self.covariance_type
        shapes = (k, n_features), covariances_shape(kind, k, n_features)
        if (self.means_.shape, self.covariances_.shape) != shapes:
            raise InputError(
                "expected the columns, the `n_components` and the `covariance_type` of the fit "
                "before",
                field="warm_start",
            )
        return self._parameters()

    def _with_given(self, start: MixtureParameters) -> MixtureParameters:
        """Starts with the parameters that the user gave."""
        start, k, d = start.copy(), start.n_components, start.n_features
        if self.weights_init is not None:
            start.weights[:] = checked_weights(self.weights_init, k)
        if self.means_init is not None:
            start.means[:] = checked_start(self.means_init, (k, d), "means_init")
        if self.precisions_init is not None:
            kind = self.covariance_type
            given = covariances_from_precisions(self.precisions_init, kind, k, d)
            start.covariances[:] = parameters_of(
                start.weights[0], start.means[0], given, kind
            ).covariances
        return start

    def predict(self, X: ArrayLike, *, noise: ArrayLike | None = None) -> NDArray[np.intp]:
        """Most probable component of each row, shape (N,); ``noise`` as in :meth:`fit`."""
        return np.asarray(self.predict_proba(X, noise=noise).argmax(axis=1))

    def predict_proba(self, X: ArrayLike, *, noise: ArrayLike | None = None) -> FloatArray:
        """Responsibilities, shape (N, K); ``noise`` as in :meth:`fit`."""
        return self._posterior(X, noise)[0]

    def score_samples(self, X: ArrayLike, *, noise: ArrayLike | None = None) -> FloatArray:
        """Log-likelihood of each row, shape (N,); ``noise`` as in :meth:`fit`."""
        return self._posterior(X, noise)[1]

    def score(self, X: ArrayLike, y: object = None, *, noise: ArrayLike | None = None) -> float:
        """Mean log-likelihood of the rows; ``noise`` as in :meth:`fit`."""
        del y
        return float(self.score_samples(X, noise=noise).mean())

    def bic(self, X: ArrayLike, *, noise: ArrayLike | None = None) -> float:
        """Bayesian information criterion on the rows; lower is better."""
        scores = self.score_samples(X, noise=noise)
        return float(-2 * scores.sum() + self._parameters().n_free * np.log(len(scores)))

    def aic(self, X: ArrayLike, *, noise: ArrayLike | None = None) -> float:
        """Akaike information criterion on the rows; lower is better."""
        total = self.score_samples(X, noise=noise).sum()
        return float(-2 * total + 2 * self._parameters().n_free)

    def sample(self, n_samples: int = 1) -> tuple[FloatArray, NDArray[np.intp]]:
        """Draw rows, shape (n_samples, D), and the component of each, shape (n_samples,)."""
        parameters = self._parameters()
        if n_samples < 1:
            raise ValueError(f"expected n_samples of at least 1, got {n_samples}")
        rng = check_random_state(self.random_state)
        counts = rng.multinomial(n_samples, self.weights_)
        labels = np.repeat(np.arange(self.n_components), counts)
        rows = [
            rng.multivariate_normal(mean, cov if cov.ndim == 2 else np.diag(cov), size=count)
            for mean, cov, count in zip(self.means_, parameters.covariances[0], counts, strict=True)
        ]
        return np.concatenate(rows), labels

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _parameters(self) -> MixtureParameters:
        check_is_fitted(self)
        return parameters_of(self.weights_, self.means_, self.covariances_, self.covariance_type)

    def _posterior(self, X: ArrayLike, noise: ArrayLike | None) -> tuple[FloatArray, FloatArray]:
        parameters = self._parameters()
        x = checked_rows(self, X, reset=False)
        rows = MixtureData(x, checked_noise(noise, x))
        with threadpool_limits(limits=1):
            responsibilities, log_likelihood = posterior(
                rows.observations(parameters.covariance_type), parameters
            )
        return responsibilities[0].T, log_likelihood[0]
