"""Ranked lists of all tested users, and their metrics.

All items with a training rating are candidates: sampled candidates would change the order of
methods (Krichene and Rendle 2020, "On Sampled Metrics for Item Recommendation").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate.metrics import (
    Lists,
    genre_diversity,
    hit_rate,
    miscalibration,
    ndcg_at,
    novelty,
    recall_at,
    reciprocal_rank,
)
from lacunar.taste.evaluate.split import Split
from lacunar.taste.recommend.candidates import Candidates, rank

USER_METRICS = (
    "ndcg@10",
    "recall@20",
    "mrr@10",
    "hit_rate@10",
    "novelty@10",
    "diversity@10",
    "miscalibration@10",
)
_LIST_LENGTH = 20
_USERS_PER_BATCH = 256

# From positions in ``Split.users`` to scores of shape (B, I); higher is better.
ScoreUsers = Callable[[NDArray[np.intp]], FloatArray]


def rank_split(score_users: ScoreUsers, split: Split) -> Lists:
    """Return the 20 best candidates of every tested user.

    Parameters
    ----------
    score_users : callable
        From positions in ``split.users`` to scores of shape (B, I), which may be overwritten;
        called batch by batch.
    split : Split

    Returns
    -------
    lists : ndarray of shape (M, min(20, I))
        Item positions, best first; -1 after the last candidate.
    """
    among = Candidates(_counts(split.train) > 0)
    return np.concatenate(
        [
            rank(score_users(users), split.excluded.take(users), among, _LIST_LENGTH)[0]
            for users in _batches(len(split.users))
        ]
    )


def measure(lists: Lists, split: Split) -> dict[str, FloatArray]:
    """Compute all metrics of all tested users.

    Parameters
    ----------
    lists : ndarray of shape (M, P)
    split : Split

    Returns
    -------
    values : dict of str to ndarray of shape (M,)
        By :data:`USER_METRICS`. Miscalibration compares with all items that the user rated, except
        the targets. It includes ratings that are not in the history, so that it does not depend
        on the length of the history.

    Examples
    --------
    >>> from lacunar.taste.evaluate.protocols import random_split
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> split = random_split(sampled_ratings(n_users=50, n_movies=200), seed=0)
    >>> scores = np.zeros(split.train.n_items)
    >>> lists = rank_split(lambda users: np.tile(scores, (len(users), 1)), split)
    >>> sorted(measure(lists, split)) == sorted(USER_METRICS)
    True
    """
    genres = split.train.genre_matrix.toarray()
    rated_share = _counts(split.train) / split.train.n_users
    batches = []
    for users in _batches(len(split.users)):
        shown, relevant = lists[users], split.relevant.take(users)
        n_relevant = relevant.n_ratings
        hits = np.isin(
            np.arange(len(users))[:, np.newaxis] * len(genres) + shown,
            relevant.user * len(genres) + relevant.item,
        ) & (shown >= 0)
        batches.append(
            (
                ndcg_at(hits, n_relevant),
                recall_at(hits, n_relevant),
                reciprocal_rank(hits),
                hit_rate(hits),
                novelty(shown, rated_share),
                genre_diversity(shown, genres),
                miscalibration(shown, split.excluded.take(users), genres),
            )
        )
    columns = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    return dict(zip(USER_METRICS, columns, strict=True))


def _counts(train: Ratings) -> NDArray[np.intp]:
    return np.bincount(train.item, minlength=train.n_items)


def _batches(n_users: int) -> Iterator[NDArray[np.intp]]:
    for start in range(0, n_users, _USERS_PER_BATCH):
        yield np.arange(start, min(start + _USERS_PER_BATCH, n_users))
