"""The embedded engine: DuckDB, in this process."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from lacunar.errors import InputError

DEFAULT_MEMORY = "2GB"


@contextmanager
def connect(memory_limit: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection that works on disk where it would need more memory.

    Parameters
    ----------
    memory_limit : str, optional
        Such as ``512MB`` or ``4GB``; 2 GB unless named. What does not fit goes to a temporary
        directory, gone with the connection.

    Raises
    ------
    InputError
        If the limit is none, or too low for the work.

    Examples
    --------
    >>> with connect("100MB") as connection:
    ...     connection.sql("SELECT 1").fetchall()
    [(1,)]
    """
    limit = memory_limit or DEFAULT_MEMORY
    with TemporaryDirectory(prefix="lacunar-") as folder:
        try:
            connection = duckdb.connect(
                config={
                    "memory_limit": limit,
                    "temp_directory": folder,
                    # Nothing is fetched from the network, extensions neither.
                    "autoinstall_known_extensions": "false",
                    # Every result is sorted where its order matters, and keeping one takes memory.
                    "preserve_insertion_order": "false",
                }
            )
        except duckdb.Error as error:
            raise InputError(
                f"expected a memory limit such as 512MB or 4GB, got {limit!r}"
            ) from error
        with connection:
            try:
                yield connection
            except duckdb.OutOfMemoryException as error:
                raise InputError(
                    f"expected a memory limit that the work fits in, got {limit}: "
                    f"{str(error).splitlines()[0]}"
                ) from error


def run(sql: str, tables: Mapping[str, pa.Table], *, memory_limit: str | None = None) -> pa.Table:
    """Run SQL over Arrow tables without copying them; see :func:`connect` for the limit.

    Examples
    --------
    >>> run("SELECT max(x) AS top FROM t", {"t": pa.table({"x": [1, 2]})}).to_pylist()
    [{'top': 2}]
    """
    with connect(memory_limit) as connection:
        for name, table in tables.items():
            connection.register(name, table)
        return connection.sql(sql).to_arrow_table().combine_chunks()


def quoted(text: str) -> str:
    """Quote text as an SQL string literal.

    Examples
    --------
    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def escaped(path: str) -> str:
    """Write a path so that no sign in it is a pattern to DuckDB.

    Examples
    --------
    >>> escaped("logs [1]/*")
    'logs [[]1]/[*]'
    """
    return re.sub(r"([\[*?])", r"[\1]", path)


def first_row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...] | None:
    """First row of a query that yields few, or None; the connection is free again afterwards."""
    rows = connection.sql(sql).fetchall()
    return rows[0] if rows else None


def exists(connection: duckdb.DuckDBPyConnection, table: str, condition: str = "true") -> bool:
    """Whether any row of a table meets a condition."""
    return first_row(connection, f"SELECT 1 FROM {table} WHERE {condition} LIMIT 1") is not None


class Engine(Protocol):
    """Runs SQL over Arrow tables and returns an Arrow table."""

    def __call__(self, sql: str, tables: Mapping[str, pa.Table]) -> pa.Table: ...
