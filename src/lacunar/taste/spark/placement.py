"""Placement of all users of a log on a cluster, partition by partition."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial, reduce
from operator import add
from pathlib import Path

import numpy as np
import pyarrow as pa

from lacunar.files.parquet_directory import file_of, parquet_directory
from lacunar.taste.segments.placement import PlacementModel
from lacunar.taste.segments.placement_files import PlacementSummary, write_placements
from lacunar.taste.spark.engine import collected, map_partitions
from lacunar.taste.spark.group_by import user_cells
from lacunar.taste.spark.log import SparkLog
from lacunar.taste.spark.partitions import array_of, read_partition, record

_PLACED = {"populations": pa.binary(), "unknown": pa.int64()}
_PLACED_SCHEMA = "populations binary, unknown bigint"


def place_users_on_spark(
    log: SparkLog, rule: PlacementModel, output: Path, *, force: bool = False
) -> PlacementSummary:
    """Place all users of a log in the segments of a fit; workers write the files.

    Parameters
    ----------
    log : SparkLog
        May have other users and films than the fit.
    rule : PlacementModel
        Of the fit.
    output : Path
        Directory for the Parquet files, with rows in order of user. Every worker must see it under
        this path.
    force : bool
        Whether to replace a directory of Parquet files.

    Raises
    ------
    InputError
        If ``output`` exists and may not be replaced.
    """
    cells = user_cells(log, rule.genres, rule.periods)
    with parquet_directory(output.absolute(), force=force) as folder:
        write = partial(
            _write, rule=rule, folder=folder, users_per_partition=log.users_per_partition
        )
        found = collected(map_partitions(cells, write, _PLACED_SCHEMA))
    parts = [
        PlacementSummary(array_of(row, dtype=np.int64), unknown.as_py())
        for row, unknown in zip(found["populations"], found["unknown"], strict=True)
    ]
    return reduce(add, parts)


def _write(
    batches: Iterator[pa.RecordBatch], rule: PlacementModel, folder: Path, users_per_partition: int
) -> Iterator[pa.RecordBatch]:
    part = read_partition(batches, len(rule.genres), len(rule.periods))
    if part is not None:
        file = file_of(folder, part.first // users_per_partition)
        placed = write_placements(
            file,
            part.user_ids,
            *rule.responsibilities(
                part.profiles(rule.genres, rule.rating_variance), part.periods(rule.periods)
            ),
        )
        yield record({"populations": placed.populations, "unknown": placed.unknown}, _PLACED)
