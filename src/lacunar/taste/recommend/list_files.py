"""Recommendation lists of all users of a log, computed in batches and written to a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from lacunar.files.tables import table_suffix, writing_table
from lacunar.taste.data.histories import Histories, histories_of
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.recommend.base import Recommender
from lacunar.taste.recommend.candidates import Candidates
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.ranking import best_films

# Users per row group of the file.
_USERS_PER_BATCH = 1 << 13


def recommend_all(
    recommender: Recommender,
    ratings: Ratings,
    request: ListRequest,
    *,
    users_per_batch: int = _USERS_PER_BATCH,
) -> Iterator[pa.Table]:
    """Recommend items to each user of a log, best first, without reasons.

    Parameters
    ----------
    recommender, ratings, request
        As in :func:`lacunar.taste.recommend.ranking.best_films`.
    users_per_batch : int

    Yields
    ------
    lists : pyarrow.Table
        ``user_id``, ``rank`` from 1, ``item_id``, ``score`` for the next users, in order of user
        and rank. A user who has seen every candidate has no row.

    Examples
    --------
    >>> from lacunar.taste.recommend.popularity import PopularityRecommender
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> popular = PopularityRecommender().fit(ratings)
    >>> [lists] = recommend_all(popular, ratings, ListRequest(k=2))
    >>> lists.slice(0, 3).to_pydict()["rank"], len(lists)
    ([1, 2, 1], 100)
    """
    among = request.candidates(ratings)
    histories = histories_of(ratings)
    for first in range(0, ratings.n_users, users_per_batch):
        users = np.arange(first, min(first + users_per_batch, ratings.n_users))
        yield lists_table(
            recommender,
            ratings,
            histories.take(users),
            ratings.users[first : first + users_per_batch],
            request,
            among=among,
        )


def lists_table(
    recommender: Recommender,
    ratings: Ratings,
    histories: Histories,
    user_ids: pa.Array,
    request: ListRequest,
    *,
    among: Candidates,
    n_threads: int | None = None,
) -> pa.Table:
    """Return the rows of :func:`recommend_all` for the users of some histories.

    Parameters
    ----------
    recommender, ratings, histories, request, among, n_threads
        As in :func:`lacunar.taste.recommend.ranking.best_films`.
    user_ids : pyarrow.Array of length B

    Returns
    -------
    pyarrow.Table
        ``user_id``, ``rank`` from 1, ``item_id``, ``score``. A user who has seen every candidate
        has no row.
    """
    items, scores, costs = best_films(
        recommender, ratings, histories, request, among=among, n_threads=n_threads
    )
    user, place = np.nonzero(items >= 0)
    return pa.table(
        {
            "user_id": user_ids.take(pa.array(user)),
            "rank": (place + 1).astype(np.int32),
            "item_id": ratings.items["item_id"].combine_chunks().take(pa.array(items[user, place])),
            "score": (scores - costs)[user, place],
        }
    )


def write_recommendations(
    path: Path,
    recommender: Recommender,
    ratings: Ratings,
    request: ListRequest,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write the lists of :func:`recommend_all` as one file, completely or not at all.

    Parameters
    ----------
    path : Path
        See :func:`lacunar.files.tables.writing_table`.
    recommender, ratings, request
        As in :func:`recommend_all`.
    progress : callable, optional
        Called with (users done, users in all).

    Returns
    -------
    int
        Number of rows written.
    """
    table_suffix(path)
    rows = 0
    tables = recommend_all(recommender, ratings, request)
    first = next(tables)
    with writing_table(path, first.schema) as write:
        for batch, table in enumerate(chain([first], tables), start=1):
            write(table)
            rows += table.num_rows
            if progress is not None:
                progress(min(batch * _USERS_PER_BATCH, ratings.n_users), ratings.n_users)
    return rows
