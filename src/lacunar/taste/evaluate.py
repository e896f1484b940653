"""How well a ranking of films predicts ratings it has not seen: every film ranked, none sampled.

The protocol is called random-20. Of each user's ratings a random fifth is held out. A held-out
film is relevant where its rating is at least 4 and somebody rated it in training; every film with
a training rating that the user has not rated there competes. Sampled competitors would change the
order of methods (Krichene and Rendle 2020, "On Sampled Metrics for Item Recommendation").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.taste.mixture.parameters import FloatArray
from lacunar.taste.ratings import Ratings

RELEVANT_FROM = 4.0
_USERS_PER_BATCH = 256

# Positions of B users to scores of shape (B, I), high for what to show first.
ScoreUsers = Callable[[NDArray[np.intp]], FloatArray]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Ratings that a fit must not see, in order of user and item.

    Parameters
    ----------
    user, item : ndarray of shape (H,)
        Positions, the same as in the training part.
    rating : ndarray of shape (H,)
        Stars.
    """

    user: NDArray[np.int32]
    item: NDArray[np.int32]
    rating: FloatArray


@dataclass(frozen=True, slots=True)
class RankingQuality:
    """Quality of the rankings of the M users who have a relevant film.

    Parameters
    ----------
    users : ndarray of shape (M,)
        Positions, ascending.
    ndcg : ndarray of shape (M,)
        nDCG@10 of each.
    recall : ndarray of shape (M,)
        Recall@20 of each.
    """

    users: NDArray[np.intp]
    ndcg: FloatArray
    recall: FloatArray


def random_split(ratings: Ratings, *, share: float = 0.2, seed: int) -> tuple[Ratings, HeldOut]:
    """Hold out a random share of each user's ratings.

    Of n ratings ``floor(share * n)`` are held out, so every user keeps at least one. Users, films
    and genres keep their positions, and ``intake`` still tells of the whole log.

    Parameters
    ----------
    ratings : Ratings
    share : float
        Above 0, below 1.
    seed : int

    Returns
    -------
    train : Ratings
    held_out : HeldOut

    Raises
    ------
    InputError
        If the share is not between 0 and 1.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lacunar.datasets.sample_tastes import sample_tastes, write_sample
    >>> from lacunar.taste.ratings import read_ratings
    >>> with TemporaryDirectory() as folder:
    ...     write_sample(sample_tastes(n_users=50, n_movies=200, seed=1), Path(folder))
    ...     ratings = read_ratings(Path(folder))
    >>> train, held_out = random_split(ratings, seed=0)
    >>> len(ratings.user), len(train.user), len(held_out.user)
    (3442, 2764, 678)
    """
    if not 0 < share < 1:
        raise InputError(f"expected a share to hold out between 0 and 1, got {share:g}")
    user = ratings.user
    rated = np.diff(ratings.user_starts)
    # Without the small number, 29 % of 100 would be 28.
    wanted = np.minimum(np.floor(share * rated + 1e-9), rated - 1)
    draws = np.random.default_rng(seed).random(len(user))
    place = np.arange(len(user)) - ratings.user_starts[user]
    held = np.empty(len(user), dtype=bool)
    held[np.lexsort((draws, user))] = place < wanted[user]
    train = replace(ratings, log=ratings.log.take(pa.array(np.flatnonzero(~held))))
    return train, HeldOut(user[held], ratings.item[held], ratings.rating[held])


def rank_candidates(
    scores: FloatArray, train: Ratings, users: NDArray[np.integer], k: int
) -> NDArray[np.intp]:
    """The k best candidates of each user, best first; equal scores in order of item position.

    Candidates are the films with a training rating, without the user's own.

    Parameters
    ----------
    scores : ndarray of shape (B, I)
        ``-inf`` takes a film out.
    train : Ratings
    users : ndarray of shape (B,)
        Positions of the users whose scores these are.
    k : int

    Returns
    -------
    ranked : ndarray of shape (B, min(k, I))
        Item positions, and -1 where candidates run out.

    Raises
    ------
    ValueError
        If a score is NaN.
    """
    if np.isnan(scores).any():
        raise ValueError("expected a score for every film, got NaN")
    known = np.zeros(train.n_items, dtype=bool)
    known[train.item] = True
    scores = np.where(known, scores, -np.inf)  # (B, I)
    for row, user in enumerate(users.tolist()):
        scores[row, train.item[train.rows_of(user)]] = -np.inf
    k = min(k, train.n_items)
    # A partition alone would choose among equal scores at the cut as it likes.
    cut = np.partition(scores, -k, axis=1)[:, -k, np.newaxis]
    above, at = scores > cut, scores == cut
    room = k - above.sum(axis=1, keepdims=True)
    best = np.nonzero(above | (at & (at.cumsum(axis=1) <= room)))[1].reshape(-1, k)
    best_scores = np.take_along_axis(scores, best, axis=1)
    order = np.argsort(-best_scores, axis=1, kind="stable")
    ranked = np.where(np.isneginf(best_scores), -1, best)
    return np.asarray(np.take_along_axis(ranked, order, axis=1))


def ndcg_at(hits: NDArray[np.bool_], n_relevant: NDArray[np.integer], k: int = 10) -> FloatArray:
    """Normalised discounted cumulative gain of each ranking, gains 0 and 1.

    A hit at place i (from 1) gains ``1 / log2(i + 1)``; the ideal ranking begins with
    ``min(k, n_relevant)`` hits. Source: Järvelin and Kekäläinen (2002).

    Parameters
    ----------
    hits : ndarray of shape (B, P)
        Whether the film at each place is relevant, best place first.
    n_relevant : ndarray of shape (B,)
        Relevant films of each user, at least 1, ranked or not.
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
    """Hits among the first k places, divided by ``min(k, n_relevant)``.

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


def ranking_quality(
    score_users: ScoreUsers,
    train: Ratings,
    held_out: HeldOut,
    *,
    relevant_from: float = RELEVANT_FROM,
) -> RankingQuality:
    """Rank all candidates of every user who has a relevant film, and compare with what is held out.

    Parameters
    ----------
    score_users : callable
        From positions of B users to scores of shape (B, I); called batch by batch.
    train : Ratings
    held_out : HeldOut
    relevant_from : float
        Stars; a held-out rating of at least this is relevant if training knows the film.

    Raises
    ------
    InputError
        If no held-out rating is relevant.
    """
    known = np.zeros(train.n_items, dtype=bool)
    known[train.item] = True
    relevant = (held_out.rating >= relevant_from) & known[held_out.item]
    if not relevant.any():
        raise InputError(
            f"expected held-out ratings of {relevant_from:g} or more of films that training"
            f" knows, got none among {len(relevant)} held-out ratings"
        )
    pairs = held_out.user[relevant].astype(np.int64) * train.n_items + held_out.item[relevant]
    users, n_relevant = np.unique(held_out.user[relevant].astype(np.intp), return_counts=True)
    ndcg, recall = np.empty(len(users)), np.empty(len(users))
    for start in range(0, len(users), _USERS_PER_BATCH):
        rows = slice(start, start + _USERS_PER_BATCH)
        batch = users[rows]
        ranked = rank_candidates(score_users(batch), train, batch, k=20)
        hits = (ranked >= 0) & np.isin(batch[:, np.newaxis] * train.n_items + ranked, pairs)
        ndcg[rows] = ndcg_at(hits, n_relevant[rows])
        recall[rows] = recall_at(hits, n_relevant[rows])
    return RankingQuality(users, ndcg, recall)


def score_by_segment(
    train: Ratings, labels: NDArray[np.integer], *, liked_from: float = 4.0
) -> ScoreUsers:
    """Popularity inside each user's segment, as scores to rank by.

    Films are ordered by the number of members' training ratings of at least ``liked_from``;
    equal numbers by that of all users, then by item position.

    Parameters
    ----------
    train : Ratings
    labels : ndarray of shape (U,)
        Segment of each user; one of -1 (noise) gets the popularity over everybody.
    liked_from : float
        Stars.

    Raises
    ------
    ValueError
        If there is not one label of -1 or more for each user.
    """
    if labels.shape != (train.n_users,) or (labels < -1).any():
        raise ValueError(f"expected a label of -1 or more for each of {train.n_users} users")
    liked = train.rating >= liked_from
    user, item = train.user[liked], train.item[liked]
    shape = (int(labels.max()) + 2, train.n_items)
    row = labels.astype(np.int64) + 1
    cell = row[user] * train.n_items + item
    likes = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
    likes[0] = np.bincount(item, minlength=train.n_items)
    scores = np.empty(shape)
    for segment in range(shape[0]):
        order = np.lexsort((-likes[0], -likes[segment]))
        scores[segment, order] = -np.arange(train.n_items)
    return lambda users: np.asarray(scores[row[users]])


def segment_popularity_ndcg(
    train: Ratings,
    held_out: HeldOut,
    labels: NDArray[np.integer],
    *,
    liked_from: float = 4.0,
) -> float:
    """Mean nDCG@10 of popularity inside segments; all labels 0 give plain popularity.

    Parameters
    ----------
    train : Ratings
    held_out : HeldOut
    labels : ndarray of shape (U,)
    liked_from : float
        As in :func:`score_by_segment`; what is relevant does not depend on it.
    """
    score_users = score_by_segment(train, labels, liked_from=liked_from)
    return float(ranking_quality(score_users, train, held_out).ndcg.mean())
