"""Search over K and seed, and the choice of one mixture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from lacunar.aliases import FloatArray, StepProgress, no_progress
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em import posterior
from lacunar.mixture.em_options import EmOptions
from lacunar.mixture.fit_grid import Criterion, FitGrid
from lacunar.mixture.parameters import MixtureParameters
from lacunar.mixture.restarts import Restarts, canonical_labels
from lacunar.mixture.stability import median_pairwise_ari, near_best

# Number of best restarts whose agreement is measured.
N_NEAR_BEST = 5
# Number of different partitions among the best restarts from which EM may continue on more rows.
N_STARTS = 3


@dataclass(frozen=True, slots=True)
class Search:
    """Grid of fits, and the mixture chosen from it.

    Parameters
    ----------
    fit_grid : FitGrid
    chosen : MixtureParameters
        A batch of one.
    agreeing_seeds : tuple of int
        Seeds whose fit gave exactly this partition of the rows.
    labels : ndarray of shape (N,)
        Most probable component of each row under ``chosen``.
    near_best_labels : ndarray of shape (n, N)
        Partitions of the best restarts at the chosen K, best first.
    near_best : MixtureParameters
        Their mixtures, a batch of n.
    starts : MixtureParameters
        Starts for :func:`~lacunar.mixture.chunked.refine`: the chosen mixture, then the best
        restarts with other partitions that are not degenerate. With the criterion ``vote``, which
        does not rank by likelihood, only the chosen mixture.
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


def search(
    data: MixtureData,
    *,
    n_components: Sequence[int],
    seeds: Sequence[int],
    options: EmOptions | None = None,
    criterion: Criterion = "vote",
    folds: int = 0,
    n_threads: int | None = None,
    progress: StepProgress = no_progress,
) -> Search:
    """Fit every K from every seed and choose one mixture.

    With ``criterion="vote"``, each seed votes for the K of its lowest BIC. At the winning K, the
    partition that most seeds gave wins; on a tie, the one of higher likelihood. With any other
    criterion, the best restart of the best K wins.

    Parameters
    ----------
    data : MixtureData
    n_components, seeds : sequence of int
        K above the number of rows are skipped.
    options : EmOptions, optional
    criterion : {"vote", "bic", "icl", "held-out"}
    folds : int
        Folds of the held-out likelihood; 0 skips it.
    n_threads : int, optional
        Number of K fitted at the same time, each with one BLAS thread. Defaults to the number of
        cores. The result does not depend on it.
    progress : callable, optional
        Called with (components fitted, total components) after each K: the time of a fit is about
        proportional to its number of components.

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

    def fit_one(k: int) -> _KSummary:
        fit = options.fit(data, k, seeds)
        return _KSummary.of(fit, options, _held_out(data, k, seeds, options, folds))

    # BLAS threads within our threads would compete for the cores.
    with threadpool_limits(limits=1), ThreadPoolExecutor(n_threads or os.cpu_count()) as pool:
        # The largest K first: it takes longest, and small K fill the remaining time.
        futures = {pool.submit(fit_one, k): k for k in reversed(ks)}
        summaries: dict[int, _KSummary] = {}
        try:
            for future in as_completed(futures):
                k = futures[future]
                summaries[k] = future.result()
                done += k * len(seeds)
                progress(done, total)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    fit_grid = _fit_grid({k: summaries[k] for k in ks}, seeds, options)
    best = summaries[fit_grid.best_k(criterion)]
    if criterion == "vote":
        group = best.commonest
        restart, starts = group[0], group[:1]
    else:
        restart = best.near_best[0]
        group = next(group for group in best.partitions if restart in group)
        starts = best.starts
    return Search(
        fit_grid=fit_grid,
        chosen=best.parameters.take(np.array([restart])),
        agreeing_seeds=tuple(seeds[i] for i in group),
        labels=best.labels[int(restart)],
        near_best_labels=np.stack([best.labels[int(i)] for i in best.near_best]),
        near_best=best.parameters.take(best.near_best),
        starts=best.parameters.take(starts),
    )


def partitions(fit: Restarts) -> list[NDArray[np.intp]]:
    """Restarts grouped by equal partition of the rows, in order of first appearance."""
    groups: dict[bytes, list[int]] = {}
    for restart, labels in enumerate(canonical_labels(fit.labels, fit.parameters.n_components)):
        groups.setdefault(labels.tobytes(), []).append(restart)
    return [np.array(group) for group in groups.values()]


def commonest_partition(fit: Restarts) -> NDArray[np.intp]:
    """Restarts with the most frequent partition; on a tie, that of higher likelihood."""
    return max(partitions(fit), key=lambda group: (len(group), fit.log_likelihood[group[0]]))


@dataclass(frozen=True, slots=True)
class _KSummary:
    """Results of all restarts of one K, with the labels of a few: all labels take more memory.

    Parameters
    ----------
    grid_rows : dict of str to ndarray of shape (B,)
        Rows of the :class:`FitGrid`.
    near_best, commonest, starts : ndarray
        Restarts: the best ones, those of the most frequent partition, those to continue from.
    partitions : list of ndarray
        Restarts of each partition.
    labels : dict of int to ndarray of shape (N,)
        Of the restarts that may be chosen or compared.
    """

    parameters: MixtureParameters
    grid_rows: dict[str, NDArray[Any]]
    held_out: float
    agreement: float
    near_best: NDArray[np.intp]
    partitions: list[NDArray[np.intp]]
    commonest: NDArray[np.intp]
    starts: NDArray[np.intp]
    labels: dict[int, NDArray[np.intp]]

    @classmethod
    def of(cls, fit: Restarts, options: EmOptions, held_out: float) -> _KSummary:
        degenerate = fit.degenerate(options.floor)
        ranking = near_best(_rank_scores(fit, options), len(degenerate))
        best, groups = ranking[:N_NEAR_BEST], partitions(fit)
        commonest = commonest_partition(fit)
        several = len(degenerate) > 1
        return cls(
            parameters=fit.parameters,
            grid_rows={
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
            near_best=best,
            partitions=groups,
            commonest=commonest,
            starts=_first_of_groups(ranking[~degenerate[ranking]], groups)[:N_STARTS],
            labels={i: fit.labels[i].copy() for i in {*best.tolist(), int(commonest[0])}},
        )


def _first_of_groups(
    restarts: NDArray[np.intp], groups: list[NDArray[np.intp]]
) -> NDArray[np.intp]:
    """The first of the restarts in each group, in the order of the restarts."""
    group_of = {int(i): g for g, group in enumerate(groups) for i in group}
    first: dict[int, int] = {}
    for restart in restarts.tolist():
        first.setdefault(group_of[restart], restart)
    return np.array(list(first.values()), dtype=np.intp)


def _fit_grid(
    summaries: dict[int, _KSummary], seeds: tuple[int, ...], options: EmOptions
) -> FitGrid:
    rows = list(summaries.values())
    return FitGrid(
        covariance_type=options.covariance_type,
        n_components=tuple(summaries),
        seeds=seeds,
        held_out=np.array([row.held_out for row in rows]),
        agreement=np.array([row.agreement for row in rows]),
        **{name: np.stack([row.grid_rows[name] for row in rows]) for name in rows[0].grid_rows},
    )


def _rank_scores(fit: Restarts, options: EmOptions) -> FloatArray:
    """Scores that rank restarts by lower bound, degenerate ones after all others."""
    penalty = float(np.ptp(fit.lower_bound)) + 1
    return np.where(fit.degenerate(options.floor), fit.lower_bound - penalty, fit.lower_bound)


def _held_out(
    data: MixtureData, k: int, seeds: tuple[int, ...], options: EmOptions, folds: int
) -> float:
    """Mean log-likelihood of the rows of each fold under the best fit to the others."""
    n = len(data.values)
    if not folds or n - n // folds - 1 < k:
        return float("nan")
    fold = np.random.default_rng(seeds[0]).permutation(n) % folds
    total = 0.0
    for f in range(folds):
        fit = options.fit(data.take(np.flatnonzero(fold != f)), k, seeds[:N_NEAR_BEST])
        best = near_best(_rank_scores(fit, options), 1)
        held_out = data.take(np.flatnonzero(fold == f)).observations(options.covariance_type)
        total += posterior(held_out, fit.parameters.take(best))[1].sum()
    return float(total / n)
