"""Readers of ratings and films in Parquet, from files or a directory of files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from lacunar.errors import InputError
from lacunar.taste.data.column_names import HINT, check_absent, standard_names
from lacunar.taste.data.columnar_tables import (
    Relation,
    column_types,
    create_raw_items_of,
    create_raw_ratings,
    sentence_of_errors,
)
from lacunar.taste.data.duckdb import escaped, quoted, quoted_name
from lacunar.taste.data.raw_tables import IDS, MOVIE_COLUMNS, RATING_COLUMNS, LoadItems, LoadRatings
from lacunar.taste.data.text_files import files_of


def parquet_ratings(file_columns: Mapping[str, str], timestamp_format: str = "") -> LoadRatings:
    """Reader of ratings in Parquet into a view ``raw_ratings``.

    Parameters
    ----------
    file_columns : mapping of str to str
        Lacunar's column names to those of the files, where they are named; an empty name: no
        column. The columns of ratings and timestamps may be missing unless they are named.
    timestamp_format : str
        Format of timestamps in text; empty: seconds or ISO dates.
    """

    def load(connection: duckdb.DuckDBPyConnection, path: Path, as_text: frozenset[str]) -> bool:
        with _relation(connection, path, file_columns, RATING_COLUMNS) as relation:
            return create_raw_ratings(connection, relation, as_text, timestamp_format)

    return load


def parquet_items(file_columns: Mapping[str, str], genre_separator: str = "|") -> LoadItems:
    """Reader of films in Parquet into a table ``raw_items``.

    Parameters
    ----------
    file_columns : mapping of str to str
        As in :func:`parquet_ratings`, for titles, genres and years.
    genre_separator : str
        Separator of the genres of a film, if they are text; they may also be lists.
    """

    def load(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        with _relation(connection, path, file_columns, MOVIE_COLUMNS) as relation:
            create_raw_items_of(connection, relation, genre_separator)

    return load


@contextmanager
def _relation(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    file_columns: Mapping[str, str],
    columns: Iterable[str],
) -> Iterator[Relation]:
    """The rows of Parquet files or a directory; errors of DuckDB become an InputError."""
    patterns = [
        escaped(str(file)) + ("/**/*.parquet" if file.is_dir() else "") for file in files_of(path)
    ]
    scan = f"read_parquet([{', '.join(map(quoted, patterns))}])"
    named = {name: theirs for name, theirs in file_columns.items() if theirs}
    with sentence_of_errors(str(path), "Parquet", named):
        types = column_types(connection, scan)
        if file_columns:
            standard = standard_names(types, file_columns)
            pairs = zip(types, standard, strict=True)
            renamed = ", ".join(f"{quoted_name(name)} AS {quoted_name(to)}" for name, to in pairs)
            scan = f"(SELECT {renamed} FROM {scan})"
            types = dict(zip(standard, types.values(), strict=True))
        wanted = dict.fromkeys([*columns, *named])
        needed = [name for name in wanted if name in named or name in IDS]
        if any(name not in types for name in needed):
            expected = ", ".join(named.get(name, name) for name in needed)
            got = ", ".join(named.get(name, name.removesuffix(" (other)")) for name in types)
            raise InputError(f"{path}: expected the columns {expected}; got {got} ({HINT})")
        absent = [name for name in wanted if name not in types and name not in file_columns]
        others = {
            name: kind in _NUMBERS or kind.startswith("DECIMAL")
            for name, kind in types.items()
            if name not in wanted and not name.endswith(" (other)") and not name.startswith("__")
        }
        check_absent(str(path), absent, others)
        yield Relation(str(path), scan, types, named)


_NUMBERS = frozenset({
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
    "UBIGINT", "FLOAT", "DOUBLE",
})  # fmt: skip
