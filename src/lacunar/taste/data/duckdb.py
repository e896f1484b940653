"""SQL over Arrow tables in DuckDB, inside this process, with a memory limit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from lacunar.errors import InputError
from lacunar.files.atomic import scratch_folder

DEFAULT_MEMORY = "2GB"


class Engine(Protocol):
    """Runs SQL over Arrow tables and returns an Arrow table: :func:`run`, or Spark."""

    def __call__(self, sql: str, tables: Mapping[str, pa.Table]) -> pa.Table: ...


def run(sql: str, tables: Mapping[str, pa.Table], *, memory_limit: str | None = None) -> pa.Table:
    """Run SQL over Arrow tables without copying them.

    Parameters
    ----------
    sql : str
    tables : mapping of str to pyarrow.Table
        Tables by their names in the SQL.
    memory_limit : str, optional
        See :func:`connect`.

    Examples
    --------
    >>> run("SELECT max(x) AS top FROM t", {"t": pa.table({"x": [1, 2]})}).to_pylist()
    [{'top': 2}]
    """
    with connect(memory_limit) as connection:
        for name, table in tables.items():
            connection.register(name, table)
        return fetched(connection, sql)


@contextmanager
def connect(memory_limit: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection that moves data to disk beyond a memory limit.

    Parameters
    ----------
    memory_limit : str, optional
        Such as ``512MB`` or ``4GB``; by default 2 GB. Data beyond it goes to a temporary directory,
        which is removed with the connection.

    Raises
    ------
    InputError
        If the limit is invalid, or too low for the work.

    Examples
    --------
    >>> with connect("100MB") as connection:
    ...     connection.sql("SELECT 1").fetchall()
    [(1,)]
    """
    limit = memory_limit or DEFAULT_MEMORY
    with scratch_folder() as folder:
        try:
            connection = duckdb.connect(
                config={
                    "memory_limit": limit,
                    "temp_directory": str(folder),
                    # Download nothing, not even extensions.
                    "autoinstall_known_extensions": "false",
                    # Queries sort where order matters; keeping the order of rows takes memory.
                    "preserve_insertion_order": "false",
                }
            )
            # Times without an offset are in UTC on every machine.
            connection.execute("SET TimeZone = 'UTC'")
        except duckdb.Error as error:
            raise InputError(
                f"expected a memory limit such as 512MB or 4GB, got {limit!r}",
                field="memory_limit",
            ) from error
        with connection:
            try:
                yield connection
            except duckdb.OutOfMemoryException as error:
                raise InputError(
                    f"expected a memory limit that is enough for the work, got {limit}:"
                    f" {str(error).splitlines()[0]}",
                    field="memory_limit",
                ) from error


def fetched(connection: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    """Fetch all rows of a query, each column in one chunk."""
    return connection.sql(sql).to_arrow_table().combine_chunks()


def first_row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...] | None:
    """Fetch the first row of a query with few rows, or None; frees the connection."""
    rows = connection.sql(sql).fetchall()
    return rows[0] if rows else None


def exists(connection: duckdb.DuckDBPyConnection, table: str, condition: str = "true") -> bool:
    """Whether any row of a table meets a condition."""
    return first_row(connection, f"SELECT 1 FROM {table} WHERE {condition} LIMIT 1") is not None


def quoted(text: str) -> str:
    """Quote text as an SQL string literal.

    Examples
    --------
    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """Quote a name as an SQL identifier.

    Examples
    --------
    >>> quoted_name('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def escaped(path: str) -> str:
    """Escape a path so that DuckDB takes no character of it as a wildcard.

    Examples
    --------
    >>> escaped("logs [1]/*")
    'logs [[]1]/[*]'
    """
    return re.sub(r"([\[*?])", r"[\1]", path)
