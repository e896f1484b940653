"""Raw tables of ratings and films from Parquet, a file or a directory of parts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from lacunar.errors import InputError
from lacunar.taste.data.column_names import HINT, renamed
from lacunar.taste.data.duckdb import escaped, first_row, quoted
from lacunar.taste.data.raw_tables import (
    IDS,
    MOVIE_COLUMNS,
    RATING_COLUMNS,
    SECONDS,
    LoadItems,
    LoadRatings,
    keep_items,
    number,
    without_times,
)

_WIDE_TYPES = frozenset({"BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT"})
_WHOLE_TYPES = _WIDE_TYPES | {
    "TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER",
}  # fmt: skip


def parquet_ratings(own: Mapping[str, str]) -> LoadRatings:
    """How ratings in Parquet are read: a view ``raw_ratings``.

    Parameters
    ----------
    own : mapping of str to str
        Column to what the files call it. Times may be dates, or missing where they are not named.
    """

    def load(connection: duckdb.DuckDBPyConnection, path: Path, as_text: frozenset[str]) -> None:
        """Show the files as ``raw_ratings``: what need not be copied takes no memory."""
        with _scan(connection, path, own) as scan:
            defaults = without_times(own)
            types = _column_types(connection, path, scan, own, RATING_COLUMNS, lacking=defaults)
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
            _check_filled(connection, "raw_ratings", path, own, in_view, required)

    return load


def _id(column: str, kind: str, *, as_number: bool) -> str:
    if not as_number:
        return f'trim(CAST("{column}" AS VARCHAR))'
    if kind in _WHOLE_TYPES:
        most = 10**18 - 1
        inside = f'"{column}" BETWEEN -{most} AND {most}' if kind in _WIDE_TYPES else "true"
        return f'CASE WHEN {inside} THEN CAST("{column}" AS BIGINT) END'
    return number(f'trim(CAST("{column}" AS VARCHAR))')


def parquet_items(own: Mapping[str, str], genre_separator: str = "|") -> LoadItems:
    """How films in Parquet are read: a table ``raw_items``.

    Parameters
    ----------
    own : mapping of str to str
        Column to what the files call it.
    genre_separator : str
        Between the genres of a film, where they are text and no list.
    """

    def load(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        with _scan(connection, path, own) as scan:
            types = _column_types(connection, path, scan, own, MOVIE_COLUMNS)
            connection.execute(
                'CREATE OR REPLACE TABLE loaded AS SELECT CAST("movieId" AS VARCHAR) AS "movieId",'
                f' CAST("title" AS VARCHAR) AS "title", "genres" FROM {scan}'
            )
            names = {"movieId": "movieId", "title": "title"}
            _check_filled(connection, "loaded", path, own, names, list(names))
        split = f"string_split(genres, {quoted(genre_separator)})"
        keep_items(connection, "genres" if types["genres"].endswith("[]") else split)

    return load


@contextmanager
def _scan(
    connection: duckdb.DuckDBPyConnection, path: Path, own: Mapping[str, str]
) -> Iterator[str]:
    """SQL that reads a Parquet file or directory; what goes wrong with it told in a sentence."""
    parts = escaped(str(path)) + ("/**/*.parquet" if path.is_dir() else "")
    scan = f"read_parquet({quoted(parts)})"
    try:
        if own:
            theirs = _described(connection, scan)
            pairs = zip(theirs, renamed(theirs, own), strict=True)
            columns = ", ".join(f"{_identifier(name)} AS {_identifier(to)}" for name, to in pairs)
            scan = f"(SELECT {columns} FROM {scan})"
        yield scan
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.ConversionException as error:
        raise InputError(
            f"{path}: expected numbers in {own.get('rating', 'rating')} and"
            f" {own.get('timestamp', 'timestamp')}: {str(error).splitlines()[0]}"
        ) from error
    except duckdb.Error as error:  # whatever its parser meets
        raise InputError(f"{path}: expected Parquet, got: {str(error).splitlines()[0]}") from error


def _described(connection: duckdb.DuckDBPyConnection, scan: str) -> dict[str, str]:
    """Columns of a query and their types."""
    described = connection.sql(f"DESCRIBE SELECT * FROM {scan}").fetchall()
    return {row[0]: str(row[1]) for row in described}


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _column_types(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    scan: str,
    own: Mapping[str, str],
    columns: Iterable[str],
    *,
    lacking: Collection[str] = (),
) -> dict[str, str]:
    types = _described(connection, scan)
    needed = [name for name in columns if name not in lacking]
    if any(name not in types for name in needed):
        wanted = ", ".join(own.get(name, name) for name in needed)
        got = ", ".join(own.get(name, name.removesuffix(" (other)")) for name in types)
        raise InputError(f"{path}: expected the columns {wanted}; got {got} ({HINT})")
    return types


def _check_filled(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    path: Path,
    own: Mapping[str, str],
    columns: Mapping[str, str],
    required: Sequence[str],
) -> None:
    """Refuse nulls in required columns (of the file, as columns of a table), and no rows at all."""
    counts = ", ".join(f'count("{column}")' for column in columns.values())
    row = first_row(connection, f"SELECT count(*), {counts} FROM {table}")
    assert row is not None, "counts are one row"
    filled = dict(zip(columns, row[1:], strict=True))
    for name in required:
        if filled[name] < row[0]:
            shown = own.get(name, name)
            raise InputError(f"{path}, column {shown}: expected a value in every row, got a null")
    if not row[0]:
        raise InputError(f"{path}: expected at least one row of data, got none")
