"""Readers of ratings and films in delimited text."""

from __future__ import annotations

from pathlib import Path

import duckdb

from lacunar.errors import InputError
from lacunar.taste.data.catalogue import YEAR_OF_TITLE
from lacunar.taste.data.delimited import load_delimited, locate
from lacunar.taste.data.duckdb import exists, quoted
from lacunar.taste.data.genre_cells import genres_of_cells
from lacunar.taste.data.raw_tables import (
    IDS,
    MOVIE_COLUMNS,
    NO_GENRES_SQL,
    RATING_COLUMNS,
    WITHOUT,
    LoadItems,
    LoadRatings,
    create_raw_items,
    number,
)
from lacunar.taste.data.text_files import text_files
from lacunar.taste.data.text_header import Dialect, cell_text, first_cell, header
from lacunar.taste.data.times import is_date, is_whole, seconds_of_text
from lacunar.taste.data.years import EXPECTED_YEARS, NO_YEAR, YEAR

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
        In a file with a header, timestamps may be dates, and the columns of ratings and timestamps
        may be missing unless they are named.
    """

    def load(connection: duckdb.DuckDBPyConnection, path: Path, as_text: frozenset[str]) -> bool:
        numbers = IDS - as_text
        stored = {name: f'trim("{name}")' for name in IDS}
        stored |= {name: number(stored[name]) for name in numbers}
        columns = dict(RATING_COLUMNS)
        columns["timestamp"], stored["timestamp"] = _timestamps(path, dialect)
        present = load_delimited(
            connection, "raw_ratings", path, dialect, columns,
            optional=numbers, stored=stored, defaults=WITHOUT,
        )  # fmt: skip
        connection.execute(
            'ALTER TABLE raw_ratings RENAME "userId" TO user_id;'
            'ALTER TABLE raw_ratings RENAME "movieId" TO item_id'
        )
        return "rating" in present

    return load


def _timestamps(path: Path, dialect: Dialect) -> tuple[str, str]:
    """SQL type of the timestamps, and the SQL to store; the first row of the first file decides."""
    if dialect.names is not None:
        return "BIGINT", '"timestamp"'
    if not dialect.timestamp_format:
        with text_files(path, dialect.encoding) as files:
            head = header(files[0], dialect, tuple(RATING_COLUMNS), may_lack=WITHOUT)
            cell = first_cell(files[0], head, "timestamp")
        if not is_date(cell):
            return ("BIGINT" if is_whole(cell) else "DOUBLE"), '"timestamp"'
    return "VARCHAR", seconds_of_text('"timestamp"', dialect.timestamp_format)


def delimited_items(dialect: Dialect, genre_separator: str = "|") -> LoadItems:
    """Reader of films in text into a table ``raw_items``.

    Parameters
    ----------
    dialect : Dialect
    genre_separator : str
        Separator of the genres of a film.
    """
    year = dialect.file_columns.get("year")
    columns = MOVIE_COLUMNS | ({"year": "VARCHAR"} if year else {})
    without = {"title": 'trim("movieId")', "genres": NO_GENRES_SQL}

    def load(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        present = load_delimited(
            connection, "loaded", path, dialect, columns,
            optional={"genres", "year"}, defaults=without if dialect.names is None else None,
        )  # fmt: skip
        if year and exists(connection, "loaded", NO_YEAR):
            cell = locate(connection, path, dialect, NO_YEAR, "year")
            raise InputError(
                f"{cell}, column {year}: expected {EXPECTED_YEARS}, got {cell_text(str(cell.text))}"
            )
        genres = '"genres"'
        if "genres" in present:
            genres = genres_of_cells(connection, "loaded", genres, genre_separator)
        of_title = YEAR_OF_TITLE if "title" in present else "NULL"
        create_raw_items(connection, genres, year=YEAR if year else of_title)

    return load


def load_flag_items(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Read films with a column of 0 or 1 per genre into a table ``raw_items``."""
    columns = {"movieId": "VARCHAR", "title": "VARCHAR"} | dict.fromkeys(_FLAG_GENRES, "BIGINT")
    load_delimited(connection, "loaded", path, FLAG_MOVIES, columns)
    flags = ", ".join(f'CASE "{genre}" WHEN 1 THEN {quoted(genre)} END' for genre in _FLAG_GENRES)
    create_raw_items(connection, f"[{flags}]")
