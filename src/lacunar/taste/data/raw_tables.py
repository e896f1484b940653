"""Raw tables of ratings and films, to which every layout is read, and helpers of the readers.

``raw_ratings(user_id, item_id, rating, timestamp)`` and ``raw_items(item_id, title, genres,
year)``, where ``genres`` is a list of text. Timestamps are whole numbers, or seconds with a
fraction. Ids of films are text. An id column of the ratings holds whole numbers if all its ids are
whole numbers, because text takes several times the memory; otherwise it holds text.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from lacunar.taste.data.catalogue import YEAR_OF_TITLE, all_whole_numbers, is_whole_number
from lacunar.taste.data.duckdb import exists

# The last argument names the columns whose ids stay text; returns whether there are ratings.
LoadRatings = Callable[[duckdb.DuckDBPyConnection, Path, frozenset[str]], bool]
LoadItems = Callable[[duckdb.DuckDBPyConnection, Path], None]

RATING_COLUMNS = {
    "userId": "VARCHAR", "movieId": "VARCHAR", "rating": "DOUBLE", "timestamp": "BIGINT",
}  # fmt: skip
IDS = frozenset({"userId", "movieId"})
MOVIE_COLUMNS = {"movieId": "VARCHAR", "title": "VARCHAR", "genres": "VARCHAR"}
#: SQL that replaces missing columns of the ratings: every row is a like, at no known time.
WITHOUT = {"rating": "CAST(1 AS DOUBLE)", "timestamp": "CAST(0 AS BIGINT)"}
NO_GENRES_SQL = "CAST([] AS VARCHAR[])"


def number(text: str) -> str:
    """SQL of an id as a whole number, from SQL of the id as text; null if it is not one.

    Integers in a column with gaps are often written as ``12.0``.

    Examples
    --------
    >>> rows = "(VALUES ('12'), ('12.0'), ('12.5'), ('tt12')) AS t(id)"
    >>> duckdb.sql(f"SELECT {number('id')} FROM {rows}").fetchall()
    [(12,), (12,), (None,), (None,)]
    """
    return (
        f"CASE WHEN {is_whole_number(text)} THEN CAST({text} AS BIGINT)"
        f" WHEN {is_whole_number(text, point=True)}"
        f" THEN CAST(split_part({text}, '.', 1) AS BIGINT) END"
    )


def create_raw_items(
    connection: duckdb.DuckDBPyConnection, genres: str, *, year: str = YEAR_OF_TITLE
) -> None:
    """Create ``raw_items`` from the table ``loaded``; drop ``loaded``.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    genres : str
        SQL of the genre list.
    year : str
        SQL of the year.
    """
    connection.execute(
        'CREATE OR REPLACE TABLE raw_items AS SELECT trim("movieId") AS item_id, title,'
        f" {genres} AS genres, {year} AS year FROM loaded; DROP TABLE loaded"
    )


def create_items_of_ratings(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``raw_items`` of the items in ``raw_ratings``, with their ids as titles."""
    connection.execute(
        "CREATE OR REPLACE TABLE raw_items AS SELECT item_id, item_id AS title,"
        f" {NO_GENRES_SQL} AS genres, NULL AS year"
        " FROM (SELECT DISTINCT CAST(item_id AS VARCHAR) AS item_id FROM raw_ratings)"
    )


def load_raw_tables(
    connection: duckdb.DuckDBPyConnection,
    load_ratings: Callable[[frozenset[str]], bool],
    load_items: Callable[[], None],
    as_text: frozenset[str] = frozenset(),
) -> bool:
    """Create ``raw_ratings`` and ``raw_items`` with the right types of ids.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    load_ratings : callable
        Called with the columns whose ids stay text, again if ids turn out to be text; returns
        whether there are ratings. An id that is no number is null in the other columns.
    load_items : callable
        Called once, after the ratings are loaded.
    as_text : frozenset of str
        Columns whose ids are text.

    Returns
    -------
    bool
        Whether there are ratings; otherwise every row is a like.
    """
    has_ratings = load_ratings(as_text)
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
    return has_ratings
