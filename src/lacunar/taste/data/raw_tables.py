"""Raw tables of ratings and films, to which every layout is read, and helpers of the readers.

``raw_ratings(user_id, item_id, rating, timestamp)`` and ``raw_items(item_id, title, genres)``,
where ``genres`` is a list of text; ``raw_items`` of a frame may have a ``year`` as well. Ids of
films are text. An id column of the ratings holds whole numbers if all its ids are whole numbers,
because text takes several times the memory; otherwise it holds text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from lacunar.taste.data.catalogue import all_whole_numbers, is_whole_number
from lacunar.taste.data.duckdb import exists

# The last argument names the columns whose ids stay text.
LoadRatings = Callable[[duckdb.DuckDBPyConnection, Path, frozenset[str]], None]
LoadItems = Callable[[duckdb.DuckDBPyConnection, Path], None]

RATING_COLUMNS = {
    "userId": "VARCHAR", "movieId": "VARCHAR", "rating": "DOUBLE", "timestamp": "BIGINT",
}  # fmt: skip
IDS = frozenset({"userId", "movieId"})
SECONDS = 'CAST(floor(epoch("timestamp")) AS BIGINT)'
MOVIE_COLUMNS = {"movieId": "VARCHAR", "title": "VARCHAR", "genres": "VARCHAR"}
#: SQL of the table ``raw_items`` without rows.
NO_ITEMS = "CREATE TABLE raw_items (item_id VARCHAR, title VARCHAR, genres VARCHAR[])"


def default_timestamp(file_columns: Mapping[str, str]) -> dict[str, str]:
    """SQL default of the timestamp where its column is missing; none if a column is named."""
    return {} if "timestamp" in file_columns else {"timestamp": "CAST(0 AS BIGINT)"}


def number(text: str) -> str:
    """SQL of an id as a whole number, from SQL of the id as text; null if it is not one.

    Examples
    --------
    >>> duckdb.sql(f"SELECT {number('id')} FROM (VALUES ('12'), ('tt12')) AS t(id)").fetchall()
    [(12,), (None,)]
    """
    return f"CASE WHEN {is_whole_number(text)} THEN CAST({text} AS BIGINT) END"


def create_raw_items(
    connection: duckdb.DuckDBPyConnection, genres: str, *, year: str | None = None
) -> None:
    """Create ``raw_items`` from the table ``loaded``; drop ``loaded``.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    genres : str
        SQL of the genre list.
    year : str, optional
        SQL of the year; without it, there is no column ``year``.
    """
    years = "" if year is None else f", {year} AS year"
    connection.execute(
        'CREATE OR REPLACE TABLE raw_items AS SELECT trim("movieId") AS item_id, title,'
        f" {genres} AS genres{years} FROM loaded; DROP TABLE loaded"
    )


def load_raw_tables(
    connection: duckdb.DuckDBPyConnection,
    load_ratings: Callable[[frozenset[str]], None],
    load_items: Callable[[], None],
    as_text: frozenset[str] = frozenset(),
) -> None:
    """Create ``raw_ratings`` and ``raw_items`` with the right types of ids.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    load_ratings : callable
        Called with the columns whose ids stay text, again if ids turn out to be text. An id that
        is no number is null in the other columns.
    load_items : callable
        Called once, after the ratings are loaded.
    as_text : frozenset of str
        Columns whose ids are text.
    """
    load_ratings(as_text)
    columns = {"userId": "user_id", "movieId": "item_id"}
    not_whole = {
        name
        for name, column in columns.items()
        if name not in as_text and exists(connection, "raw_ratings", f"{column} IS NULL")
    }
    if not_whole:
        as_text |= not_whole
        load_ratings(as_text)
    load_items()
    # If the catalogue's ids are text, the ratings' film ids must be compared as text too.
    if "movieId" not in as_text and not all_whole_numbers(connection, "raw_items", "item_id"):
        load_ratings(as_text | {"movieId"})
