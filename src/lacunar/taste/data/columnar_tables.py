"""Raw tables of ratings and items from columnar relations: Parquet files and frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from lacunar.errors import InputError
from lacunar.taste.data.catalogue import YEAR_OF_TITLE
from lacunar.taste.data.duckdb import first_row
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
from lacunar.taste.data.years import EXPECTED_YEARS, invalid_year, year_of

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
    """

    name: str
    scan: str
    types: Mapping[str, str]
    source_columns: Mapping[str, str]

    def source_column(self, column: str) -> str:
        """The source's name of a column."""
        return self.source_columns.get(column, column)

    def place(self, column: str) -> str:
        """Source and column, for an error."""
        return f"{self.name}, column {self.source_column(column)}"


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
        If there are no rows, a cell is null, or a timestamp in text is no time.
    """
    numbers, types = IDS - as_text, relation.types
    shown = {
        "userId": _id("userId", types["userId"], as_number="userId" in numbers),
        "movieId": _id("movieId", types["movieId"], as_number="movieId" in numbers),
        "rating": 'CAST("rating" AS DOUBLE)',
        "timestamp": _seconds(connection, relation, timestamp_format),
    }
    shown |= {name: sql for name, sql in WITHOUT.items() if name not in types}
    in_view = dict(zip(RATING_COLUMNS, ("user_id", "item_id", "rating", "timestamp"), strict=True))
    columns = ", ".join(f'{sql} AS "{in_view[name]}"' for name, sql in shown.items())
    connection.execute(
        f"CREATE OR REPLACE VIEW raw_ratings AS SELECT {columns} FROM {relation.scan}"
    )
    required = [name for name in RATING_COLUMNS if name not in numbers]
    _check_filled(connection, "raw_ratings", relation, in_view, required)
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
    item_id = 'CAST("movieId" AS VARCHAR)'
    title = 'CAST("title" AS VARCHAR)' if "title" in types else f"trim({item_id})"
    if "genres" not in types:
        genres = NO_GENRES_SQL
    elif types["genres"].endswith("]"):
        genres = '"genres"'
    else:
        genres = genres_of_cells(connection, relation.scan, '"genres"', genre_separator)
    year = YEAR_OF_TITLE if "title" in types else "NULL"
    if "year" in types:
        year = year_of(types["year"])
        invalid = invalid_year(connection, relation.scan, types["year"])
        if invalid is not None:
            raise InputError(
                f"{relation.place('year')}: expected {EXPECTED_YEARS}, got {invalid!r}"
            )
    connection.execute(
        f'CREATE OR REPLACE TABLE loaded AS SELECT {item_id} AS "movieId", {title} AS "title",'
        f' {genres} AS "genres", {year} AS "year" FROM {relation.scan}'
    )
    names = {"movieId": "movieId", "title": "title"}
    _check_filled(connection, "loaded", relation, names, list(names))
    create_raw_items(connection, "genres", year='"year"')


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
            bad = first_row(connection, f"{filled} AND {seconds} IS NULL LIMIT 1")
            if bad is not None:
                raise InputError(
                    f"{relation.place('timestamp')}: expected {described_time(timestamp_format)},"
                    f" got {bad[0]!r}"
                )
            return seconds
        if first is not None and not is_whole(first[0]):
            return _fractional(f"CAST({text} AS DOUBLE)")
    return 'CAST("timestamp" AS BIGINT)'


def _fractional(number: str) -> str:
    # The cast to a whole number raises for NaN, infinity and what 64 bits do not hold.
    return f"CASE WHEN CAST({number} AS BIGINT) IS NOT NULL THEN CAST({number} AS DOUBLE) END"


def _id(column: str, kind: str, *, as_number: bool) -> str:
    if not as_number:
        return f'trim(CAST("{column}" AS VARCHAR))'
    if kind in _WHOLE_TYPES:
        most = 10**18 - 1
        inside = f'"{column}" BETWEEN -{most} AND {most}' if kind in _WIDE_TYPES else "true"
        return f'CASE WHEN {inside} THEN CAST("{column}" AS BIGINT) END'
    return number(f'trim(CAST("{column}" AS VARCHAR))')


def _check_filled(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    relation: Relation,
    columns: Mapping[str, str],
    required: Sequence[str],
) -> None:
    """Raise if a required column holds a null, or if there are no rows.

    ``columns`` maps the columns of the relation to those of ``table``.
    """
    counts = ", ".join(f'count("{column}")' for column in columns.values())
    row = first_row(connection, f"SELECT count(*), {counts} FROM {table}")
    assert row is not None, "counts are one row"
    filled = dict(zip(columns, row[1:], strict=True))
    for name in required:
        if filled[name] < row[0]:
            raise InputError(f"{relation.place(name)}: expected a value in every row, got a null")
    if not row[0]:
        raise InputError(f"{relation.name}: expected at least one row of data, got none")
