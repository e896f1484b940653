"""Everybody of a log on a cluster in the segments of a fit, each partition by itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from lacunar.taste.engines.spark import collected, map_partitions
from lacunar.taste.placement import PlacementRule
from lacunar.taste.places import Placed, places_table, staged
from lacunar.taste.spark.cells import user_cells
from lacunar.taste.spark.layouts import address
from lacunar.taste.spark.log import SparkLog
from lacunar.taste.spark.parts import read_part

_SCHEMA = (
    "user_id {}, segment int, probability double, responsibilities array<double>, known boolean"
)


def place_users_on_spark(
    log: SparkLog, rule: PlacementRule, output: Path, *, force: bool = False
) -> Placed:
    """Place all users of a log, without a refit; workers write the files.

    Parameters
    ----------
    log : SparkLog
        Of any users and films.
    rule : PlacementRule
        Of a fit.
    output : Path
        Directory that will hold Parquet files, seen by every worker under this path; rows in order
        of user.
    force : bool
        Replace such a directory.

    Raises
    ------
    InputError
        If something is there that may not be replaced.
    """
    cells = user_cells(log, rule.genres, rule.periods)
    schema = _SCHEMA.format(dict(log.users.dtypes)["user_id"])
    places = map_partitions(cells, partial(_places, rule=rule), schema)
    populations = np.zeros(rule.mixture.n_components, dtype=np.int64)
    with staged(output, force=force) as folder:
        places.write.mode("overwrite").parquet(address(folder))
        written = log.session.read.parquet(address(folder))
        counted = written.groupBy("segment").agg({"*": "count"})
        counts = collected(counted.withColumnRenamed("count(1)", "users"))
        populations[counts["segment"].to_numpy()] = counts["users"].to_numpy()
        unknown = written.where("NOT known").count()
    return Placed(populations, unknown)


def _places(batches: Iterator[pa.RecordBatch], rule: PlacementRule) -> Iterator[pa.RecordBatch]:
    part = read_part(batches, len(rule.genres), len(rule.periods))
    if part is not None:
        found = rule.responsibilities(
            part.profiles(rule.genres, rule.rating_variance), part.periods(rule.periods)
        )
        yield from places_table(part.user_ids, *found).to_batches()
