"""Readers of ratings and films in Parquet, from a file or a directory of files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from lacunar.errors import InputError
from lacunar.taste.data.column_names import HINT, standard_names
from lacunar.taste.data.columnar_tables import (
    Relation,
    column_types,
    create_raw_items_of,
    create_raw_ratings,
    sentence_of_errors,
)
from lacunar.taste.data.duckdb import escaped, quoted, quoted_name
from lacunar.taste.data.raw_tables import (
    MOVIE_COLUMNS,
    RATING_COLUMNS,
    LoadItems,
    LoadRatings,
    default_timestamp,
)


def parquet_ratings(file_columns: Mapping[str, str]) -> LoadRatings:
    """Reader of ratings in Parquet into a view ``raw_ratings``.

    Parameters
    ----------
    file_columns : mapping of str to str
        Lacunar's column names to those of the files. Timestamps may be dates, and their column may
        be missing unless it is named.
    """

    def load(connection: duckdb.DuckDBPyConnection, path: Path, as_text: frozenset[str]) -> None:
        defaults = default_timestamp(file_columns)
        with _relation(
            connection, path, file_columns, RATING_COLUMNS, may_lack=defaults
        ) as relation:
            create_raw_ratings(connection, relation, as_text, defaults)

    return load


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
        with _relation(connection, path, file_columns, MOVIE_COLUMNS) as relation:
            create_raw_items_of(connection, relation, genre_separator)

    return load


@contextmanager
def _relation(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    file_columns: Mapping[str, str],
    columns: Iterable[str],
    *,
    may_lack: Collection[str] = (),
) -> Iterator[Relation]:
    """The rows of a Parquet file or directory; errors of DuckDB become an InputError."""
    pattern = escaped(str(path)) + ("/**/*.parquet" if path.is_dir() else "")
    scan = f"read_parquet({quoted(pattern)})"
    with sentence_of_errors(str(path), "Parquet", file_columns):
        types = column_types(connection, scan)
        if file_columns:
            standard = standard_names(types, file_columns)
            pairs = zip(types, standard, strict=True)
            renamed = ", ".join(f"{quoted_name(name)} AS {quoted_name(to)}" for name, to in pairs)
            scan = f"(SELECT {renamed} FROM {scan})"
            types = dict(zip(standard, types.values(), strict=True))
        needed = [name for name in columns if name not in may_lack]
        if any(name not in types for name in needed):
            wanted = ", ".join(file_columns.get(name, name) for name in needed)
            got = ", ".join(file_columns.get(name, name.removesuffix(" (other)")) for name in types)
            raise InputError(f"{path}: expected the columns {wanted}; got {got} ({HINT})")
        yield Relation(str(path), scan, types, file_columns)
