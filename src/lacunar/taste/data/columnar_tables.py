"""Raw tables of ratings and items from columnar relations: Parquet files and frames."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from lacunar.errors import InputError
from lacunar.taste.data.catalogue import YEAR_OF_TITLE
from lacunar.taste.data.duckdb import exists, first_row
from lacunar.taste.data.genre_cells import genres_of_cells
from lacunar.taste.data.raw_tables import (
    IDS,
    NO_GENRES_SQL,
    RATING_COLUMNS,
    WITHOUT,
    create_raw_items,
    number,
)
from lacunar.taste.data.times import described_time, is_date, is_whole, seconds_of_text
from lacunar.taste.data.years import EXPECTED_YEARS, NO_YEAR, invalid_year, year_of

_WIDE_TYPES = frozenset({"BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT"})
_WHOLE_TYPES = _WIDE_TYPES | {
    "TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows that DuckDB can scan, with Lacunar's column names.

    Parameters
    ----------
    name : str
        Name of the source in errors: a path, or a frame.
    scan : str
        SQL of the rows.
    types : mapping of str to str
        Column name to SQL type.
    source_columns : mapping of str to str
        Lacunar's column names to those of the source, where they differ.
    has_row_numbers : bool
        Whether errors name rows, counted from 1: rows have an order, as those of a frame.
    """

    name: str
    scan: str
    types: Mapping[str, str]
    source_columns: Mapping[str, str]
    has_row_numbers: bool = False

    def source_column(self, column: str) -> str:
        """The source's name of a column."""
        return self.source_columns.get(column, column)

    def place(self, column: str) -> str:
        """Source and column, for an error."""
        return f"{self.name}, column {self.source_column(column)}"

    def place_of_row(
        self, connection: duckdb.DuckDBPyConnection, column: str, condition: str
    ) -> str:
        """Source, row and column of the first row that meets an SQL condition, for an error."""
        if not self.has_row_numbers:
            return self.place(column)
        row = first_row_number(connection, self.scan, condition)
        return f"{self.name}, row {row}, column {self.source_column(column)}"


def first_row_number(connection: duckdb.DuckDBPyConnection, scan: str, condition: str) -> int:
    """Number, from 1, of the first row that meets an SQL condition; such a row exists."""
    # With one thread, rows are numbered in their order.
    connection.execute("SET threads = 1; SET preserve_insertion_order = true")
    row = first_row(
        connection,
        f"SELECT row FROM (SELECT row_number() OVER () AS row, * FROM {scan})"
        f" WHERE {condition} ORDER BY row LIMIT 1",
    )
    connection.execute("RESET threads; RESET preserve_insertion_order")
    assert row is not None, "the caller checked that such a row exists"
    return int(row[0])


def column_types(connection: duckdb.DuckDBPyConnection, scan: str) -> dict[str, str]:
    """Columns of a scan and their SQL types."""
    described = connection.sql(f"DESCRIBE SELECT * FROM {scan}").fetchall()
    return {row[0]: str(row[1]) for row in described}


@contextmanager
def sentence_of_errors(
    name: str, expected: str, source_columns: Mapping[str, str]
) -> Iterator[None]:
    """Turn errors of DuckDB into an InputError about a source.

    Parameters
    ----------
    name : str
    expected : str
        What the source should be, such as ``Parquet``.
    source_columns : mapping of str to str
        Lacunar's column names to those of the source, where they differ.
    """
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.ConversionException as error:
        raise InputError(
            f"{name}: expected numbers in {source_columns.get('rating', 'rating')} and"
            f" {source_columns.get('timestamp', 'timestamp')}: {str(error).splitlines()[0]}"
        ) from error
    except duckdb.Error as error:  # the parser raises several kinds
        raise InputError(
            f"{name}: expected {expected}, got: {str(error).splitlines()[0]}"
        ) from error


def create_raw_ratings(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    as_text: frozenset[str],
    timestamp_format: str = "",
) -> bool:
    """Create the view ``raw_ratings`` of a relation: a view takes no memory.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    relation : Relation
        Timestamps may be dates. Without ratings, every row is a like; without timestamps, all are
        equal.
    as_text : frozenset of str
        Columns whose ids stay text.
    timestamp_format : str
        Format of timestamps in text; empty: seconds or ISO dates.

    Returns
    -------
    bool
        Whether there are ratings.

    Raises
    ------
    InputError
        If there are no rows, a cell is null, or a rating or timestamp in text is none.
    """
    numbers, types = IDS - as_text, relation.types
    shown = {
        "userId": _id(connection, relation, "userId", as_number="userId" in numbers),
        "movieId": _id(connection, relation, "movieId", as_number="movieId" in numbers),
        "rating": _rating(connection, relation),
        "timestamp": _seconds(connection, relation, timestamp_format),
    }
    shown |= {name: sql for name, sql in WITHOUT.items() if name not in types}
    in_view = dict(zip(RATING_COLUMNS, ("user_id", "item_id", "rating", "timestamp"), strict=True))
    columns = ", ".join(f'{sql} AS "{in_view[name]}"' for name, sql in shown.items())
    connection.execute(
        f"CREATE OR REPLACE VIEW raw_ratings AS SELECT {columns} FROM {relation.scan}"
    )
    _check_filled(
        connection, relation, {name: shown[name] for name in RATING_COLUMNS if name not in numbers}
    )
    return "rating" in types


def create_raw_items_of(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    genre_separator: str,
) -> None:
    """Create the table ``raw_items`` of a relation.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    relation : Relation
        Without titles, the title is the id; without genres, lists of genres are empty; without a
        column ``year``, the year is the one at the end of the title.
    genre_separator : str
        Separator of the genres of an item, if they are text; they may also be lists.

    Raises
    ------
    InputError
        If there are no rows, an id or title is null, or a year is none.
    """
    types = relation.types
    item_id = _id(connection, relation, "movieId", as_number=False)
    title = 'CAST("title" AS VARCHAR)' if "title" in types else item_id
    if "genres" not in types:
        genres = NO_GENRES_SQL
    elif types["genres"].endswith("]"):
        genres = _listed_genres(relation)
    else:
        genres = genres_of_cells(connection, relation.scan, '"genres"', genre_separator)
    year = YEAR_OF_TITLE if "title" in types else "NULL"
    if "year" in types:
        year = year_of(types["year"])
        invalid = invalid_year(connection, relation.scan, types["year"])
        if invalid is not None:
            place = relation.place_of_row(connection, "year", NO_YEAR)
            raise InputError(f"{place}: expected {EXPECTED_YEARS}, got {invalid!r}")
    connection.execute(
        f'CREATE OR REPLACE TABLE loaded AS SELECT {item_id} AS "movieId", {title} AS "title",'
        f' {genres} AS "genres", {year} AS "year" FROM {relation.scan}'
    )
    _check_filled(connection, relation, {"movieId": item_id, "title": title})
    create_raw_items(connection, "genres", year='"year"')


def _listed_genres(relation: Relation) -> str:
    """SQL of the genres of a column of lists of text, or of objects with a name."""
    kind = relation.types["genres"]
    if kind.startswith("STRUCT("):
        if not re.search(r'[(,] ?"?name"? VARCHAR', kind):
            raise InputError(
                f"{relation.place('genres')}: expected lists of text or of objects with a name,"
                f" got {kind}"
            )
        return '[genre.name FOR genre IN "genres"]'
    return 'CAST("genres" AS VARCHAR[])'


def _seconds(
    connection: duckdb.DuckDBPyConnection, relation: Relation, timestamp_format: str
) -> str:
    """SQL of the seconds since 1970; whole numbers stay whole."""
    kind = relation.types.get("timestamp", "")
    if kind.startswith(("TIMESTAMP", "DATE")):
        return 'epoch("timestamp")'
    if kind in {"FLOAT", "DOUBLE"} or kind.startswith("DECIMAL"):
        return _fractional('"timestamp"')
    if kind == "VARCHAR" or kind.startswith("ENUM"):
        text = 'CAST("timestamp" AS VARCHAR)'
        filled = f"SELECT {text} FROM {relation.scan} WHERE trim({text}) <> ''"
        first = first_row(connection, f"{filled} LIMIT 1")
        if timestamp_format or (first is not None and is_date(first[0])):
            seconds = seconds_of_text(text, timestamp_format)
            expected = described_time(timestamp_format)
            _check_text(connection, relation, "timestamp", f"{seconds} IS NOT NULL", expected)
            return seconds
        if first is not None and not is_whole(first[0]):
            return _fractional(f"CAST({text} AS DOUBLE)")
    return 'CAST("timestamp" AS BIGINT)'


def _rating(connection: duckdb.DuckDBPyConnection, relation: Relation) -> str:
    """SQL of the rating as a number of 64 bits."""
    kind, column = relation.types.get("rating", ""), '"rating"'
    if kind == "VARCHAR" or kind.startswith("ENUM"):
        column = 'CAST("rating" AS VARCHAR)'
        is_number = f"TRY_CAST({column} AS DOUBLE) IS NOT NULL"
        _check_text(connection, relation, "rating", is_number, "a number")
    if kind == "FLOAT":
        # The nearest number to 1.1 differs in 32 and 64 bits; halves are equal.
        return f"""CASE WHEN 2 * {column} = floor(2 * {column}) THEN CAST({column} AS DOUBLE)
            ELSE CAST(CAST({column} AS VARCHAR) AS DOUBLE) END"""
    return f"CAST({column} AS DOUBLE)"


def _check_text(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    column: str,
    valid: str,
    expected: str,
) -> None:
    """Raise if a cell of text is neither blank nor meets an SQL condition."""
    text = f'CAST("{column}" AS VARCHAR)'
    bad = f"trim({text}) <> '' AND NOT ({valid})"
    if exists(connection, relation.scan, bad):
        place = relation.place_of_row(connection, column, bad)
        # The first row with such a cell, as the place says.
        connection.execute("SET threads = 1; SET preserve_insertion_order = true")
        row = first_row(connection, f"SELECT {text} FROM {relation.scan} WHERE {bad} LIMIT 1")
        connection.execute("RESET threads; RESET preserve_insertion_order")
        assert row is not None, "such a row exists"
        raise InputError(f"{place}: expected {expected}, got {row[0]!r}")


def _fractional(number: str) -> str:
    # The cast to a whole number raises for NaN, infinity and what 64 bits do not hold.
    return f"CASE WHEN CAST({number} AS BIGINT) IS NOT NULL THEN CAST({number} AS DOUBLE) END"


def _id(
    connection: duckdb.DuckDBPyConnection, relation: Relation, column: str, *, as_number: bool
) -> str:
    """SQL of an id as a number or as text; null if it is missing, or is no number."""
    kind, id_ = relation.types[column], f'"{column}"'
    if kind in {"FLOAT", "DOUBLE"}:
        # Columns of integers become floats in pandas when a merge brings gaps.
        id_ = f"CASE WHEN NOT isnan({id_}) THEN {id_} END"
        fits = f"{id_} = floor({id_}) AND abs({id_}) < 1e18"
        if as_number or not exists(connection, relation.scan, f"NOT ({fits})"):
            kind, id_ = "BIGINT", f"CASE WHEN {fits} THEN CAST({id_} AS BIGINT) END"
    if as_number and kind in _WHOLE_TYPES:
        most = 10**18 - 1
        inside = f"{id_} BETWEEN -{most} AND {most}" if kind in _WIDE_TYPES else "true"
        return f"CASE WHEN {inside} THEN CAST({id_} AS BIGINT) END"
    text = f"nullif(trim(CAST({id_} AS VARCHAR)), '')"
    return number(text) if as_number else text


def _check_filled(
    connection: duckdb.DuckDBPyConnection, relation: Relation, required: Mapping[str, str]
) -> None:
    """Raise if a required column is null in a row, or if there are no rows.

    ``required`` maps columns to their SQL.
    """
    counts = ", ".join(f"count({sql})" for sql in required.values())
    row = first_row(connection, f"SELECT {counts}, count(*) FROM {relation.scan}")
    assert row is not None, "counts are one row"
    *filled, n_rows = row
    for (name, sql), n_filled in zip(required.items(), filled, strict=True):
        if n_filled < n_rows:
            place = relation.place_of_row(connection, name, f"({sql}) IS NULL")
            raise InputError(f"{place}: expected a value in every row, got a null")
    if not n_rows:
        raise InputError(f"{relation.name}: expected at least one row of data, got none")
