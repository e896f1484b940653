"""The Gaussian mixture as a scikit-learn estimator."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, Self, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from lacunar.aliases import FloatArray
from lacunar.errors import InputError
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em import posterior
from lacunar.mixture.model_selection import EmOptions
from lacunar.mixture.parameters import CovarianceType, MixtureParameters

# A cell with more noise has no information, and products of precisions would underflow: use NaN.
_MOST_NOISE = 1e30
# Type and least value of each number among the parameters.
_BOUNDS: dict[str, tuple[type, int]] = {
    "n_components": (Integral, 1),
    "tol": (Real, 0),
    "reg_covar": (Real, 0),
    "max_iter": (Integral, 1),
    "n_init": (Integral, 1),
    "prior_rows": (Real, 0),
}


class GaussianMixture(DensityMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Gaussian mixture of rows that may have gaps, all restarts advanced together.

    NaN is a gap: it is left out of the likelihood and never filled. On complete rows, without a
    prior and from one restart, the result is that of ``sklearn.mixture.GaussianMixture`` with the
    same arguments. Sources: Dempster, Laird and Rubin (1977); Ghahramani and Jordan (1994).

    Parameters
    ----------
    n_components : int
    covariance_type : {"full", "diag"}
    tol : float
        EM stops when the mean log-likelihood changes by less.
    reg_covar : float
        Added to every variance.
    max_iter : int
    n_init : int
        Restarts; the one with the highest lower bound is kept. With an integer ``random_state``
        they use consecutive seeds.
    prior_rows : float, optional
        Weight, in rows, of a proper prior on the covariances, which is then used instead of
        ``reg_covar``; see :class:`~lacunar.mixture.prior.CovariancePrior`.
    random_state : int, RandomState or None

    Attributes
    ----------
    weights_ : ndarray of shape (K,)
    means_ : ndarray of shape (K, D)
    covariances_ : ndarray of shape (K, D, D) or (K, D)
    converged_ : bool
    n_iter_ : int
    lower_bound_ : float
        Mean log-likelihood at the last E step, plus the log prior per row if there is one.
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
        covariance_type: CovarianceType = "full",
        tol: float = 1e-3,
        reg_covar: float = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        prior_rows: float | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.prior_rows = prior_rows
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
        self._fit_labels(X, noise)
        return self

    def fit_predict(self, X: ArrayLike, y: object = None) -> NDArray[np.intp]:
        """Fit, and return the most probable component of each row."""
        del y
        return self._fit_labels(X, None)

    def _fit_labels(self, X: ArrayLike, noise: ArrayLike | None) -> NDArray[np.intp]:
        self._check_parameters()
        x = self._validated(X, reset=True)
        if len(x) < self.n_components:
            raise ValueError(
                f"Expected n_samples >= n_components but got n_components = {self.n_components}, "
                f"n_samples = {len(x)}"
            )
        variances = None if noise is None else _checked_noise(noise, x)
        options = EmOptions(
            covariance_type=self.covariance_type,
            tol=self.tol,
            max_iter=self.max_iter,
            reg_covar=self.reg_covar,
            prior_users=self.prior_rows,
        )
        try:
            with threadpool_limits(limits=1):
                fit = options.fit(MixtureData(x, variances), self.n_components, self._seeds())
        except np.linalg.LinAlgError as error:
            raise ValueError(
                "a covariance is not positive definite: raise reg_covar, set prior_rows, or "
                "leave out constant and repeated columns"
            ) from error
        best = int(fit.lower_bound.argmax())
        if not fit.converged[best]:
            warnings.warn(
                f"no convergence in {self.max_iter} iterations; raise max_iter or tol",
                ConvergenceWarning,
                stacklevel=3,
            )
        self.weights_ = fit.parameters.weights[best]
        self.means_ = fit.parameters.means[best]
        self.covariances_ = fit.parameters.covariances[best]
        self.converged_ = bool(fit.converged[best])
        self.n_iter_ = int(fit.n_iter[best])
        self.lower_bound_ = float(fit.lower_bound[best])
        return np.asarray(fit.labels[best])

    def predict(self, X: ArrayLike, *, noise: ArrayLike | None = None) -> NDArray[np.intp]:
        """Most probable component of each row, shape (N,); ``noise`` as in :meth:`fit`."""
        return np.asarray(self.predict_proba(X, noise=noise).argmax(axis=1))

    def predict_proba(self, X: ArrayLike, *, noise: ArrayLike | None = None) -> FloatArray:
        """Responsibilities, shape (N, K); ``noise`` as in :meth:`fit`."""
        return self._posterior(X, noise)[0]

    def score_samples(self, X: ArrayLike, *, noise: ArrayLike | None = None) -> FloatArray:
        """Log-likelihood of each row, shape (N,); ``noise`` as in :meth:`fit`."""
        return self._posterior(X, noise)[1]

    def score(self, X: ArrayLike, y: object = None) -> float:
        """Mean log-likelihood of the rows."""
        del y
        return float(self.score_samples(X).mean())

    def bic(self, X: ArrayLike) -> float:
        """Bayesian information criterion on the rows; lower is better."""
        scores = self.score_samples(X)
        return float(-2 * scores.sum() + self._parameters().n_free * np.log(len(scores)))

    def aic(self, X: ArrayLike) -> float:
        """Akaike information criterion on the rows; lower is better."""
        return float(-2 * self.score_samples(X).sum() + 2 * self._parameters().n_free)

    def sample(self, n_samples: int = 1) -> tuple[FloatArray, NDArray[np.intp]]:
        """Draw rows, shape (n_samples, D), and the component of each, shape (n_samples,)."""
        check_is_fitted(self)
        if n_samples < 1:
            raise ValueError(f"expected n_samples of at least 1, got {n_samples}")
        rng = check_random_state(self.random_state)
        counts = rng.multinomial(n_samples, self.weights_)
        labels = np.repeat(np.arange(self.n_components), counts)
        rows = [
            rng.multivariate_normal(mean, cov if cov.ndim == 2 else np.diag(cov), size=count)
            for mean, cov, count in zip(self.means_, self.covariances_, counts, strict=True)
        ]
        return np.concatenate(rows), labels

    def _validated(self, X: ArrayLike, *, reset: bool) -> FloatArray:
        minimum = 2 if reset else 1
        x = validate_data(
            self,
            X,
            reset=reset,
            dtype=np.float64,
            ensure_min_samples=minimum,
            ensure_all_finite="allow-nan",
        )
        return np.asarray(x)

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _check_parameters(self) -> None:
        kinds = get_args(CovarianceType)
        if self.covariance_type not in kinds:
            raise InputError(
                f"expected {' or '.join(kinds)}, got {self.covariance_type!r}",
                field="covariance_type",
            )
        for name, (kind, least) in _BOUNDS.items():
            value: Any = getattr(self, name)
            if name == "prior_rows" and value is None:
                continue
            is_number = isinstance(value, kind) and not isinstance(value, bool)
            if not (is_number and value >= least):
                what = "a whole number" if kind is Integral else "a number"
                raise InputError(f"expected {what} of at least {least}, got {value!r}", field=name)

    def _seeds(self) -> list[int]:
        if isinstance(self.random_state, int | np.integer):
            return [int(self.random_state) + i for i in range(self.n_init)]
        rng = check_random_state(self.random_state)
        return [int(seed) for seed in rng.randint(np.iinfo(np.int32).max, size=self.n_init)]

    def _parameters(self) -> MixtureParameters:
        check_is_fitted(self)
        return MixtureParameters(
            self.weights_[np.newaxis], self.means_[np.newaxis], self.covariances_[np.newaxis]
        )

    def _posterior(self, X: ArrayLike, noise: ArrayLike | None) -> tuple[FloatArray, FloatArray]:
        parameters = self._parameters()
        x = self._validated(X, reset=False)
        rows = MixtureData(x, None if noise is None else _checked_noise(noise, x))
        with threadpool_limits(limits=1):
            responsibilities, log_likelihood = posterior(
                rows.observations(self.covariance_type), parameters
            )
        return responsibilities[0].T, log_likelihood[0]


def _checked_noise(noise: ArrayLike, x: FloatArray) -> FloatArray:
    variances = np.asarray(noise, dtype=np.float64)
    if variances.shape != x.shape:
        raise ValueError(f"expected noise of shape {x.shape}, got {variances.shape}")
    known = variances[~np.isnan(x)]
    if not ((known >= 0) & (known <= _MOST_NOISE)).all():
        raise ValueError(f"expected noise of 0 to {_MOST_NOISE:g} in every known cell")
    return variances
