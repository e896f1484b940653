"""Recommendations for all users of a log on a cluster, partition by partition."""

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
    """Data that every worker is sent once.

    The log is not part of it, but the EASE model of few users holds the feedback it was fitted to.
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
    """Recommend to all users of a log; workers write the files.

    Parameters
    ----------
    session : SparkSession
    log : Path
        Parquet file of ``ratings.log``; every worker must see it under this path.
    recommender, ratings, request
        See :func:`~lacunar.taste.recommend.list_files.recommend_all`. Workers are sent the
        recommender, the films and the ids of users.
    output : Path
        Directory for the Parquet files, with rows in order of user and rank. Every worker must see
        it under this path.
    force : bool
        Whether to replace a directory of Parquet files.
    users_per_partition : int
        Users of one file.

    Returns
    -------
    int
        Number of rows written.

    Raises
    ------
    InputError
        If ``output`` exists and may not be replaced, or workers have another version of Lacunar.
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
    frame = session.read.parquet(address(log)).drop("timestamp")
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
    filled = [batch for batch in batches if batch.num_rows]
    if not filled:
        return
    log, task = pa.Table.from_batches(filled), sent.value
    user = log["user"].to_numpy()
    part = int(user[0]) // task.users_per_partition
    first = part * task.users_per_partition
    users = task.users[first : first + task.users_per_partition]
    starts = np.searchsorted(user, np.arange(first, first + len(users) + 1))
    table = lists_table(
        task.recommender,
        task.films,
        Histories(
            starts,
            log["item"].to_numpy(),
            log["rating"].to_numpy(),
            log["count"].to_numpy() if "count" in log.column_names else None,
        ),
        users,
        task.request,
        among=task.among,
        # Spark gives each task one core.
        n_threads=1,
    )
    write_parquet(file_of(folder, part), table)
    yield pa.RecordBatch.from_pydict({"rows": [len(table)]})
