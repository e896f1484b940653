"""A ratings log on a Spark cluster, cleaned and encoded as ``lacunar.taste.data`` does."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from lacunar.files.parquet_directory import USERS_PER_FILE
from lacunar.taste.data.catalogue import Catalogue, all_whole_numbers, catalogue_of, encode_items
from lacunar.taste.data.duckdb import connect
from lacunar.taste.data.item_noun import ItemNoun
from lacunar.taste.data.layouts import Source, find_source
from lacunar.taste.data.rating_scale import LIKES, RatingScale
from lacunar.taste.data.ratings import Intake, Ratings
from lacunar.taste.data.reading import no_known_items
from lacunar.taste.spark.engine import (
    SparkEngine,
    aggregates,
    as_frame,
    check_workers,
    collected,
    run,
)
from lacunar.taste.spark.raw_ratings import raw_ratings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# A partition holds the users of one range of positions. Its size depends only on the number of
# users, so that sums over partitions are the same on every cluster.
_MAX_PARTITIONS = 1 << 10
_ORDER = ("user", "item")
_READS = count()

_KNOWN_SQL = """
SELECT {user_id} AS user_id, items.item AS item, raw.rating AS rating,
    raw.timestamp AS timestamp
FROM raw JOIN items ON items.item_id = {item_id}
"""
_USERS_SQL = """
SELECT CAST(row_number() OVER (ORDER BY user_id) - 1 AS INT) AS user, user_id
FROM (SELECT DISTINCT user_id FROM known)
"""
_LOG_SQL = """
SELECT user, item, last.rating AS rating, CAST(floor(last.timestamp) AS BIGINT) AS timestamp, count
FROM (
    SELECT users.user AS user, known.item AS item,
        max(struct(known.timestamp AS timestamp, known.rating AS rating)) AS last,
        count(*) AS count
    FROM known JOIN users ON known.user_id = users.user_id
    GROUP BY users.user, known.item
)
"""
_COUNTS_SQL = """
SELECT count(items.item) AS known, count(DISTINCT {user_id}) AS users,
    count(DISTINCT CASE WHEN items.item IS NULL THEN {item_id} END)
        AS unknown_items
FROM raw LEFT JOIN items ON items.item_id = {item_id}
"""


@dataclass(frozen=True)
class SparkLog:
    """Ratings of U users on a cluster, cleaned and encoded by position.

    Parameters
    ----------
    session : SparkSession
    users : DataFrame
        ``user`` (position), ``user_id``.
    log : DataFrame
        ``user``, ``item`` (positions), ``rating``, ``timestamp`` and perhaps ``count``, as in
        :class:`~lacunar.taste.data.ratings.Ratings`, one row per user and film; a
        partition holds the users of one range of positions, in order of user and item.
    n_users, n_ratings : int
    users_per_partition : int
    catalogue : Catalogue
        The films, on the driver.
    scale : RatingScale
    intake : Intake
    noun : ItemNoun
    """

    session: SparkSession
    users: DataFrame
    log: DataFrame
    n_users: int
    n_ratings: int
    users_per_partition: int
    catalogue: Catalogue
    scale: RatingScale
    intake: Intake
    noun: ItemNoun

    def collect(self) -> Ratings:
        """Fetch the log; equals the result of :func:`~lacunar.taste.data.reading.read_ratings`."""
        users = collected(self.users.orderBy("user"))
        return Ratings(
            users=users["user_id"].combine_chunks(),
            items=self.catalogue.items,
            genres=self.catalogue.genres,
            item_genres=self.catalogue.item_genres,
            log=collected(self.log),
            scale=self.scale,
            intake=self.intake,
            noun=self.noun,
        )

    def engine(self, ratings: Ratings) -> SparkEngine:
        """An engine that uses the log on the cluster for the log of :meth:`collect`."""
        engine = SparkEngine(self.session)
        engine.keep(ratings.log, self.log)
        return engine


def read_log(
    session: SparkSession,
    directory: Path,
    *,
    scale: RatingScale | None = None,
    users_per_partition: int = USERS_PER_FILE,
) -> SparkLog:
    """Read a data directory on a cluster.

    Parameters
    ----------
    session : SparkSession
    directory : Path
        Has ``ratings.csv`` or ``ratings.parquet``; every worker must see it under this path.
    scale : RatingScale, optional
        Allowed ratings; by default 0.5 to 5 in steps of 0.5.
    users_per_partition : int
        Users of one partition; increased if there would be over 1,024 partitions.

    Raises
    ------
    InputError
        See :func:`~lacunar.taste.data.reading.read_ratings`; also for other layouts, and if workers
        have another version of Lacunar.
    """
    check_workers(session)
    scale = scale or RatingScale()
    source = find_source(directory)
    raw = raw_ratings(session, source, scale)
    catalogue = _read_catalogue(source, whole_items=raw.whole_items)
    item_id = catalogue.items["item_id"]
    ids = {
        "user_id": _id("raw.user_id", whole=raw.whole_users),
        "item_id": _id("raw.item_id", whole=pa.types.is_integer(item_id.type)),
    }
    items = pa.table({"item_id": item_id, "item": pa.array(range(len(item_id)), pa.int32())})
    frames = {
        # Spark would take a persisted log of the same path, of a file that has changed since.
        "raw": raw.frame.where(f"{next(_READS)} >= 0"),
        "items": as_frame(session, items).hint("broadcast"),
    }
    known = run(session, _KNOWN_SQL.format(**ids), frames)
    users = run(session, _USERS_SQL, {"known": known}).persist()
    n_users = users.count()
    if not n_users:
        whole = pa.types.is_integer(item_id.type)
        rated = aggregates(raw.frame, f"min({_id('item_id', whole=whole)}) AS item")["item"]
        raise no_known_items(source, raw.n_rows, item_id[0].as_py(), rated)
    users_per_partition = max(users_per_partition, -(-n_users // _MAX_PARTITIONS))
    log = run(session, _LOG_SQL, {"known": known, "users": users})
    log = by_partition(log, n_users, users_per_partition, *_ORDER).persist()
    kept = aggregates(
        log,
        "count(*) AS n",
        "bool_and(rating = round(rating)) AS whole",
        "min(rating) AS lowest",
        "max(count) AS most",
    )
    if not (scale == LIKES and kept["lowest"] == LIKES.maximum and kept["most"] > 1):
        log = log.drop("count")
    counts = aggregates(run(session, _COUNTS_SQL.format(**ids), frames), "*")
    intake = Intake(
        rows=raw.n_rows,
        repeated=counts["known"] - kept["n"],
        unknown_item_rows=raw.n_rows - counts["known"],
        unknown_items=counts["unknown_items"],
        dropped_users=counts["users"] - n_users,
        step=1.0 if kept["whole"] else scale.step,
    )
    return SparkLog(
        session,
        users,
        log,
        n_users,
        kept["n"],
        users_per_partition,
        catalogue,
        scale,
        intake,
        source.noun,
    )


def by_partition(
    frame: DataFrame, n_users: int, users_per_partition: int, *order: str
) -> DataFrame:
    """Put each range of users into one partition, with rows sorted by the columns in ``order``."""
    n_partitions = max(1, -(-n_users // users_per_partition))
    numbered = frame.selectExpr("*", f"CAST(user DIV {users_per_partition} AS INT) AS part")
    partitioned = numbered.repartitionById(n_partitions, "part").drop("part")
    return partitioned.sortWithinPartitions(*order) if order else partitioned


def _read_catalogue(source: Source, *, whole_items: bool) -> Catalogue:
    with connect() as connection:
        source.load_items(connection)
        whole = whole_items and all_whole_numbers(connection, "raw_items", "item_id")
        encode_items(connection, source.items_name, "BIGINT" if whole else "VARCHAR")
        return catalogue_of(connection)


def _id(text: str, *, whole: bool) -> str:
    """SQL of an id from SQL of its text; a whole number may end in ``.0``."""
    return f"CAST(substring_index({text}, '.', 1) AS BIGINT)" if whole else text
