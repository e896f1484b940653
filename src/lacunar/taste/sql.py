"""The few things every SQL text here needs."""

from __future__ import annotations

import re
from typing import Any

import duckdb


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
