"""Recommendations for all users of a log, in pieces, as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lacunar.files.atomic import replacing
from lacunar.taste.data.histories import Histories, histories_of
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.recommend.base import Recommender
from lacunar.taste.recommend.candidates import Candidates, candidates
from lacunar.taste.recommend.ranking import best_films
from lacunar.taste.recommend.rerank import Controls

# A group of rows in the file holds the lists of so many users.
_USERS_AT_ONCE = 1 << 13


def recommend_all(
    recommender: Recommender,
    ratings: Ratings,
    k: int,
    *,
    among: Candidates | None = None,
    controls: Controls | None = None,
    users_at_once: int = _USERS_AT_ONCE,
) -> Iterator[pa.Table]:
    """At most ``k`` films for each user of a log, best first, without reasons.

    Parameters
    ----------
    recommender, among, controls
        As in :func:`lacunar.taste.recommend.ranking.best_films`.
    ratings : Ratings
    k : int
    users_at_once : int

    Yields
    ------
    lists : pyarrow.Table
        ``user_id``, ``rank`` from 1, ``item_id``, ``score`` for the next users, in order of user
        and rank. Who has seen every candidate has no row.

    Examples
    --------
    >>> from lacunar.taste.recommend.popularity import PopularityRecommender
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> [lists] = recommend_all(PopularityRecommender().fit(ratings), ratings, 2)
    >>> lists.slice(0, 3).to_pydict()["rank"], len(lists)
    ([1, 2, 1], 100)
    """
    among = among or candidates(ratings)
    histories = histories_of(ratings)
    for first in range(0, ratings.n_users, users_at_once):
        users = np.arange(first, min(first + users_at_once, ratings.n_users))
        yield lists_table(
            recommender,
            ratings,
            histories.take(users),
            ratings.users[first : first + users_at_once],
            k,
            among=among,
            controls=controls,
        )


def lists_table(
    recommender: Recommender,
    ratings: Ratings,
    histories: Histories,
    user_ids: pa.Array,
    k: int,
    *,
    among: Candidates,
    controls: Controls | None = None,
    n_threads: int | None = None,
) -> pa.Table:
    """The rows of :func:`recommend_all` for the users of some histories.

    Parameters
    ----------
    recommender, ratings, histories, k, among, controls, n_threads
        As in :func:`lacunar.taste.recommend.ranking.best_films`.
    user_ids : pyarrow.Array of length B

    Returns
    -------
    pyarrow.Table
        ``user_id``, ``rank`` from 1, ``item_id``, ``score``; none of who has seen all candidates.
    """
    items, scores, costs = best_films(
        recommender, ratings, histories, k, among=among, controls=controls, n_threads=n_threads
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
    k: int,
    *,
    among: Candidates | None = None,
    controls: Controls | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write the lists of :func:`recommend_all` as one Parquet file, whole or not at all.

    Parameters
    ----------
    path : Path
        Replaced if it is there.
    recommender, ratings, k, among, controls
        As in :func:`recommend_all`.
    progress : callable, optional
        Called with (users done, users in all).

    Returns
    -------
    int
        Rows written.
    """
    rows = 0
    tables = recommend_all(recommender, ratings, k, among=among, controls=controls)
    with replacing(path) as file:
        writer: pq.ParquetWriter | None = None
        for piece, table in enumerate(tables, start=1):
            writer = writer or pq.ParquetWriter(file, table.schema, compression="zstd")
            writer.write_table(table)
            rows += table.num_rows
            if progress is not None:
                progress(min(piece * _USERS_AT_ONCE, ratings.n_users), ratings.n_users)
        assert writer is not None, "a log has users"
        writer.close()
    return rows
