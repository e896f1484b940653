"""The engine for logs larger than a machine: Spark, wherever its master is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from lacunar.errors import InputError
from lacunar.taste.spark.session import or_refuse, without_pandas_warning
from lacunar.version import __version__

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession

ArrowMap = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


class Broadcast(Protocol):
    """What a cluster was sent once for many tasks."""

    @property
    def value(self) -> Any: ...


class SparkEngine:
    """Runs SQL over Arrow tables on a cluster.

    Parameters
    ----------
    session : SparkSession
    """

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self._there: list[tuple[pa.Table, DataFrame]] = []

    def keep(self, table: pa.Table, frame: DataFrame) -> None:
        """Take ``frame`` wherever this very table is named: its rows are on the cluster already."""
        self._there.append((table, frame))

    def __call__(self, sql: str, tables: Mapping[str, pa.Table]) -> pa.Table:
        """Run SQL over the tables named in it."""
        frames = {name: self._frame(table) for name, table in tables.items()}
        return collected(run(self._session, sql, frames))

    def _frame(self, table: pa.Table) -> DataFrame:
        there = (frame for known, frame in self._there if known is table)
        return next(there, None) or as_frame(self._session, table)


def run(session: SparkSession, sql: str, frames: Mapping[str, DataFrame]) -> DataFrame:
    """Run SQL over frames by name; its rows are still to be computed."""
    with _views(session, frames):
        return session.sql(sql)


@contextmanager
def _views(session: SparkSession, frames: Mapping[str, DataFrame]) -> Iterator[None]:
    for name, frame in frames.items():
        frame.createOrReplaceTempView(name)
    try:
        yield
    finally:
        for name in frames:
            session.catalog.dropTempView(name)


def as_frame(session: SparkSession, table: pa.Table) -> DataFrame:
    """Send an Arrow table to the cluster."""
    with without_pandas_warning():
        return session.createDataFrame(table)


def map_partitions(frame: DataFrame, work: ArrowMap, schema: str) -> DataFrame:
    """Let Python work on each partition, Arrow in and Arrow out.

    Parameters
    ----------
    frame : DataFrame
    work : callable
        From the batches of a partition to those of the result. It is sent to workers by name
        where it can be imported, so they need ``lacunar``, and nothing else is shipped.
    schema : str
        Columns of the result, as Spark writes them; their Arrow types must match.
    """
    with without_pandas_warning():
        return frame.mapInArrow(work, schema)


def check_workers(session: SparkSession) -> None:
    """Refuse to go on where workers have no Lacunar, or another one than this process.

    Raises
    ------
    InputError
    """
    with or_refuse(f"expected lacunar {__version__} on every worker"):
        everywhere = session.range(session.sparkContext.defaultParallelism)
        found = collected(map_partitions(everywhere, _version, "version string"))
    odd = set(found["version"].to_pylist()) - {__version__}
    if odd:
        raise InputError(f"expected lacunar {__version__} on every worker, got {odd.pop()}")


def _version(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for _ in batches:
        yield pa.RecordBatch.from_pydict({"version": [__version__]})


def aggregates(frame: DataFrame, *expressions: str) -> Row:
    """The one row that aggregates over a whole frame make."""
    row = frame.selectExpr(*expressions).first()
    assert row is not None, "aggregates over all rows are one row"
    return row


def collected(frame: DataFrame) -> pa.Table:
    """Fetch all rows, in the order of partitions, as DuckDB would return them."""
    table = frame.toArrow()
    columns = [column.combine_chunks() for column in table.columns]
    return pa.table(dict(zip(table.column_names, columns, strict=True)))
