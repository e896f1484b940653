"""The mixture as a scikit-learn estimator: a thin class on the free functions beside it."""

from __future__ import annotations

import warnings
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from lacunar.taste.mixture.complete import CompleteRows
from lacunar.taste.mixture.em import posterior
from lacunar.taste.mixture.parameters import CovarianceType, FloatArray, MixtureParameters
from lacunar.taste.mixture.restarts import fit_restarts
from lacunar.taste.mixture.starts import kmeans_labels


class GaussianMixture(DensityMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Gaussian mixture by EM from k-means starts, all restarts advanced together.

    For one restart the result is that of ``sklearn.mixture.GaussianMixture`` with the same
    arguments. Source: Dempster, Laird and Rubin (1977).

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
    random_state : int, RandomState or None

    Attributes
    ----------
    weights_ : ndarray of shape (K,)
    means_ : ndarray of shape (K, D)
    covariances_ : ndarray of shape (K, D, D) or (K, D)
    converged_ : bool
    n_iter_ : int
    lower_bound_ : float
        Mean log-likelihood at the last E step.
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
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Fit the mixture to rows of shape (N, D)."""
        self.fit_predict(X, y)
        return self

    def fit_predict(self, X: ArrayLike, y: object = None) -> NDArray[np.intp]:
        """Fit, and return the most probable component of each row."""
        del y
        x = self._validated(X, reset=True)
        if len(x) < self.n_components:
            raise ValueError(
                f"Expected n_samples >= n_components but got n_components = {self.n_components}, "
                f"n_samples = {len(x)}"
            )
        with threadpool_limits(limits=1):
            fit = fit_restarts(
                CompleteRows(x, self.covariance_type, self.n_init * self.n_components),
                kmeans_labels(x, self.n_components, self._seeds()),
                self.n_components,
                tol=self.tol,
                max_iter=self.max_iter,
                reg_covar=self.reg_covar,
            )
        best = int(fit.lower_bound.argmax())
        if not fit.converged[best]:
            warnings.warn(
                f"no convergence in {self.max_iter} iterations; raise max_iter or tol",
                ConvergenceWarning,
                stacklevel=2,
            )
        self.weights_ = fit.parameters.weights[best]
        self.means_ = fit.parameters.means[best]
        self.covariances_ = fit.parameters.covariances[best]
        self.converged_ = bool(fit.converged[best])
        self.n_iter_ = int(fit.n_iter[best])
        self.lower_bound_ = float(fit.lower_bound[best])
        return np.asarray(fit.labels[best])

    def predict(self, X: ArrayLike) -> NDArray[np.intp]:
        """Most probable component of each row, shape (N,)."""
        return np.asarray(self.predict_proba(X).argmax(axis=1))

    def predict_proba(self, X: ArrayLike) -> FloatArray:
        """Responsibilities, shape (N, K)."""
        return self._posterior(X)[0]

    def score_samples(self, X: ArrayLike) -> FloatArray:
        """Log-likelihood of each row, shape (N,)."""
        return self._posterior(X)[1]

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
        """Draw rows, shape (n_samples, D), and the component each came from."""
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
        x = validate_data(self, X, reset=reset, dtype=np.float64, ensure_min_samples=minimum)
        return np.asarray(x)

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

    def _posterior(self, X: ArrayLike) -> tuple[FloatArray, FloatArray]:
        parameters = self._parameters()
        data = CompleteRows(self._validated(X, reset=False), self.covariance_type)
        responsibilities, log_likelihood = posterior(data, parameters)
        return responsibilities[0].T, log_likelihood[0]
