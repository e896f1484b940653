"""Metrics of recommended lists, one value per user.

Shapes: B users, P ranks, I items, G genres. A list is a row of item positions, best first, with -1
after the last candidate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import rel_entr

from lacunar.aliases import FloatArray
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.ratings import Ratings

Lists = NDArray[np.intp]


def ndcg_at(hits: NDArray[np.bool_], n_relevant: NDArray[np.integer], k: int = 10) -> FloatArray:
    """Compute the normalised discounted cumulative gain of each list, with gains 0 and 1.

    A hit at rank i (from 1) gains ``1 / log2(i + 1)``; the ideal list begins with
    ``min(k, n_relevant)`` hits. Source: Järvelin and Kekäläinen (2002), "Cumulated Gain-Based
    Evaluation of IR Techniques".

    Parameters
    ----------
    hits : ndarray of shape (B, P)
        Whether the item at each rank is relevant, best first.
    n_relevant : ndarray of shape (B,)
        Number of relevant items of each user, in the list or not; at least 1.
    k : int

    Examples
    --------
    >>> ndcg_at(np.array([[True, False, True]]), np.array([2]), k=3).round(4).tolist()
    [0.9197]
    """
    gains = 1 / np.log2(np.arange(k) + 2)
    ideal = gains.cumsum()[np.minimum(k, n_relevant) - 1]
    hits = hits[:, :k]
    return np.asarray(hits @ gains[: hits.shape[1]] / ideal)


def recall_at(hits: NDArray[np.bool_], n_relevant: NDArray[np.integer], k: int = 20) -> FloatArray:
    """Compute the hits among the first k ranks, divided by ``min(k, n_relevant)``.

    A perfect list has a recall of 1 for any number of relevant items. Source: Liang, Krishnan,
    Hoffman and Jebara (2018), "Variational Autoencoders for Collaborative Filtering".

    Parameters
    ----------
    hits, n_relevant, k
        As in :func:`ndcg_at`.

    Examples
    --------
    >>> recall_at(np.array([[True, False, True]]), np.array([4])).tolist()
    [0.5]
    """
    return np.asarray(hits[:, :k].sum(axis=1) / np.minimum(k, n_relevant))


def reciprocal_rank(hits: NDArray[np.bool_], k: int = 10) -> FloatArray:
    """Compute one divided by the rank of the first hit; 0 without a hit among the first k.

    Source: Voorhees (1999), "The TREC-8 Question Answering Track Report".

    Parameters
    ----------
    hits, k
        As in :func:`ndcg_at`.

    Examples
    --------
    >>> reciprocal_rank(np.array([[False, True, True], [False, False, False]])).tolist()
    [0.5, 0.0]
    """
    hits = hits[:, :k]
    return np.asarray(hits.any(axis=1) / (hits.argmax(axis=1) + 1), dtype=np.float64)


def hit_rate(hits: NDArray[np.bool_], k: int = 10) -> FloatArray:
    """Compute 1 if any of the first k ranks is a hit, else 0.

    Source: Deshpande and Karypis (2004), "Item-Based Top-N Recommendation Algorithms".

    Parameters
    ----------
    hits, k
        As in :func:`ndcg_at`.

    Examples
    --------
    >>> hit_rate(np.array([[False, True], [False, False]])).tolist()
    [1.0, 0.0]
    """
    return np.asarray(hits[:, :k].any(axis=1), dtype=np.float64)


def novelty(lists: Lists, rated_share: FloatArray, k: int = 10) -> FloatArray:
    """Compute the mean self-information of the first k items, in bits: high for little-known items.

    An item that a share s of the training users rated has ``-log2(s)`` bits. Source: Zhou et al.
    (2010), "Solving the apparent diversity-accuracy dilemma of recommender systems".

    Parameters
    ----------
    lists : ndarray of shape (B, P)
    rated_share : ndarray of shape (I,)
        Above 0 for every item on a list.
    k : int

    Returns
    -------
    bits : ndarray of shape (B,)
        NaN for an empty list.

    Examples
    --------
    >>> novelty(np.array([[0, 1], [1, -1], [-1, -1]]), np.array([0.5, 0.25])).tolist()
    [1.5, 2.0, nan]
    """
    lists = lists[:, :k]
    listed = lists >= 0
    share = np.where(listed, rated_share[lists], 1.0)
    return ratio_or_nan(-np.log2(share).sum(axis=1), listed.sum(axis=1))


def genre_diversity(lists: Lists, genres: FloatArray, k: int = 10) -> FloatArray:
    """Compute the mean Jaccard distance between the genres of all pairs of the first k items.

    ``1 - |a and b| / |a or b|`` for the genre sets a and b of two items. Source: intra-list
    diversity after Ziegler et al. (2005), "Improving Recommendation Lists Through Topic
    Diversification", with the distance of Jaccard.

    Parameters
    ----------
    lists : ndarray of shape (B, P)
    genres : ndarray of shape (I, G)
        1 where an item has a genre, else 0. Every item has one.
    k : int

    Returns
    -------
    diversity : ndarray of shape (B,)
        From 0, all the same, to 1, no genre in common; NaN for a list of fewer than two items.

    Examples
    --------
    >>> genres = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> genre_diversity(np.array([[0, 1, 2]]), genres).round(4).tolist()
    [0.6667]
    """
    lists = lists[:, :k]
    listed = lists >= 0
    sets = np.where(listed[:, :, np.newaxis], genres[lists], 0.0)  # (B, k, G)
    both = sets @ sets.transpose(0, 2, 1)  # (B, k, k)
    sizes = sets.sum(axis=2)
    either = sizes[:, :, np.newaxis] + sizes[:, np.newaxis, :] - both
    # Empty ranks have no genres: their similarity to all items is 0.
    similarity = both / np.maximum(either, 1.0)
    n = listed.sum(axis=1)
    ordered_pairs = n * (n - 1)
    return 1 - ratio_or_nan(similarity.sum(axis=(1, 2)) - n, ordered_pairs)


def miscalibration(
    lists: Lists,
    histories: Histories,
    genres: FloatArray,
    k: int = 10,
    *,
    alpha: float = 0.01,
) -> FloatArray:
    """Compute the divergence of the genres of the first k items from the history's, in nats.

    Each item spreads a weight of 1 evenly over its genres. With the distributions p of the history
    and q of the list it is ``KL(p || (1 - alpha) q + alpha p)``: 0 if they are equal, up to
    ``-log(alpha)`` if the list has no genre of the history. Source: Steck (2018),
    "Calibrated Recommendations", equations 2, 3, 6 and 7.

    Parameters
    ----------
    lists : ndarray of shape (B, P)
    histories : Histories
        Of the same B users.
    genres : ndarray of shape (I, G)
        1 where an item has a genre, else 0. Every item has one.
    k : int
    alpha : float
        Keeps the divergence finite if a genre is missing in the list.

    Returns
    -------
    divergence : ndarray of shape (B,)
        NaN for an empty history or list.

    Examples
    --------
    >>> genres = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> history = Histories(np.array([0, 1]), np.array([0]), np.array([4.0]))
    >>> miscalibration(np.array([[0]]), history, genres).tolist()
    [0.0]
    >>> miscalibration(np.array([[1]]), history, genres).round(2).tolist()
    [4.61]
    """
    lists = lists[:, :k]
    listed = lists >= 0
    spread = genres / genres.sum(axis=1, keepdims=True)
    rated = histories.matrix(np.ones(len(histories.item)), len(genres))
    p = ratio_or_nan(rated @ spread, histories.n_ratings[:, np.newaxis])
    shown = np.where(listed[:, :, np.newaxis], spread[lists], 0.0)
    q = ratio_or_nan(shown.sum(axis=1), listed.sum(axis=1, keepdims=True))
    return np.asarray(rel_entr(p, (1 - alpha) * q + alpha * p).sum(axis=1))


def coverage(lists: Lists, train: Ratings, k: int = 10) -> float:
    """Compute the share of the items with a training rating that are in any user's first k.

    Source: catalogue coverage of Ge, Delgado-Battenfeld and Jannach (2010), "Beyond Accuracy".

    Parameters
    ----------
    lists : ndarray of shape (B, P)
        Lists of all users.
    train : Ratings
    k : int
    """
    shown = np.unique(lists[:, :k])
    return float(np.count_nonzero(shown >= 0) / len(np.unique(train.item)))


def ratio_or_nan(total: FloatArray, n: NDArray[np.number]) -> FloatArray:
    """Return total / n; NaN if n is 0."""
    ratio = np.full(np.broadcast_shapes(np.shape(total), np.shape(n)), np.nan)
    np.divide(total, n, out=ratio, where=n > 0)
    return ratio
