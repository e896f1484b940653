"""The catalogue: films by position, and their genres."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from lacunar.errors import InputError
from lacunar.taste.data.duckdb import exists, fetched, first_row, quoted
from lacunar.taste.data.ratings import NO_GENRES

WHOLE_NUMBER = "-?[0-9]{1,18}"
#: "Title (1994)"; a series may name its years, "(2006-2011)" or "(2006- )", with either dash. IMDb
#: numbers films of a year, "(1994/II)", and adds words in brackets, "(1994) (TV)".
YEAR_AT_END = (
    "\\((\\d{4})(?:/[IVXLC]+)?(?:\\s*[-\u2013]\\s*(?:\\d{4})?\\s*)?\\)+"
    "\\s*(?:\\([^()\\d]+\\)\\s*)*$"
)
#: SQL of the year at the end of a title; null if there is none.
YEAR_OF_TITLE = f"nullif(regexp_extract(title, {quoted(YEAR_AT_END)}, 1), '')"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """I films with G genres.

    Parameters
    ----------
    items : pyarrow.Table of I rows
        ``item_id``, ``title``, ``year`` (null where the title names none), in order of id.
    genres : tuple of str
        Genre names in alphabetical order.
    item_genres : pyarrow.Table
        ``item``, ``genre``: positions, one row per film and genre.
    """

    items: pa.Table
    genres: tuple[str, ...]
    item_genres: pa.Table


def encode_items(
    connection: duckdb.DuckDBPyConnection,
    source: Path | str,
    item_type: str,
) -> None:
    """Encode ``raw_items`` as tables of films, genres and (film, genre) pairs, by position.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Gets the tables ``items``, ``genres`` and ``item_genres``.
    source : Path or str
        Source of the films, for errors.
    item_type : str
        SQL type of a film's id.

    Raises
    ------
    InputError
        If a film occurs twice.
    """
    repeated = first_row(
        connection,
        f"SELECT any_value(item_id) FROM raw_items GROUP BY CAST(item_id AS {item_type})"
        " HAVING count(*) > 1 LIMIT 1",
    )
    if repeated is not None:
        raise InputError(f"{source}: expected each item once, got {repeated[0]!r} twice")
    connection.execute(f"""
        CREATE TABLE items AS
        SELECT CAST(row_number() OVER (ORDER BY item_id) - 1 AS INTEGER) AS item, *
        FROM (
            SELECT CAST(item_id AS {item_type}) AS item_id, title, genres,
                CAST(year AS SMALLINT) AS year
            FROM raw_items
        );
        CREATE TABLE exploded AS
        SELECT DISTINCT item, name FROM (
            SELECT item, trim(unnest(genres)) AS name FROM items
        ) WHERE name <> '';
        INSERT INTO exploded
        SELECT item, '{NO_GENRES}' FROM items WHERE item NOT IN (SELECT item FROM exploded);
        CREATE TABLE genres AS
        SELECT CAST(row_number() OVER (ORDER BY name) - 1 AS INTEGER) AS genre, name
        FROM (SELECT DISTINCT name FROM exploded);
        CREATE TABLE item_genres AS SELECT item, genre FROM exploded JOIN genres USING (name);
    """)


def catalogue_of(connection: duckdb.DuckDBPyConnection) -> Catalogue:
    """Fetch the catalogue from the tables of :func:`encode_items`."""
    return Catalogue(
        items=fetched(connection, "SELECT item_id, title, year FROM items ORDER BY item"),
        genres=tuple(
            fetched(connection, "SELECT name FROM genres ORDER BY genre")["name"].to_pylist()
        ),
        item_genres=fetched(connection, "SELECT item, genre FROM item_genres ORDER BY ALL"),
    )


def is_whole_number(text: str, *, point: bool = False) -> str:
    """SQL condition that text is a whole number of at most 18 digits, which fit 64 bits.

    Parameters
    ----------
    text : str
        SQL of the text.
    point : bool
        Whether it may end in ``.0``.
    """
    ending = "(\\.0+)?" if point else ""
    return f"regexp_full_match({text}, '{WHOLE_NUMBER}{ending}')"


def all_whole_numbers(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> bool:
    """Whether every id in a text column is a whole number, perhaps with ``.0``."""
    return not exists(connection, table, f"NOT {is_whole_number(column, point=True)}")
