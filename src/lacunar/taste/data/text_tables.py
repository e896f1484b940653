"""Readers of ratings and films in delimited text."""

from __future__ import annotations

from pathlib import Path

import duckdb

from lacunar.taste.data.delimited import Dialect, first_cell, load_delimited
from lacunar.taste.data.duckdb import quoted
from lacunar.taste.data.raw_tables import (
    IDS,
    MOVIE_COLUMNS,
    RATING_COLUMNS,
    SECONDS,
    LoadItems,
    LoadRatings,
    create_raw_items,
    default_timestamp,
    number,
)

# The 100k release has one 0/1 column per genre, in this order.
_FLAG_GENRES = (
    "unknown", "Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary",
    "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
)  # fmt: skip
FLAG_MOVIES = Dialect("|", names=("movieId", "title", "release", "video", "url", *_FLAG_GENRES))


def delimited_ratings(dialect: Dialect) -> LoadRatings:
    """Reader of ratings in text into a table ``raw_ratings``.

    Parameters
    ----------
    dialect : Dialect
        In a file with a header, timestamps may be dates, and their column may be missing unless it
        is named.
    """

    def load(connection: duckdb.DuckDBPyConnection, path: Path, as_text: frozenset[str]) -> None:
        numbers = IDS - as_text
        stored = {name: f'trim("{name}")' for name in IDS}
        stored |= {name: number(stored[name]) for name in numbers}
        columns = dict(RATING_COLUMNS)
        if dialect.names is None and is_date(first_cell(path, dialect, "timestamp")):
            columns["timestamp"] = "TIMESTAMP"
            stored["timestamp"] = SECONDS
        load_delimited(
            connection, "raw_ratings", path, dialect, columns,
            optional=numbers, stored=stored, defaults=default_timestamp(dialect.file_columns),
        )  # fmt: skip
        connection.execute(
            'ALTER TABLE raw_ratings RENAME "userId" TO user_id;'
            'ALTER TABLE raw_ratings RENAME "movieId" TO item_id'
        )

    return load


def is_date(cell: str | None) -> bool:
    """Whether the first timestamp of a file is a date; then all must be dates.

    Examples
    --------
    >>> is_date("2026-05-31 18:30"), is_date("-5"), is_date("")
    (True, False, False)
    """
    return bool(cell) and not str(cell).lstrip("-").isdigit()


def delimited_items(dialect: Dialect, genre_separator: str = "|") -> LoadItems:
    """Reader of films in text into a table ``raw_items``.

    Parameters
    ----------
    dialect : Dialect
    genre_separator : str
        Separator of the genres of a film.
    """

    def load(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        load_delimited(connection, "loaded", path, dialect, MOVIE_COLUMNS, optional={"genres"})
        create_raw_items(connection, f"string_split(genres, {quoted(genre_separator)})")

    return load


def load_flag_items(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Read films with a column of 0 or 1 per genre into a table ``raw_items``."""
    columns = {"movieId": "VARCHAR", "title": "VARCHAR"} | dict.fromkeys(_FLAG_GENRES, "BIGINT")
    load_delimited(connection, "loaded", path, FLAG_MOVIES, columns)
    flags = ", ".join(f'CASE "{genre}" WHEN 1 THEN {quoted(genre)} END' for genre in _FLAG_GENRES)
    create_raw_items(connection, f"[{flags}]")
