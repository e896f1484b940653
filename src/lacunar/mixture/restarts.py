"""Mixtures of one K, fitted from several starts at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from lacunar.aliases import FloatArray, StepProgress
from lacunar.mixture.em import Observations, e_step, m_step, normalise
from lacunar.mixture.em_loop import EmResult, run_em
from lacunar.mixture.parameters import MixtureParameters, smallest_variance
from lacunar.mixture.prior import CovariancePrior


@dataclass(frozen=True, slots=True)
class Restarts(EmResult):
    """EM results of all starts of one K, means in the units of the data.

    Parameters
    ----------
    log_likelihood : ndarray of shape (B,)
        Mean log-likelihood under the final parameters, as BIC uses it.
    labels : ndarray of shape (B, N)
        Most probable component of each row.
    entropy : ndarray of shape (B,)
        Of the responsibilities, summed over rows, in nats.
    smallest_variance : ndarray of shape (B,)
        Smallest eigenvalue of any covariance, in squared units of the data.
    """

    log_likelihood: FloatArray
    labels: NDArray[np.intp]
    entropy: FloatArray
    smallest_variance: FloatArray

    def bic(self) -> FloatArray:
        """Bayesian information criterion of each restart (Schwarz 1978); lower is better."""
        n = self.labels.shape[1]
        penalty = self.parameters.n_free * float(np.log(n))
        return np.asarray(-2 * n * self.log_likelihood + penalty)

    def icl(self) -> FloatArray:
        """BIC plus twice the entropy (Biernacki, Celeux and Govaert 2000); lower is better."""
        return self.bic() + 2 * self.entropy

    def degenerate(self, floor: float) -> NDArray[np.bool_]:
        """Whether a covariance of each restart has collapsed to within ten times ``floor``."""
        return np.asarray(self.smallest_variance <= 10 * floor)


def fit_restarts(
    data: Observations,
    start_labels: NDArray[np.int32],
    n_components: int,
    *,
    tol: float = 1e-3,
    max_iter: int = 100,
    reg_covar: float = 1e-6,
    prior: CovariancePrior | None = None,
    pooled: bool = False,
    progress: StepProgress | None = None,
) -> Restarts:
    """Fit a mixture from each row of hard start labels.

    Starts that are the same partition under other labels are fitted once, because EM does not
    depend on the numbering of components.

    Parameters
    ----------
    data : Observations
    start_labels : ndarray of shape (B, N)
    n_components : int
    tol, max_iter, reg_covar
        As in ``sklearn.mixture.GaussianMixture``.
    prior : CovariancePrior, optional
        Used instead of ``reg_covar``; EM then maximises likelihood times prior.
    pooled : bool
        Whether full covariances are shared by components, or diagonal ones by features.
    progress : callable, optional
        Called with (iterations done, expected total) after each iteration.
    """
    distinct, which = _distinct_partitions(start_labels, n_components)
    sums = data.start(start_labels[distinct], n_components)
    result = run_em(
        partial(e_step, data),
        data.n_rows,
        m_step(sums, reg_covar, prior, pooled=pooled),
        tol=tol,
        max_iter=max_iter,
        reg_covar=reg_covar,
        prior=prior,
        progress=progress,
    )
    return evaluated(data, result, which)


def evaluated(
    data: Observations, result: EmResult, restarts: NDArray[np.intp] | slice = slice(None)
) -> Restarts:
    """Some restarts of a result, with their likelihoods and labels.

    Parameters
    ----------
    data : Observations
    result : EmResult
        Means relative to the origin of ``data``.
    restarts : ndarray or slice
        Positions in the result; may repeat.
    """
    log_likelihood, labels, entropy = _evaluate(data, result.parameters)
    return Restarts(
        parameters=result.parameters.moved_by(data.origin).take(restarts),
        lower_bound=result.lower_bound[restarts],
        n_iter=result.n_iter[restarts],
        converged=result.converged[restarts],
        history=result.history[restarts],
        log_likelihood=log_likelihood[restarts],
        labels=labels[restarts],
        entropy=entropy[restarts],
        smallest_variance=smallest_variance(result.parameters)[restarts],
    )


def _evaluate(
    data: Observations, parameters: MixtureParameters
) -> tuple[FloatArray, NDArray[np.intp], FloatArray]:
    """Mean log-likelihood (B,), most probable component (B, N) and entropy (B,) of all rows."""
    total = np.zeros(parameters.n_restarts)
    entropy = np.zeros(parameters.n_restarts)
    labels = np.empty((parameters.n_restarts, data.n_rows), dtype=np.intp)
    for block in data.blocks(parameters):
        labels[:, block.rows] = block.joint.argmax(axis=1)
        responsibilities, log_likelihood = normalise(block.joint)
        total += log_likelihood.sum(axis=1)
        entropy += entr(responsibilities).sum(axis=(1, 2))
    return total / data.n_rows, labels, entropy


def _distinct_partitions(
    labels: NDArray[np.int32], k: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First row of each distinct partition, and for every row the position of its partition."""
    canonical = canonical_labels(labels, k)
    _, first, inverse = np.unique(canonical, axis=0, return_index=True, return_inverse=True)
    return first, inverse.ravel()


def canonical_labels(labels: NDArray[np.integer], k: int) -> NDArray[np.intp]:
    """Number groups by first appearance, so that equal partitions have equal labels.

    Parameters
    ----------
    labels : ndarray of shape (B, N)
        One partition per row, labels in ``range(k)``.
    k : int

    Examples
    --------
    >>> canonical_labels(np.array([[2, 2, 0, 1, 0]]), 3).tolist()
    [[0, 0, 1, 2, 1]]
    """
    n = labels.shape[1]
    members = [labels == group for group in range(k)]
    first = np.stack([np.where(m.any(axis=1), m.argmax(axis=1), n) for m in members], axis=1)
    rank = first.argsort(axis=1, kind="stable").argsort(axis=1)
    return np.take_along_axis(rank, labels.astype(np.intp), axis=1)
