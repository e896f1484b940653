"""Stability of a clustering: agreement between restarts, and between refits to subsamples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import StepProgress, no_progress
from lacunar.mixture.restarts import canonical_labels
from lacunar.mixture.statistics import one_hot
from lacunar.parallel import in_threads

MAX_CO_ASSOCIATION = 5_000
# Contingency tables and one-hot rows are computed in pieces of about this many numbers.
_PIECE = 1 << 22


def pairwise_ari(labels: NDArray[np.integer]) -> NDArray[np.float64]:
    """Adjusted Rand index of every pair of partitions.

    Parameters
    ----------
    labels : ndarray of shape (B, N)
        One partition per row; labels are any integers.

    Returns
    -------
    ndarray of shape (B, B)
        Agreement corrected for chance (Hubert and Arabie 1985): about 0 for independent
        partitions, 1 for equal ones.

    Examples
    --------
    >>> pairwise_ari(np.array([[0, 0, 1, 1], [5, 5, 2, 2], [0, 1, 0, 1]])).round(3).tolist()
    [[1.0, 1.0, -0.5], [1.0, 1.0, -0.5], [-0.5, -0.5, 1.0]]
    """
    coded, k = _coded(labels)
    b, n = coded.shape
    together = np.empty((b, b))
    at_once = max(1, _PIECE // (b * k * k))
    for first in range(0, b, at_once):
        tables = _tables(coded[first : first + at_once], coded, k)
        together[first : first + at_once] = (tables * (tables - 1)).sum(axis=(2, 3)) / 2
    within = together.diagonal()
    expected = within[:, np.newaxis] * within / max(n * (n - 1) / 2, 1)
    most = (within[:, np.newaxis] + within) / 2
    # Otherwise 0 / 0 where all rows are in one group, or each is in its own.
    equal = (together == within) & (together == within[:, np.newaxis])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(equal, 1.0, (together - expected) / (most - expected))


def near_best(scores: NDArray[np.float64], n: int) -> NDArray[np.intp]:
    """Positions of the ``n`` highest scores, best first; on a tie the earlier first.

    Parameters
    ----------
    scores : ndarray of shape (B,)
    n : int

    Examples
    --------
    >>> near_best(np.array([-3.0, -1.0, -2.0, -1.0]), 3).tolist()
    [1, 3, 2]
    """
    return np.argsort(-scores, kind="stable")[:n]


def median_pairwise_ari(labels: NDArray[np.integer]) -> float:
    """Median adjusted Rand index over all pairs of B partitions, labels of shape (B, N).

    Raises
    ------
    ValueError
        If there are fewer than two partitions.

    Examples
    --------
    >>> median_pairwise_ari(np.array([[0, 0, 1], [1, 1, 0]]))
    1.0
    """
    if len(labels) < 2:
        raise ValueError(f"expected at least 2 partitions to compare, got {len(labels)}")
    return float(np.median(pairwise_ari(labels)[np.triu_indices(len(labels), k=1)]))


def co_association(labels: NDArray[np.integer]) -> NDArray[np.float64]:
    """Share of partitions that put two rows in one group (Fred and Jain 2005).

    Parameters
    ----------
    labels : ndarray of shape (B, N)

    Returns
    -------
    ndarray of shape (N, N)

    Raises
    ------
    ValueError
        If N is above 5,000: the matrix would take more than 200 MB.

    Examples
    --------
    >>> co_association(np.array([[0, 0, 1], [1, 0, 0]])).tolist()
    [[1.0, 0.5, 0.0], [0.5, 1.0, 0.5], [0.0, 0.5, 1.0]]
    """
    coded, k = _coded(labels)
    b, n = coded.shape
    if n > MAX_CO_ASSOCIATION:
        raise ValueError(f"expected at most {MAX_CO_ASSOCIATION} rows for all pairs, got {n}")
    together = np.zeros((n, n))
    at_once = max(1, _PIECE // (n * k))
    for first in range(0, b, at_once):
        hot = one_hot(coded[first : first + at_once], k, np.float32).reshape(-1, n)
        together += hot.T @ hot
    return np.asarray(together / b)


def consensus(labels: NDArray[np.integer], n_segments: int) -> NDArray[np.intp]:
    """Merge partitions by average linkage on one minus their co-association (Fred and Jain 2005).

    Parameters
    ----------
    labels : ndarray of shape (B, N)
        N at most 5,000.
    n_segments : int
        Ties between distances may give fewer groups.

    Returns
    -------
    ndarray of shape (N,)
        Groups numbered by first appearance.

    Examples
    --------
    >>> consensus(np.array([[0, 0, 1, 1, 1], [1, 1, 0, 0, 0], [0, 0, 0, 1, 1]]), 2).tolist()
    [0, 0, 1, 1, 1]
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    distance = 1 - co_association(labels)
    if len(distance) == 1:
        return np.zeros(1, dtype=np.intp)
    tree = linkage(squareform(distance, checks=False), method="average")
    groups = fcluster(tree, n_segments, criterion="maxclust") - 1
    return np.asarray(canonical_labels(groups[np.newaxis], n_segments)[0])


def membership_stability(
    labels: NDArray[np.integer], reference: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Mean Jaccard index of each row's group in a restart and its group in the reference.

    Hennig (2007) uses the index for whole clusters. It follows from contingency tables, so N has
    no limit.

    Parameters
    ----------
    labels : ndarray of shape (B, N)
    reference : ndarray of shape (N,)

    Returns
    -------
    ndarray of shape (N,)
        Mean over the restarts, above 0 and at most 1; 1 if every restart agrees.

    Examples
    --------
    >>> restarts = np.array([[0, 0, 1, 1], [1, 1, 1, 0]])
    >>> membership_stability(restarts, np.array([0, 0, 1, 1])).round(3).tolist()
    [0.833, 0.833, 0.625, 0.75]
    """
    coded, k = _coded(np.vstack([reference, labels]))
    own, others = coded[0], coded[1:]
    total = np.zeros(len(own))
    for restart in others:
        table = _tables(coded[:1], restart[np.newaxis], k)[0, 0]
        union = table.sum(axis=0) + table.sum(axis=1, keepdims=True) - table
        total += (table / np.maximum(union, 1))[own, restart]
    return total / len(others)


def leave_out_stability(
    refit: Callable[[NDArray[np.intp]], NDArray[np.integer]],
    labels: NDArray[np.integer],
    *,
    share: float = 0.1,
    rounds: int = 10,
    seed: int = 0,
    progress: StepProgress = no_progress,
) -> NDArray[np.float64]:
    """Refit without a random share of the rows, and compare the labels of the remaining rows.

    Parameters
    ----------
    refit : callable
        Takes positions of the kept rows, ascending, and returns their labels in that order.
        Called from several threads at once.
    labels : ndarray of shape (N,)
        Labels from the fit to all rows.
    share : float
        Share of rows left out in each round.
    rounds, seed : int
    progress : callable
        Called with (rounds done, total rounds).

    Returns
    -------
    ndarray of shape (rounds,)
        Adjusted Rand index of each refit with the fit to all rows.

    Raises
    ------
    ValueError
        If ``share`` leaves out no row or keeps fewer than two.

    Examples
    --------
    >>> values = np.array([1, 2, 3, 11, 12, 13])
    >>> leave_out_stability(lambda kept: values[kept] // 10, values // 10, share=0.2, rounds=2)
    array([1., 1.])
    """
    n = len(labels)
    left_out = round(share * n)
    if not 1 <= left_out <= n - 2:
        raise ValueError(
            f"expected a share that leaves out 1 to {n - 2} of {n} rows, got {share} for {left_out}"
        )
    generator = np.random.default_rng(seed)
    draws = [np.sort(generator.permutation(n)[left_out:]) for _ in range(rounds)]

    def agreement(kept: NDArray[np.intp]) -> float:
        return float(pairwise_ari(np.stack([refit(kept), labels[kept]]))[0, 1])

    return np.array(in_threads(agreement, draws, progress=progress))


def _coded(labels: NDArray[np.integer]) -> tuple[NDArray[np.intp], int]:
    """Labels as positions among the distinct labels, and the number of distinct labels."""
    distinct, codes = np.unique(labels, return_inverse=True)
    return codes.reshape(labels.shape), len(distinct)


def _tables(left: NDArray[np.intp], right: NDArray[np.intp], k: int) -> NDArray[np.float64]:
    """Contingency tables of all pairs, (A, N) and (B, N) -> (A, B, K, K)."""
    a, b, n = len(left), len(right), left.shape[1]
    total = np.zeros((a * k, b * k))
    # Single precision counts exactly up to 2 ** 24, and a piece has fewer rows.
    rows_at_once = max(1, _PIECE // (b * k))
    for first in range(0, n, rows_at_once):
        rows = slice(first, first + rows_at_once)
        hot_left = one_hot(left[:, rows], k, np.float32).reshape(a * k, -1)
        total += hot_left @ one_hot(right[:, rows], k, np.float32).reshape(b * k, -1).T
    return total.reshape(a, k, b, k).transpose(0, 2, 1, 3)
