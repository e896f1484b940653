"""Raw rows in DuckDB into positions: what is checked, what is counted, what is left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.aliases import AnyPath, no_progress
from lacunar.errors import InputError
from lacunar.taste.data.catalogue import catalogue_of, code_items, fetched
from lacunar.taste.data.duckdb import connect, exists, first_row
from lacunar.taste.data.layouts import Source, find_source
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.data.ratings import Intake, Ratings

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


def read_ratings(
    directory: AnyPath,
    *,
    scale: RatingScale | None = None,
    memory_limit: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Ratings:
    """Read a data directory in one of the MovieLens layouts.

    Of repeated (user, film) pairs the latest timestamp counts, and the higher rating where
    the timestamps are equal too, so the order of rows never matters. Ratings of films that the
    catalogue lacks are counted and left out. A film without a genre has the genre
    ``(no genres listed)``.

    Parameters
    ----------
    directory : path-like
        See :func:`lacunar.taste.data.layouts.find_source`.
    scale : RatingScale, optional
        Half a star to five stars unless named.
    memory_limit : str, optional
        See :func:`lacunar.taste.data.duckdb.connect`. The log itself is not part of it.
    progress : callable, optional
        Called with (steps done, steps in all).

    Raises
    ------
    InputError
        With the file, line and column of the first thing that is wrong.
    """
    scale, report = scale or RatingScale(), progress or no_progress
    source = find_source(Path(directory))
    with connect(memory_limit) as connection:
        report(0, 4)
        source.load(connection)
        report(1, 4)
        check_scale(connection, source, scale)
        code_items(connection, source.items, type_of_item_ids(connection))
        report(2, 4)
        found = count_rows(connection, source)
        report(3, 4)
        log = code_log(connection, found.known)
        report(4, 4)
        whole_stars = bool((log["rating"].to_numpy() % 1 == 0).all())
        users = fetched(connection, "SELECT user_id FROM users ORDER BY user")
        catalogue = catalogue_of(connection)
        return Ratings(
            users=users["user_id"].combine_chunks(),
            items=catalogue.items,
            genres=catalogue.genres,
            item_genres=catalogue.item_genres,
            log=log,
            scale=scale,
            intake=Intake(
                rows=found.rows,
                repeated=found.known - log.num_rows,
                unknown_item_rows=found.rows - found.known,
                unknown_items=found.unknown_items,
                dropped_users=found.dropped_users,
                step=1.0 if whole_stars else scale.step,
            ),
        )
