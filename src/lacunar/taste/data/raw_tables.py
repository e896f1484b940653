"""Raw tables of ratings and films, to which every layout is read, and helpers of the readers.

``raw_ratings(user_id, item_id, rating, timestamp)`` and ``raw_items(item_id, title, genres)``,
where ``genres`` is a list of text. Ids of films are text. An id column of the ratings holds whole
numbers if all its ids are whole numbers, because text takes several times the memory; otherwise it
holds text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from lacunar.taste.data.catalogue import is_whole_number

# The last argument names the columns whose ids stay text.
LoadRatings = Callable[[duckdb.DuckDBPyConnection, Path, frozenset[str]], None]
LoadItems = Callable[[duckdb.DuckDBPyConnection, Path], None]

RATING_COLUMNS = {
    "userId": "VARCHAR", "movieId": "VARCHAR", "rating": "DOUBLE", "timestamp": "BIGINT",
}  # fmt: skip
IDS = frozenset({"userId", "movieId"})
SECONDS = 'CAST(floor(epoch("timestamp")) AS BIGINT)'
MOVIE_COLUMNS = {"movieId": "VARCHAR", "title": "VARCHAR", "genres": "VARCHAR"}


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


def create_raw_items(connection: duckdb.DuckDBPyConnection, genres: str) -> None:
    """Create ``raw_items`` from the table ``loaded`` and SQL of the genre list; drop ``loaded``."""
    connection.execute(
        'CREATE OR REPLACE TABLE raw_items AS SELECT trim("movieId") AS item_id, title,'
        f" {genres} AS genres FROM loaded; DROP TABLE loaded"
    )
