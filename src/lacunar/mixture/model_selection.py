"""The search over K and seed, and the mixture chosen from it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from lacunar.aliases import FloatArray
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em import posterior
from lacunar.mixture.fit_grid import Criterion, FitGrid
from lacunar.mixture.parameters import CovarianceType, MixtureParameters
from lacunar.mixture.prior import CovariancePrior
from lacunar.mixture.restarts import Restarts, canonical_labels, fit_restarts
from lacunar.mixture.stability import median_pairwise_ari, near_best

# The restarts whose agreement says how well defined an optimum is.
N_NEAR_BEST = 5
# Of those, so many different ones are worth going on with where there are more rows.
N_STARTS = 3


@dataclass(frozen=True, slots=True)
class Search:
    """A surface, and the mixture chosen from it.

    Parameters
    ----------
    fit_grid : FitGrid
    chosen : MixtureParameters
        A batch of one.
    agreeing_seeds : tuple of int
        The seeds that found exactly this partition of the rows.
    labels : ndarray of shape (N,)
        Most probable component of each row under ``chosen``.
    near_best_labels : ndarray of shape (n, N)
        Partitions of the best restarts at the chosen K, best first.
    near_best : MixtureParameters
        Their mixtures, a batch of n.
    starts : MixtureParameters
        What :func:`~lacunar.mixture.chunked.refine` may go on from: the chosen mixture, and
        after it other partitions of the best restarts that are not degenerate. With the criterion
        ``vote`` likelihood chooses nothing, and it is the chosen mixture alone.
    """

    fit_grid: FitGrid
    chosen: MixtureParameters
    agreeing_seeds: tuple[int, ...]
    labels: NDArray[np.intp]
    near_best_labels: NDArray[np.intp]
    near_best: MixtureParameters
    starts: MixtureParameters

    @property
    def n_components(self) -> int:
        return self.chosen.n_components


@dataclass(frozen=True, slots=True)
class EmOptions:
    """How each fit is run; ``tol``, ``max_iter`` and ``reg_covar`` as in scikit-learn.

    Parameters
    ----------
    prior_users : float, optional
        With it, covariances have a :class:`~lacunar.mixture.prior.CovariancePrior` that
        weighs as much as so many rows, and ``reg_covar`` is not used.
    """

    covariance_type: CovarianceType = "full"
    tol: float = 1e-3
    max_iter: int = 100
    reg_covar: float = 1e-6
    prior_users: float | None = None

    @property
    def floor(self) -> float:
        """What variances are kept from falling below; a prior needs no floor."""
        return self.reg_covar if self.prior_users is None else 0.0

    def fit(self, data: MixtureData, n_components: int, seeds: Sequence[int]) -> Restarts:
        """Fit one K from every seed."""
        prior = None
        if self.prior_users is not None:
            prior = CovariancePrior.from_data(
                data.values, n_components, self.covariance_type, weight=self.prior_users
            )
        return fit_restarts(
            data.observations(self.covariance_type, len(seeds) * n_components),
            data.starts(n_components, seeds),
            n_components,
            tol=self.tol,
            max_iter=self.max_iter,
            reg_covar=self.reg_covar,
            prior=prior,
        )


def search(
    data: MixtureData,
    *,
    n_components: Sequence[int],
    seeds: Sequence[int],
    options: EmOptions | None = None,
    criterion: Criterion = "vote",
    folds: int = 0,
    n_threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Search:
    """Fit every K from every seed and choose one mixture.

    With ``criterion="vote"`` each seed votes for the K of its lowest BIC; at the winning K, seeds
    that put the same rows together (whatever the labels) form a group, and the largest group
    wins, the higher likelihood where groups are equally large. With any other criterion the best
    restart of the K that the criterion prefers wins.

    Parameters
    ----------
    data : MixtureData
    n_components, seeds : sequence of int
        A K above N is left out.
    options : EmOptions, optional
    criterion : {"vote", "bic", "icl", "held-out"}
    folds : int
        Folds of the held-out likelihood; 0 leaves it out.
    n_threads : int, optional
        K are fitted side by side in so many threads, BLAS within each using one; as many as
        there are cores unless named. The result does not depend on it.
    progress : callable, optional
        Called with (components fitted, components in all) after each K: a step takes about as
        long for each of them.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = np.concatenate([rng.normal(size=(50, 2)), rng.normal(size=(50, 2)) + 8])
    >>> result = search(MixtureData(x), n_components=range(1, 4), seeds=range(5))
    >>> result.fit_grid.k_frequency(), result.agreeing_seeds
    ({2: 5}, (0, 1, 2, 3, 4))
    """
    options = options or EmOptions()
    ks = tuple(sorted(k for k in n_components if k <= len(data.values)))
    seeds = tuple(seeds)
    done, total = 0, sum(ks) * len(seeds)

    def fit_one(k: int) -> _Tried:
        fit = options.fit(data, k, seeds)
        return _Tried.of(fit, options, _held_out(data, k, seeds, options, folds))

    # Two BLAS pools under two of our threads would fight over the cores.
    with threadpool_limits(limits=1), ThreadPoolExecutor(n_threads or os.cpu_count()) as pool:
        # The largest K first: it takes longest, and the small ones fill the gaps behind it.
        futures = {pool.submit(fit_one, k): k for k in reversed(ks)}
        tried: dict[int, _Tried] = {}
        try:
            for future in as_completed(futures):
                k = futures[future]
                tried[k] = future.result()
                done += k * len(seeds)
                if progress is not None:
                    progress(done, total)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    fit_grid = _fit_grid({k: tried[k] for k in ks}, seeds, options)
    found = tried[fit_grid.best_k(criterion)]
    if criterion == "vote":
        group = found.commonest
        restart, starts = group[0], group[:1]
    else:
        restart = found.best[0]
        group = next(group for group in found.groups if restart in group)
        starts = found.starts
    return Search(
        fit_grid=fit_grid,
        chosen=found.parameters.take(np.array([restart])),
        agreeing_seeds=tuple(seeds[i] for i in group),
        labels=found.labels[int(restart)],
        near_best_labels=np.stack([found.labels[int(i)] for i in found.best]),
        near_best=found.parameters.take(found.best),
        starts=found.parameters.take(starts),
    )


def partitions(fit: Restarts) -> list[NDArray[np.intp]]:
    """Restarts that found the same partition, group by group, in order of first appearance."""
    groups: dict[bytes, list[int]] = {}
    for restart, labels in enumerate(canonical_labels(fit.labels, fit.parameters.n_components)):
        groups.setdefault(labels.tobytes(), []).append(restart)
    return [np.array(group) for group in groups.values()]


def commonest_partition(fit: Restarts) -> NDArray[np.intp]:
    """Restarts that share the partition found most often."""
    return max(partitions(fit), key=lambda group: (len(group), fit.log_likelihood[group[0]]))


@dataclass(frozen=True, slots=True)
class _Tried:
    """What is kept of the restarts of one K; all their labels would take far more memory."""

    parameters: MixtureParameters
    # A row of the surface each.
    cells: dict[str, NDArray[Any]]
    held_out: float
    agreement: float
    # Restarts: the best ones, those of each partition, those of the commonest one.
    best: NDArray[np.intp]
    groups: list[NDArray[np.intp]]
    commonest: NDArray[np.intp]
    starts: NDArray[np.intp]
    # Of the restarts that may be chosen or compared.
    labels: dict[int, NDArray[np.intp]]

    @classmethod
    def of(cls, fit: Restarts, options: EmOptions, held_out: float) -> _Tried:
        degenerate = fit.degenerate(options.floor)
        standing = near_best(_standing(fit, options), len(degenerate))
        best, groups = standing[:N_NEAR_BEST], partitions(fit)
        commonest = commonest_partition(fit)
        several = len(degenerate) > 1
        return cls(
            parameters=fit.parameters,
            cells={
                "lower_bound": fit.lower_bound,
                "log_likelihood": fit.log_likelihood,
                "bic": fit.bic(),
                "icl": fit.icl(),
                "n_iter": fit.n_iter,
                "converged": fit.converged,
                "degenerate": degenerate,
            },
            held_out=held_out,
            agreement=median_pairwise_ari(fit.labels[best]) if several else np.nan,
            best=best,
            groups=groups,
            commonest=commonest,
            starts=_first_of_groups(standing[~degenerate[standing]], groups)[:N_STARTS],
            labels={i: fit.labels[i].copy() for i in {*best.tolist(), int(commonest[0])}},
        )


def _first_of_groups(
    restarts: NDArray[np.intp], groups: list[NDArray[np.intp]]
) -> NDArray[np.intp]:
    """Restarts without those whose partition another one before them found."""
    group_of = {int(i): g for g, group in enumerate(groups) for i in group}
    first: dict[int, int] = {}
    for restart in restarts.tolist():
        first.setdefault(group_of[restart], restart)
    return np.array(list(first.values()), dtype=np.intp)


def _fit_grid(tried: dict[int, _Tried], seeds: tuple[int, ...], options: EmOptions) -> FitGrid:
    rows = list(tried.values())
    return FitGrid(
        covariance_type=options.covariance_type,
        n_components=tuple(tried),
        seeds=seeds,
        held_out=np.array([row.held_out for row in rows]),
        agreement=np.array([row.agreement for row in rows]),
        **{name: np.stack([row.cells[name] for row in rows]) for name in rows[0].cells},
    )


def _standing(fit: Restarts, options: EmOptions) -> FloatArray:
    """What restarts are ranked by: the lower bound, degenerate ones after all others."""
    behind = float(np.ptp(fit.lower_bound)) + 1
    return np.where(fit.degenerate(options.floor), fit.lower_bound - behind, fit.lower_bound)


def _held_out(
    data: MixtureData, k: int, seeds: tuple[int, ...], options: EmOptions, folds: int
) -> float:
    """Mean log-likelihood of the rows of each fold under the best fit to the others."""
    n = len(data.values)
    if not folds or n - n // folds - 1 < k:
        return float("nan")
    fold = np.random.default_rng(seeds[0]).permutation(n) % folds
    total = 0.0
    for held in range(folds):
        fit = options.fit(data.take(np.flatnonzero(fold != held)), k, seeds[:N_NEAR_BEST])
        best = near_best(_standing(fit, options), 1)
        left_out = data.take(np.flatnonzero(fold == held)).observations(options.covariance_type)
        total += posterior(left_out, fit.parameters.take(best))[1].sum()
    return float(total / n)
