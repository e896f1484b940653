"""The embedded engine: DuckDB, in this process."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa


def run(sql: str, tables: Mapping[str, pa.Table]) -> pa.Table:
    """Run SQL over Arrow tables without copying them.

    Examples
    --------
    >>> run("SELECT max(x) AS top FROM t", {"t": pa.table({"x": [1, 2]})}).to_pylist()
    [{'top': 2}]
    """
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        return connection.sql(sql).to_arrow_table().combine_chunks()
