"""Recommendations for all users of a log on a cluster, each range of users by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from lacunar.files.parquet_directory import (
    USERS_PER_FILE,
    file_of,
    parquet_directory,
    write_parquet,
)
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.recommend.base import Recommender
from lacunar.taste.recommend.candidates import Candidates
from lacunar.taste.recommend.list_files import lists_table
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.spark.engine import Broadcast, check_workers, collected, map_partitions
from lacunar.taste.spark.log import by_partition
from lacunar.taste.spark.raw_ratings import address

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, slots=True)
class _Task:
    """What every worker is sent once.

    Not the log, though the item model of few users holds the feedback that it was fitted to.
    """

    recommender: Recommender
    films: Ratings
    users: pa.Array
    request: ListRequest
    among: Candidates
    users_per_partition: int


def recommend_all_on_spark(
    session: SparkSession,
    log: Path,
    recommender: Recommender,
    ratings: Ratings,
    request: ListRequest,
    output: Path,
    *,
    force: bool = False,
    users_per_partition: int = USERS_PER_FILE,
) -> int:
    """Write the lists of :func:`~lacunar.taste.recommend.list_files.recommend_all` on the workers.

    Parameters
    ----------
    session : SparkSession
    log : Path
        Parquet file of ``ratings.log``, seen by every worker under this path.
    recommender, ratings, request
        As there. Workers are sent the recommender, the films and the ids of users.
    output : Path
        Directory that will hold Parquet files, seen by every worker under this path; rows in order
        of user and rank.
    force : bool
        Replace such a directory.
    users_per_partition : int
        Users of one file.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    InputError
        If something is there that may not be replaced, or workers have another Lacunar.
    """
    check_workers(session)
    task = _Task(
        recommender,
        ratings.without_users(),
        ratings.users,
        request,
        request.candidates(ratings),
        users_per_partition,
    )
    frame = session.read.parquet(address(log)).select("user", "item", "rating")
    parts = by_partition(frame, ratings.n_users, users_per_partition, "user", "item")
    sent = session.sparkContext.broadcast(task)
    try:
        with parquet_directory(output.absolute(), force=force) as folder:
            write = partial(_write, sent=sent, folder=folder)
            rows = collected(map_partitions(parts, write, "rows bigint"))["rows"]
    finally:
        sent.destroy()
    return int(np.sum(rows.to_numpy()))


def _write(
    batches: Iterator[pa.RecordBatch], sent: Broadcast, folder: Path
) -> Iterator[pa.RecordBatch]:
    held = [batch for batch in batches if batch.num_rows]
    if not held:
        return
    log, task = pa.Table.from_batches(held), sent.value
    user = log["user"].to_numpy()
    part = int(user[0]) // task.users_per_partition
    first = part * task.users_per_partition
    users = task.users[first : first + task.users_per_partition]
    starts = np.searchsorted(user, np.arange(first, first + len(users) + 1))
    table = lists_table(
        task.recommender,
        task.films,
        Histories(starts, log["item"].to_numpy(), log["rating"].to_numpy()),
        users,
        task.request,
        among=task.among,
        # A task has one core of its worker.
        n_threads=1,
    )
    write_parquet(file_of(folder, part), table)
    yield pa.RecordBatch.from_pydict({"rows": [len(table)]})
