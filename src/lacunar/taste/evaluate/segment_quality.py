"""Ranking quality of popularity within segments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate.ranked_lists import ScoreUsers, measure, rank_split
from lacunar.taste.evaluate.split import Split


def score_by_segment(
    train: Ratings, labels: NDArray[np.integer], *, liked_from: float = 4.0
) -> ScoreUsers:
    """Return scores that rank items by popularity within each user's segment.

    Items are ordered by the number of members' training ratings of at least ``liked_from``. Ties
    are broken by the number of all users, then by item position.

    Parameters
    ----------
    train : Ratings
    labels : ndarray of shape (U,)
        Segment of each user; -1 (noise) gets the popularity over all users.
    liked_from : float
        Ratings.

    Returns
    -------
    score_users : callable
        From positions in ``train`` to scores of shape (B, I).

    Raises
    ------
    ValueError
        If the number of labels is wrong, or a label is below -1.
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


def ranking_quality(score_users: ScoreUsers, split: Split) -> dict[str, FloatArray]:
    """Compute the metrics of a ranking for users in training.

    Parameters
    ----------
    score_users : callable
        From positions in ``split.train`` to scores of shape (B, I), which may be overwritten;
        called once per batch.
    split : Split

    Returns
    -------
    values : dict of str to ndarray of shape (M,)
        See :func:`lacunar.taste.evaluate.ranked_lists.measure`.

    Raises
    ------
    ValueError
        If a tested user is not in training.
    """
    if not np.isin(split.users, split.train_users).all():
        raise ValueError("expected a split whose tested users are all in training")
    position = np.searchsorted(split.train_users, split.users)
    return measure(rank_split(lambda users: score_users(position[users]), split), split)


def segment_popularity_ndcg(
    split: Split, labels: NDArray[np.integer], *, liked_from: float = 4.0
) -> float:
    """Compute the mean nDCG@10 of popularity within segments; labels of 0 give plain popularity.

    Parameters
    ----------
    split : Split
        All tested users must be in training.
    labels : ndarray of shape (U,)
        Segment of each user of ``split.train``.
    liked_from : float
        As in :func:`score_by_segment`; it does not change which items are relevant.

    Examples
    --------
    >>> from lacunar.taste.evaluate.protocols import random_split
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> split = random_split(sampled_ratings(n_users=50, n_movies=200), seed=0)
    >>> round(segment_popularity_ndcg(split, np.zeros(50, dtype=int)), 3)
    0.298
    """
    score_users = score_by_segment(split.train, labels, liked_from=liked_from)
    return float(ranking_quality(score_users, split)["ndcg@10"].mean())
