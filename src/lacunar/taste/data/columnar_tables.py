"""Raw tables of ratings and items from columnar relations: Parquet files and frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from lacunar.errors import InputError
from lacunar.taste.data.duckdb import first_row, quoted
from lacunar.taste.data.raw_tables import (
    IDS,
    RATING_COLUMNS,
    SECONDS,
    create_raw_items,
    number,
)

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
    defaults: Mapping[str, str],
) -> None:
    """Create the view ``raw_ratings`` of a relation: a view takes no memory.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    relation : Relation
        Timestamps may be dates.
    as_text : frozenset of str
        Columns whose ids stay text.
    defaults : mapping of str to str
        Columns that the relation may lack, to the SQL expression that replaces them.

    Raises
    ------
    InputError
        If there are no rows, or a cell is null.
    """
    numbers, types = IDS - as_text, relation.types
    dated = types.get("timestamp", "").startswith(("TIMESTAMP", "DATE"))
    shown = {
        "userId": _id("userId", types["userId"], as_number="userId" in numbers),
        "movieId": _id("movieId", types["movieId"], as_number="movieId" in numbers),
        "rating": 'CAST("rating" AS DOUBLE)',
        "timestamp": SECONDS if dated else 'CAST("timestamp" AS BIGINT)',
    }
    shown |= {name: sql for name, sql in defaults.items() if name not in types}
    in_view = dict(zip(RATING_COLUMNS, ("user_id", "item_id", "rating", "timestamp"), strict=True))
    columns = ", ".join(f'{sql} AS "{in_view[name]}"' for name, sql in shown.items())
    connection.execute(
        f"CREATE OR REPLACE VIEW raw_ratings AS SELECT {columns} FROM {relation.scan}"
    )
    required = [name for name in RATING_COLUMNS if name not in numbers]
    _check_filled(connection, "raw_ratings", relation, in_view, required)


def create_raw_items_of(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    genre_separator: str,
    *,
    year: str | None = None,
) -> None:
    """Create the table ``raw_items`` of a relation.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    relation : Relation
        Without titles, the title is the id; without genres, lists of genres are empty.
    genre_separator : str
        Separator of the genres of an item, if they are text; they may also be lists.
    year : str, optional
        SQL of the year, from the columns of the relation.

    Raises
    ------
    InputError
        If there are no rows, or an id or title is null.
    """
    types = relation.types
    item_id = 'CAST("movieId" AS VARCHAR)'
    title = 'CAST("title" AS VARCHAR)' if "title" in types else f"trim({item_id})"
    if "genres" not in types:
        genres = "CAST([] AS VARCHAR[])"
    elif types["genres"].endswith("]"):
        genres = '"genres"'
    else:
        genres = f'string_split(CAST("genres" AS VARCHAR), {quoted(genre_separator)})'
    years = "" if year is None else f', {year} AS "year"'
    connection.execute(
        f'CREATE OR REPLACE TABLE loaded AS SELECT {item_id} AS "movieId", {title} AS "title",'
        f' {genres} AS "genres"{years} FROM {relation.scan}'
    )
    names = {"movieId": "movieId", "title": "title"}
    _check_filled(connection, "loaded", relation, names, list(names))
    create_raw_items(connection, "genres", year=None if year is None else '"year"')


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
