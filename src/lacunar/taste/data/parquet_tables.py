"""Readers of ratings and films in Parquet, from a file or a directory of files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from lacunar.errors import InputError
from lacunar.taste.data.column_names import HINT, standard_names
from lacunar.taste.data.duckdb import escaped, first_row, quoted, quoted_name
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

_WIDE_TYPES = frozenset({"BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT"})
_WHOLE_TYPES = _WIDE_TYPES | {
    "TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER",
}  # fmt: skip


def parquet_ratings(file_columns: Mapping[str, str]) -> LoadRatings:
    """Reader of ratings in Parquet into a view ``raw_ratings``.

    Parameters
    ----------
    file_columns : mapping of str to str
        Lacunar's column names to those of the files. Timestamps may be dates, and their column may
        be missing unless it is named.
    """

    def load(connection: duckdb.DuckDBPyConnection, path: Path, as_text: frozenset[str]) -> None:
        """Create the view ``raw_ratings`` of the files: a view takes no memory."""
        with _scan(connection, path, file_columns) as scan:
            defaults = default_timestamp(file_columns)
            types = _column_types(
                connection, path, scan, file_columns, RATING_COLUMNS, may_lack=defaults
            )
            numbers = IDS - as_text
            times = types.get("timestamp")
            dated = times is not None and times.startswith(("TIMESTAMP", "DATE"))
            shown = {
                "user_id": _id("userId", types["userId"], as_number="userId" in numbers),
                "item_id": _id("movieId", types["movieId"], as_number="movieId" in numbers),
                "rating": 'CAST("rating" AS DOUBLE)',
                "timestamp": defaults["timestamp"] if times is None
                else SECONDS if dated else 'CAST("timestamp" AS BIGINT)',
            }  # fmt: skip
            columns = ", ".join(f'{sql} AS "{name}"' for name, sql in shown.items())
            connection.execute(
                f"CREATE OR REPLACE VIEW raw_ratings AS SELECT {columns} FROM {scan}"
            )
            required = [name for name in RATING_COLUMNS if name not in numbers]
            in_view = dict(zip(RATING_COLUMNS, shown, strict=True))
            _check_filled(connection, "raw_ratings", path, file_columns, in_view, required)

    return load


def _id(column: str, kind: str, *, as_number: bool) -> str:
    if not as_number:
        return f'trim(CAST("{column}" AS VARCHAR))'
    if kind in _WHOLE_TYPES:
        most = 10**18 - 1
        inside = f'"{column}" BETWEEN -{most} AND {most}' if kind in _WIDE_TYPES else "true"
        return f'CASE WHEN {inside} THEN CAST("{column}" AS BIGINT) END'
    return number(f'trim(CAST("{column}" AS VARCHAR))')


def parquet_items(file_columns: Mapping[str, str], genre_separator: str = "|") -> LoadItems:
    """Reader of films in Parquet into a table ``raw_items``.

    Parameters
    ----------
    file_columns : mapping of str to str
        Lacunar's column names to those of the files.
    genre_separator : str
        Separator of the genres of a film, if they are text; they may also be lists.
    """

    def load(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        with _scan(connection, path, file_columns) as scan:
            types = _column_types(connection, path, scan, file_columns, MOVIE_COLUMNS)
            connection.execute(
                'CREATE OR REPLACE TABLE loaded AS SELECT CAST("movieId" AS VARCHAR) AS "movieId",'
                f' CAST("title" AS VARCHAR) AS "title", "genres" FROM {scan}'
            )
            names = {"movieId": "movieId", "title": "title"}
            _check_filled(connection, "loaded", path, file_columns, names, list(names))
        split = f"string_split(genres, {quoted(genre_separator)})"
        create_raw_items(connection, "genres" if types["genres"].endswith("[]") else split)

    return load


@contextmanager
def _scan(
    connection: duckdb.DuckDBPyConnection, path: Path, file_columns: Mapping[str, str]
) -> Iterator[str]:
    """SQL that reads a Parquet file or directory; errors of DuckDB become an InputError."""
    pattern = escaped(str(path)) + ("/**/*.parquet" if path.is_dir() else "")
    scan = f"read_parquet({quoted(pattern)})"
    try:
        if file_columns:
            theirs = _described(connection, scan)
            pairs = zip(theirs, standard_names(theirs, file_columns), strict=True)
            columns = ", ".join(f"{quoted_name(name)} AS {quoted_name(to)}" for name, to in pairs)
            scan = f"(SELECT {columns} FROM {scan})"
        yield scan
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.ConversionException as error:
        raise InputError(
            f"{path}: expected numbers in {file_columns.get('rating', 'rating')} and"
            f" {file_columns.get('timestamp', 'timestamp')}: {str(error).splitlines()[0]}"
        ) from error
    except duckdb.Error as error:  # the parser raises several kinds
        raise InputError(f"{path}: expected Parquet, got: {str(error).splitlines()[0]}") from error


def _described(connection: duckdb.DuckDBPyConnection, scan: str) -> dict[str, str]:
    """Columns of a scan and their types."""
    described = connection.sql(f"DESCRIBE SELECT * FROM {scan}").fetchall()
    return {row[0]: str(row[1]) for row in described}


def _column_types(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    scan: str,
    file_columns: Mapping[str, str],
    columns: Iterable[str],
    *,
    may_lack: Collection[str] = (),
) -> dict[str, str]:
    types = _described(connection, scan)
    needed = [name for name in columns if name not in may_lack]
    if any(name not in types for name in needed):
        wanted = ", ".join(file_columns.get(name, name) for name in needed)
        got = ", ".join(file_columns.get(name, name.removesuffix(" (other)")) for name in types)
        raise InputError(f"{path}: expected the columns {wanted}; got {got} ({HINT})")
    return types


def _check_filled(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    path: Path,
    file_columns: Mapping[str, str],
    columns: Mapping[str, str],
    required: Sequence[str],
) -> None:
    """Raise if a required column holds a null, or if there are no rows.

    ``columns`` maps the columns of the file to those of ``table``.
    """
    counts = ", ".join(f'count("{column}")' for column in columns.values())
    row = first_row(connection, f"SELECT count(*), {counts} FROM {table}")
    assert row is not None, "counts are one row"
    filled = dict(zip(columns, row[1:], strict=True))
    for name in required:
        if filled[name] < row[0]:
            shown = file_columns.get(name, name)
            raise InputError(f"{path}, column {shown}: expected a value in every row, got a null")
    if not row[0]:
        raise InputError(f"{path}: expected at least one row of data, got none")
