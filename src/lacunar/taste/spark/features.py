"""Features of all users, computed and kept on the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial, reduce
from operator import add
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from lacunar.mixture.data import MixtureData
from lacunar.taste.config import TasteConfig
from lacunar.taste.features.genre_profiles import GenreProfiles, Spread
from lacunar.taste.features.imputation import fill_gaps
from lacunar.taste.features.release_periods import PeriodCounts
from lacunar.taste.features.views import build_view
from lacunar.taste.spark.engine import ArrowMap, collected, map_partitions
from lacunar.taste.spark.group_by import rated_periods, user_cells
from lacunar.taste.spark.log import SparkLog
from lacunar.taste.spark.partitions import array_of, read_partition, record

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_SPREAD = {"first": pa.int32(), "squares": pa.float64(), "freedom": pa.int64()}
_ROWS = {"first": pa.int32(), "n": pa.int32(), "values": pa.binary(), "noise": pa.binary()}
_SPREAD_SCHEMA = "first int, squares double, freedom bigint"
_ROWS_SCHEMA = "first int, n int, values binary, noise binary"


@dataclass(frozen=True)
class SparkRows:
    """Rows of U users and D columns, in partitions.

    Parameters
    ----------
    session : SparkSession
    frame : DataFrame
        One row per partition, persisted on the cluster: ``first`` user, ``n`` users, ``values``
        and ``noise`` as the bytes of arrays of shape (n, D).
    n_users : int
    columns, periods : tuple of str
        The D columns of the view, and the periods of release of rated films.
    rating_variance : float
        See :class:`~lacunar.taste.features.genre_profiles.GenreProfiles`.
    """

    session: SparkSession
    frame: DataFrame
    n_users: int
    columns: tuple[str, ...]
    periods: tuple[str, ...]
    rating_variance: float

    def free(self) -> None:
        """Free the rows on the cluster."""
        self.frame.unpersist()


@dataclass(frozen=True, slots=True)
class PartitionRows:
    """Rows of consecutive users, starting with the user at position ``first``."""

    first: int
    data: MixtureData


def spark_rows(log: SparkLog, config: TasteConfig) -> SparkRows:
    """Build the view of a config, partition by partition.

    Parameters
    ----------
    log : SparkLog
    config : TasteConfig

    Raises
    ------
    InputError
        If the view includes ``periods`` and no rated film has a year.
    """
    genres, periods = log.catalogue.genres, rated_periods(log)
    # A view of no users has all columns, and raises the errors that a view of all users raises.
    empty = build_view(
        config.view,
        GenreProfiles(genres, np.empty((0, len(genres))), np.empty((0, len(genres)), np.int64), 0),
        PeriodCounts(periods, np.empty((0, len(periods)), np.int64)),
    )
    cells = user_cells(log, genres, periods).persist()
    spread = partial(_spread, n_genres=len(genres), n_periods=len(periods))
    spreads = collected(map_partitions(cells, spread, _SPREAD_SCHEMA))
    variance = reduce(
        add,
        [Spread(row["squares"], row["freedom"]) for row in spreads.sort_by("first").to_pylist()],
    ).variance
    view: ArrowMap = partial(
        _view, config=config, genres=genres, periods=periods, rating_variance=variance
    )
    frame = map_partitions(cells, view, _ROWS_SCHEMA).persist()
    frame.count()
    cells.unpersist()
    return SparkRows(log.session, frame, log.n_users, empty.columns, periods, variance)


def partitions_of(
    batches: Iterator[pa.RecordBatch] | list[pa.RecordBatch], n_columns: int
) -> Iterator[PartitionRows]:
    """Read rows of users from the batches of ``SparkRows.frame``."""
    for batch in batches:
        for first, n, values, noise in zip(*batch.columns, strict=True):
            shape = (n.as_py(), n_columns)
            known = array_of(noise, *shape) if noise.is_valid else None
            yield PartitionRows(first.as_py(), MixtureData(array_of(values, *shape), known))


def _spread(
    batches: Iterator[pa.RecordBatch], n_genres: int, n_periods: int
) -> Iterator[pa.RecordBatch]:
    part = read_partition(batches, n_genres, n_periods)
    if part is not None:
        sums = {"squares": part.spread.squares, "freedom": part.spread.freedom}
        yield record({"first": part.first} | sums, _SPREAD)


def _view(
    batches: Iterator[pa.RecordBatch],
    config: TasteConfig,
    genres: tuple[str, ...],
    periods: tuple[str, ...],
    rating_variance: float,
) -> Iterator[pa.RecordBatch]:
    part = read_partition(batches, len(genres), len(periods))
    if part is None:
        return
    profiles = part.profiles(genres, rating_variance)
    view = build_view(config.view, profiles, part.periods(periods))
    noise = view.noise if config.noise else None
    yield _as_record(part.first, MixtureData(fill_gaps(view.values, config.gaps), noise))


def _as_record(first: int, data: MixtureData) -> pa.RecordBatch:
    n = len(data.values)
    arrays = {"values": data.values, "noise": data.noise}
    return record({"first": first, "n": n} | arrays, _ROWS)
