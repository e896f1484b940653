"""The raw tables that every layout of ratings and films ends as, and what their readers share.

``raw_ratings(user_id, item_id, rating, timestamp)`` and ``raw_items(item_id, title, genres)``,
``genres`` a list of text. Ids of films are text; ids in ratings are whole numbers where all of a
column are, because text takes several times the memory, and text otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from lacunar.taste.data.catalogue import whole

# With the columns whose ids are kept as text.
LoadRatings = Callable[[duckdb.DuckDBPyConnection, Path, frozenset[str]], None]
LoadItems = Callable[[duckdb.DuckDBPyConnection, Path], None]

RATING_COLUMNS = {
    "userId": "VARCHAR", "movieId": "VARCHAR", "rating": "DOUBLE", "timestamp": "BIGINT",
}  # fmt: skip
IDS = frozenset({"userId", "movieId"})
SECONDS = 'CAST(floor(epoch("timestamp")) AS BIGINT)'
MOVIE_COLUMNS = {"movieId": "VARCHAR", "title": "VARCHAR", "genres": "VARCHAR"}


def without_times(own: Mapping[str, str]) -> dict[str, str]:
    """What stands for a column of times that there is not, unless it was named."""
    return {} if "timestamp" in own else {"timestamp": "CAST(0 AS BIGINT)"}


def number(text: str) -> str:
    """SQL of an id as a number, from SQL of it as text; null where it is none.

    Examples
    --------
    >>> duckdb.sql(f"SELECT {number('id')} FROM (VALUES ('12'), ('tt12')) AS t(id)").fetchall()
    [(12,), (None,)]
    """
    return f"CASE WHEN {whole(text)} THEN CAST({text} AS BIGINT) END"


def keep_items(connection: duckdb.DuckDBPyConnection, genres: str) -> None:
    """Make ``raw_items`` of a table ``loaded`` and SQL of the list of genres; drop the table."""
    connection.execute(
        'CREATE OR REPLACE TABLE raw_items AS SELECT trim("movieId") AS item_id, title,'
        f" {genres} AS genres FROM loaded; DROP TABLE loaded"
    )
