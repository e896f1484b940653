"""k-means initialisation of many seeds at once, with the labels of scikit-learn.

``GaussianMixture(k, random_state=seed)`` starts from ``KMeans(k, n_init=1, random_state=seed)``.
This module shares the distance products between seeds: greedy k-means++ (Arthur and Vassilvitskii
2007) draws the same random numbers in the same order, then Lloyd's iterations run batched.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import lru_cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray

_MAX_ITER = 300
_TOL = 1e-4
# Largest number of distances, seeds x clusters x rows, in memory at once: about 256 MB.
_BLOCK_DISTANCES = 1 << 25
_FILTERS = Lock()


def kmeans_labels(x: FloatArray, n_clusters: int, seeds: Sequence[int]) -> NDArray[np.int32]:
    """Labels of one k-means run for each seed.

    Parameters
    ----------
    x : ndarray of shape (N, D)
        Complete rows.
    n_clusters : int
        At most N.
    seeds : sequence of int

    Returns
    -------
    labels : ndarray of shape (len(seeds), N)
        Equal to ``KMeans(n_clusters, n_init=1, random_state=seed).fit(x).labels_`` per seed.

    Examples
    --------
    >>> x = np.array([[0.0], [0.1], [5.0], [5.1]])
    >>> kmeans_labels(x, 2, seeds=[0, 1]).tolist()
    [[1, 1, 0, 0], [0, 0, 1, 1]]
    """
    centred = x - x.mean(axis=0)
    per_batch = max(1, _BLOCK_DISTANCES // (len(x) * max(n_clusters, 4)))
    batches = [seeds[i : i + per_batch] for i in range(0, len(seeds), per_batch)]
    return np.concatenate([_labels_of_batch(x, centred, n_clusters, batch) for batch in batches])


def _labels_of_batch(
    x: FloatArray, centred: FloatArray, n_clusters: int, seeds: Sequence[int]
) -> NDArray[np.int32]:
    centers = _plus_plus(centred, n_clusters, seeds)
    labels, emptied = _lloyd(centred, centers, tol=_TOL * float(centred.var(axis=0).mean()))
    if emptied.any():
        # scikit-learn moves an emptied cluster to a distant row; this rare case is left to it.
        from sklearn.cluster import KMeans
        from sklearn.exceptions import ConvergenceWarning

        # Fits run in threads, and the filters of warnings belong to all of them.
        with _FILTERS, warnings.catch_warnings():
            # Rows may have fewer different values than there are clusters.
            warnings.simplefilter("ignore", ConvergenceWarning)
            for b in np.flatnonzero(emptied).tolist():
                labels[b] = KMeans(n_clusters, n_init=1, random_state=seeds[b]).fit(x).labels_
    return labels


def _plus_plus(x: FloatArray, n_clusters: int, seeds: Sequence[int]) -> FloatArray:
    """Greedy k-means++ centers, shape (B, K, D)."""
    n, b = len(x), len(seeds)
    norms = (x * x).sum(axis=1)
    trials = 2 + int(np.log(n_clusters))
    draws = np.stack([_uniforms(seed, 1 + (n_clusters - 1) * trials) for seed in seeds])
    # As RandomState.choice(n, p=...), without its checks of p.
    cumulative = np.cumsum(np.full(n, 1.0) / n)
    chosen = np.empty((b, n_clusters), dtype=np.intp)
    chosen[:, 0] = np.searchsorted(cumulative / cumulative[-1], draws[:, 0], side="right")
    nearest = _squared_distances(x, norms, chosen[:, 0])
    potential = nearest.sum(axis=1)
    rows = np.arange(b)
    for c in range(1, n_clusters):
        start = 1 + (c - 1) * trials
        targets = draws[:, start : start + trials] * potential[:, np.newaxis]
        cumulative = np.cumsum(nearest, axis=1)
        candidates = np.stack([np.searchsorted(cumulative[i], targets[i]) for i in rows])
        candidates = candidates.clip(max=n - 1)
        distances = _squared_distances(x, norms, candidates.ravel()).reshape(b, trials, n)
        np.minimum(distances, nearest[:, np.newaxis], out=distances)
        potentials = distances.sum(axis=2)
        best = potentials.argmin(axis=1)
        potential = potentials[rows, best]
        nearest = distances[rows, best]
        chosen[:, c] = candidates[rows, best]
    return x[chosen]


@lru_cache(maxsize=1024)
def _uniforms(seed: int, n: int) -> FloatArray:
    """First ``n`` random numbers of a seed; k-means++ uses them in order."""
    return np.random.RandomState(seed).random_sample(n)


def _squared_distances(x: FloatArray, norms: FloatArray, rows: NDArray[np.intp]) -> FloatArray:
    """Squared distances (rows, N) from some rows of ``x`` to all of them."""
    distances = x[rows] @ x.T
    distances *= -2
    distances += norms[rows, np.newaxis]
    distances += norms
    np.maximum(distances, 0, out=distances)
    distances[np.arange(rows.size), rows] = 0
    return distances


def _lloyd(
    x: FloatArray, centers: FloatArray, tol: float
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Labels after Lloyd's iterations, and whether each restart emptied a cluster on the way."""
    b, k, _ = centers.shape
    membership = np.zeros((b, k, len(x)), dtype=bool)
    emptied = np.zeros(b, dtype=bool)
    running = np.arange(b)
    for _ in range(_MAX_ITER):
        now = _nearest(x, centers[running])
        moved, empty = _means_of_members(x, now)
        settled = (now == membership[running]).all(axis=(1, 2))
        shift = ((moved - centers[running]) ** 2).sum(axis=(1, 2))
        close = (shift <= tol) & ~settled
        membership[running], centers[running] = now, moved
        if close.any():
            membership[running[close]] = _nearest(x, moved[close])
        emptied[running] = empty
        running = running[~(settled | close | empty)]
        if running.size == 0:
            break
    else:
        membership[running] = _nearest(x, centers[running])
    return membership.argmax(axis=1).astype(np.int32), emptied


def _nearest(x: FloatArray, centers: FloatArray) -> NDArray[np.bool_]:
    """Whether each center is the nearest of each row, shape (B, K, N); on a tie, the first."""
    b, k, d = centers.shape
    flat = centers.reshape(b * k, d)
    # |x - c|^2 - |x|^2; the second term is the same for every center.
    distances = (-2 * flat) @ x.T
    distances += (flat * flat).sum(axis=1, keepdims=True)
    distances = distances.reshape(b, k, -1)
    nearest: NDArray[np.bool_] = distances == distances.min(axis=1, keepdims=True)
    if np.count_nonzero(nearest) > b * len(x):
        nearest &= nearest.cumsum(axis=1) == 1
    return nearest


def _means_of_members(
    x: FloatArray, membership: NDArray[np.bool_]
) -> tuple[FloatArray, NDArray[np.bool_]]:
    b, k, n = membership.shape
    counts = np.count_nonzero(membership, axis=2)
    sums = (membership.reshape(b * k, n).astype(np.float64) @ x).reshape(b, k, -1)
    return sums / np.maximum(counts, 1)[..., np.newaxis], (counts == 0).any(axis=1)
