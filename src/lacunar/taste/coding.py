"""Raw rows in DuckDB into positions: what is checked, what is counted, what is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.taste.layouts import Source
from lacunar.taste.sql import exists, first_row

if TYPE_CHECKING:
    from lacunar.taste.ratings import RatingScale

_ROWS_PER_BATCH = 1 << 20


def check_scale(connection: duckdb.DuckDBPyConnection, source: Source, scale: RatingScale) -> None:
    """Refuse the first rating that is not one of the scale's.

    Raises
    ------
    InputError
        With its place.
    """
    steps = f"(CAST(rating AS DOUBLE) - {scale.minimum}) / {scale.step}"
    off = (
        f"(isnan(CAST(rating AS DOUBLE)) OR CAST(rating AS DOUBLE) < {scale.minimum}"
        f" OR CAST(rating AS DOUBLE) > {scale.maximum} OR abs({steps} - round({steps})) > 1e-9)"
    )
    if not exists(connection, "raw_ratings", off):
        return
    # The rating told is that of the place told: the first one of the file.
    connection.execute("SET preserve_insertion_order = true")
    row = first_row(connection, f"SELECT rating FROM raw_ratings WHERE {off} LIMIT 1")
    assert row is not None, "there is one"
    place = source.where(connection, source.ratings, "rating", off)
    raise InputError(f"{place}: expected a rating of {scale}, got {row[0]:g}")


def type_of_item_ids(connection: duckdb.DuckDBPyConnection) -> str:
    """SQL type of a film's id: where the catalogue's are whole numbers, that of the ratings'."""
    row = first_row(connection, "SELECT typeof(item_id) FROM raw_ratings LIMIT 1")
    assert row is not None, "loading refuses files without rows"
    return str(row[0])


class Found(NamedTuple):
    """Counts of a log before repeated ratings are taken out of it."""

    rows: int
    known: int
    dropped_users: int
    unknown_items: int


def count_rows(connection: duckdb.DuckDBPyConnection, source: Source) -> Found:
    """Make the table of users, and count what is left out.

    Raises
    ------
    InputError
        If no film that is rated is in the catalogue.
    """
    connection.execute("""
        CREATE TABLE users AS
        SELECT CAST(row_number() OVER (ORDER BY user_id) - 1 AS INTEGER) AS user, user_id
        FROM (SELECT DISTINCT user_id FROM raw_ratings SEMI JOIN items USING (item_id));
    """)
    counts = first_row(
        connection,
        """
        SELECT (SELECT count(*) FROM raw_ratings),
            (SELECT count(*) FROM raw_ratings SEMI JOIN items USING (item_id)),
            (SELECT count(DISTINCT user_id) FROM raw_ratings ANTI JOIN users USING (user_id)),
            (SELECT count(DISTINCT item_id) FROM raw_ratings ANTI JOIN items USING (item_id))
        """,
    )
    assert counts is not None, "counts are one row"
    found = Found(*counts)
    if not found.known:
        raise InputError(
            f"{source.ratings}: expected ratings of the films in {source.items.name},"
            f" got none: all {found.rows} rows name other films"
        )
    return found


def code_log(connection: duckdb.DuckDBPyConnection, n_rows: int) -> pa.Table:
    """The log by position, in order of user and item, of repeated ratings the last.

    The rows go straight into the arrays that stay: of a large log nothing holds a second copy.
    """
    types = {"user": np.int32, "item": np.int32, "rating": np.float64, "timestamp": np.int64}
    columns = {name: np.empty(n_rows, dtype=kind) for name, kind in types.items()}
    rows = connection.sql("""
        SELECT user, item, rating, "timestamp"
        FROM raw_ratings JOIN items USING (item_id) JOIN users USING (user_id)
        ORDER BY user, item, "timestamp", rating
    """).to_arrow_reader(_ROWS_PER_BATCH)
    done = kept = 0
    for batch in rows:
        part = {name: batch.column(name).to_numpy() for name in types}
        done += batch.num_rows
        if kept and _same_pair(columns, kept - 1, part):
            kept -= 1
        last = np.ones(batch.num_rows, dtype=bool)
        last[:-1] = (np.diff(part["user"]) != 0) | (np.diff(part["item"]) != 0)
        n = int(last.sum())
        for name, values in part.items():
            columns[name][kept : kept + n] = values[last]
        kept += n
    assert done == n_rows, "every row was counted before"
    return pa.table({name: values[:kept] for name, values in columns.items()})


def _same_pair(columns: dict[str, NDArray[Any]], row: int, part: dict[str, NDArray[Any]]) -> bool:
    """Whether a row and the first one of a part rate the same film by the same user."""
    return all(columns[name][row] == part[name][0] for name in ("user", "item"))
