"""The surface of K and seed: every restart of every K, and the partition most seeds agree on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from lacunar.taste.mixture.complete import CompleteRows
from lacunar.taste.mixture.parameters import CovarianceType, FloatArray, MixtureParameters
from lacunar.taste.mixture.restarts import Restarts, canonical_labels, fit_restarts
from lacunar.taste.mixture.starts import kmeans_labels


@dataclass(frozen=True, slots=True)
class Surface:
    """One row per (K, seed): shapes (n_K, n_seeds).

    Parameters
    ----------
    n_components : tuple of int
        The K tried, ascending.
    seeds : tuple of int
    lower_bound, log_likelihood, bic : ndarray
        Per user the first two; see :class:`~lacunar.taste.mixture.restarts.Restarts`.
    n_iter, converged : ndarray
    """

    n_components: tuple[int, ...]
    seeds: tuple[int, ...]
    lower_bound: FloatArray
    log_likelihood: FloatArray
    bic: FloatArray
    n_iter: NDArray[np.intp]
    converged: NDArray[np.bool_]

    def k_frequency(self) -> dict[int, int]:
        """How many seeds have their lowest BIC at each K, most frequent first, then small K."""
        best = Counter(self.n_components[i] for i in self.bic.argmin(axis=0))
        return dict(sorted(best.items(), key=lambda entry: (-entry[1], entry[0])))


@dataclass(frozen=True, slots=True)
class Search:
    """A surface, and the mixture chosen from it.

    Parameters
    ----------
    surface : Surface
    chosen : MixtureParameters
        A batch of one.
    agreeing_seeds : tuple of int
        The seeds that found exactly this partition of the rows.
    """

    surface: Surface
    chosen: MixtureParameters
    agreeing_seeds: tuple[int, ...]

    @property
    def n_components(self) -> int:
        return self.chosen.n_components


def search(
    x: FloatArray,
    *,
    n_components: Sequence[int],
    seeds: Sequence[int],
    covariance_type: CovarianceType = "full",
    tol: float = 1e-3,
    max_iter: int = 100,
    reg_covar: float = 1e-6,
    n_threads: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Search:
    """Fit every K from every seed; take the K most seeds prefer, there the commonest partition.

    Each seed votes for the K of its lowest BIC. At the winning K, seeds that put the same users
    together (whatever the labels) form a group; the largest group wins, the higher likelihood
    where groups are equally large.

    Parameters
    ----------
    x : ndarray of shape (N, D)
        Complete rows.
    n_components, seeds : sequence of int
        A K above N is left out.
    covariance_type, tol, max_iter, reg_covar
        As in ``sklearn.mixture.GaussianMixture``.
    n_threads : int
        K are fitted side by side in so many threads, BLAS within each using one. The result
        does not depend on it.
    progress : callable, optional
        Called with (restarts done, restarts in all) after each K.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = np.concatenate([rng.normal(size=(50, 2)), rng.normal(size=(50, 2)) + 8])
    >>> result = search(x, n_components=range(1, 4), seeds=range(5))
    >>> result.surface.k_frequency(), result.agreeing_seeds
    ({2: 5}, (0, 1, 2, 3, 4))
    """
    ks = tuple(sorted(k for k in n_components if k <= len(x)))
    seeds = tuple(seeds)
    done = 0

    def fit_one(k: int) -> Restarts:
        data = CompleteRows(x, covariance_type, densities_per_row=len(seeds) * k)
        return fit_restarts(
            data, kmeans_labels(x, k, seeds), k, tol=tol, max_iter=max_iter, reg_covar=reg_covar
        )

    # Two BLAS pools under two of our threads would fight over the cores.
    with threadpool_limits(limits=1), ThreadPoolExecutor(n_threads) as pool:
        # The largest K first: it takes longest, and the small ones fill the gaps behind it.
        futures = {k: pool.submit(fit_one, k) for k in reversed(ks)}
        for k in reversed(ks):
            futures[k].result()
            done += len(seeds)
            if progress is not None:
                progress(done, len(ks) * len(seeds))
    fits = {k: future.result() for k, future in futures.items()}
    surface = Surface(
        n_components=ks,
        seeds=seeds,
        lower_bound=np.stack([fits[k].lower_bound for k in ks]),
        log_likelihood=np.stack([fits[k].log_likelihood for k in ks]),
        bic=np.stack([fits[k].bic() for k in ks]),
        n_iter=np.stack([fits[k].n_iter for k in ks]),
        converged=np.stack([fits[k].converged for k in ks]),
    )
    fit = fits[next(iter(surface.k_frequency()))]
    group = commonest_partition(fit)
    return Search(surface, fit.parameters.take(group[:1]), tuple(seeds[i] for i in group))


def commonest_partition(fit: Restarts) -> NDArray[np.intp]:
    """Restarts that share the partition found most often."""
    groups: dict[bytes, list[int]] = {}
    for restart, labels in enumerate(canonical_labels(fit.labels, fit.parameters.n_components)):
        groups.setdefault(labels.tobytes(), []).append(restart)
    best = max(groups.values(), key=lambda group: (len(group), fit.log_likelihood[group[0]]))
    return np.array(best)
