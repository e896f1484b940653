"""SQL over Arrow tables on Spark, and Python on the partitions of a frame."""

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
    """A value that was sent to the cluster once for many tasks."""

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
        self._on_cluster: list[tuple[pa.Table, DataFrame]] = []

    def keep(self, table: pa.Table, frame: DataFrame) -> None:
        """Use ``frame`` in place of this table object: its rows are already on the cluster."""
        self._on_cluster.append((table, frame))

    def __call__(self, sql: str, tables: Mapping[str, pa.Table]) -> pa.Table:
        """Run SQL over the given tables, and fetch the result."""
        frames = {name: self._frame(table) for name, table in tables.items()}
        return collected(run(self._session, sql, frames))

    def _frame(self, table: pa.Table) -> DataFrame:
        kept = (frame for known, frame in self._on_cluster if known is table)
        return next(kept, None) or as_frame(self._session, table)


def run(session: SparkSession, sql: str, frames: Mapping[str, DataFrame]) -> DataFrame:
    """Run SQL over frames by name; Spark computes the rows when they are used."""
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
    """Apply a Python function to the Arrow batches of each partition.

    Parameters
    ----------
    frame : DataFrame
    work : callable
        Maps the batches of a partition to those of the result. A function of a module is sent to
        workers by its name, so they need ``lacunar`` installed, and no code is sent.
    schema : str
        Columns of the result in Spark's notation; the types of its Arrow batches must match.
    """
    with without_pandas_warning():
        return frame.mapInArrow(work, schema)


def check_workers(session: SparkSession) -> None:
    """Check that all workers have the same version of Lacunar as this process.

    Raises
    ------
    InputError
        If a worker has no Lacunar, or another version.
    """
    with or_refuse(f"expected lacunar {__version__} on every worker"):
        tasks = session.range(session.sparkContext.defaultParallelism)
        versions = collected(map_partitions(tasks, _version, "version string"))["version"]
    others = set(versions.to_pylist()) - {__version__}
    if others:
        raise InputError(f"expected lacunar {__version__} on every worker, got {others.pop()}")


def _version(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for _ in batches:
        yield pa.RecordBatch.from_pydict({"version": [__version__]})


def aggregates(frame: DataFrame, *expressions: str) -> Row:
    """Compute aggregates over all rows of a frame, as one row."""
    row = frame.selectExpr(*expressions).first()
    assert row is not None, "aggregates over all rows are one row"
    return row


def collected(frame: DataFrame) -> pa.Table:
    """Fetch all rows in the order of partitions, with the same types as from DuckDB."""
    table = frame.toArrow()
    columns = [column.combine_chunks() for column in table.columns]
    return pa.table(dict(zip(table.column_names, columns, strict=True)))
