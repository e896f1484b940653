"""How far a choice of segments can be trusted: whether restarts agree, and samples of users."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from lacunar.aliases import no_progress
from lacunar.mixture.restarts import canonical_labels
from lacunar.mixture.statistics import one_hot
from lacunar.parallel import in_threads

MAX_CO_ASSOCIATION = 5_000
# Tables and one-hot rows are made in pieces of about this many numbers.
_PIECE = 1 << 22


def pairwise_ari(labels: NDArray[np.integer]) -> NDArray[np.float64]:
    """Agree every partition with every other, corrected for chance.

    Parameters
    ----------
    labels : ndarray of shape (B, N)
        A partition a row, in any whole numbers.

    Returns
    -------
    ndarray of shape (B, B)
        Adjusted Rand indices (Hubert and Arabie 1985); about 0 for independent partitions.

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
    # All rows in one group, or each in its own: chance does as well as can be done, 0 / 0.
    equal = (together == within) & (together == within[:, np.newaxis])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(equal, 1.0, (together - expected) / (most - expected))


def near_best(scores: NDArray[np.float64], n: int) -> NDArray[np.intp]:
    """Positions of the ``n`` highest scores, best first, of equal ones the earlier first.

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
    """Share of partitions that put two rows together (Fred and Jain 2005).

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
        raise ValueError(f"expected at most {MAX_CO_ASSOCIATION} rows to pair up, got {n}")
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
        Fewer come out where equal distances leave no cut into so many.

    Returns
    -------
    ndarray of shape (N,)
        Groups numbered by first appearance.

    Examples
    --------
    >>> consensus(np.array([[0, 0, 1, 1, 1], [1, 1, 0, 0, 0], [0, 0, 0, 1, 1]]), 2).tolist()
    [0, 0, 1, 1, 1]
    """
    distance = 1 - co_association(labels)
    if len(distance) == 1:
        return np.zeros(1, dtype=np.intp)
    tree = linkage(squareform(distance, checks=False), method="average")
    found = fcluster(tree, n_segments, criterion="maxclust") - 1
    return np.asarray(canonical_labels(found[np.newaxis], n_segments)[0])


def membership_stability(
    labels: NDArray[np.integer], reference: NDArray[np.integer]
) -> NDArray[np.float64]:
    """How much of its reference group each row keeps around it from restart to restart.

    Per restart the Jaccard index of the row's group there and its reference group, which Hennig
    (2007) takes of whole clusters; contingency tables suffice, so N has no limit.

    Parameters
    ----------
    labels : ndarray of shape (B, N)
    reference : ndarray of shape (N,)

    Returns
    -------
    ndarray of shape (N,)
        Mean over the restarts, above 0 and at most 1; 1 where every restart agrees.

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
    progress: Callable[[int, int], None] = no_progress,
) -> NDArray[np.float64]:
    """Refit without a random share of the rows and compare what the others get.

    Parameters
    ----------
    refit : callable
        From positions of the kept rows, ascending, to their labels in that order; called from
        several threads at once.
    labels : ndarray of shape (N,)
        What the fit to all rows gave.
    share : float
        Left out in each round.
    rounds, seed : int
    progress : callable
        Called with (rounds done, rounds in all).

    Returns
    -------
    ndarray of shape (rounds,)
        Adjusted Rand indices.

    Raises
    ------
    ValueError
        If ``share`` leaves out nothing or keeps fewer than two rows.

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
    """Labels as positions among the distinct ones, and how many those are."""
    distinct, codes = np.unique(labels, return_inverse=True)
    return codes.reshape(labels.shape), len(distinct)


def _tables(left: NDArray[np.intp], right: NDArray[np.intp], k: int) -> NDArray[np.float64]:
    """Contingency tables of all pairs, (A, N) and (B, N) -> (A, B, K, K)."""
    a, b, n = len(left), len(right), left.shape[1]
    total = np.zeros((a * k, b * k))
    # Single precision counts exactly up to 2 ** 24, more than a piece has rows.
    rows_at_once = max(1, _PIECE // (b * k))
    for first in range(0, n, rows_at_once):
        rows = slice(first, first + rows_at_once)
        hot_left = one_hot(left[:, rows], k, np.float32).reshape(a * k, -1)
        total += hot_left @ one_hot(right[:, rows], k, np.float32).reshape(b * k, -1).T
    return total.reshape(a, k, b, k).transpose(0, 2, 1, 3)
