"""Supported layouts of a data directory: file names, and readers of ratings and films.

Every layout is read into the tables of :mod:`lacunar.taste.data.raw_tables`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from lacunar.aliases import shortened
from lacunar.errors import InputError
from lacunar.taste.data.column_names import (
    HINT,
    NAMES_FILE,
    ColumnNames,
    ItemsNames,
    RatingsNames,
    read_names,
)
from lacunar.taste.data.delimited import locate
from lacunar.taste.data.item_noun import ItemNoun
from lacunar.taste.data.parquet_tables import parquet_items, parquet_ratings
from lacunar.taste.data.raw_tables import (
    LoadItems,
    LoadRatings,
    create_items_of_ratings,
    load_raw_tables,
)
from lacunar.taste.data.spreadsheets import SHEETS
from lacunar.taste.data.text_files import COMPRESSIONS, files_of
from lacunar.taste.data.text_header import Dialect
from lacunar.taste.data.text_tables import (
    delimited_items,
    delimited_ratings,
    load_flag_items,
)
from lacunar.taste.data.times import check_format

_TEXT = (".csv", ".tsv")
#: Suffixes of the tables that are found without a ``ratings.toml``.
_SUFFIXES = (
    *_TEXT,
    *(text + packed for text in _TEXT for packed in COMPRESSIONS),
    ".parquet",
    ".xlsx",
)
_DOUBLE_COLON_RATINGS = Dialect("::", names=("userId", "movieId", "rating", "timestamp"))
_DOUBLE_COLON_MOVIES = Dialect("::", names=("movieId", "title", "genres"))
_TAB_RATINGS = Dialect("\t", names=("userId", "movieId", "rating", "timestamp"))


@dataclass(frozen=True, slots=True)
class Source:
    """The tables of one data set, and their layout.

    Parameters
    ----------
    ratings : Path
        A file, a directory of Parquet files, or a pattern of file names.
    items : Path, optional
        The same for the items; None: they are those of the ratings.
    layout : Layout
    noun : ItemNoun
    """

    ratings: Path
    items: Path | None
    layout: Layout
    noun: ItemNoun

    def load(
        self, connection: duckdb.DuckDBPyConnection, as_text: frozenset[str] = frozenset()
    ) -> bool:
        """Create ``raw_ratings`` and ``raw_items``; whether there are ratings.

        The ids of columns in ``as_text`` are text.
        """
        return load_raw_tables(
            connection,
            lambda as_text: self.layout.load_ratings(connection, self.ratings, as_text),
            lambda: self.load_items(connection),
            as_text,
        )

    def load_items(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Create ``raw_items`` in the connection."""
        if self.items is None:
            create_items_of_ratings(connection)
        else:
            self.layout.load_items(connection, self.items)

    @property
    def ratings_name(self) -> str:
        """Name of the table of ratings, for errors."""
        return str(self.ratings)

    @property
    def items_name(self) -> str:
        """Name of the table of films, for errors."""
        return str(self.items or self.ratings)

    def place_of_rating(self, connection: duckdb.DuckDBPyConnection, condition: str) -> str:
        """File, line and column of the first rating that meets a condition, for an error."""
        dialect, column = self.layout.ratings, "rating"
        if dialect is None:
            return f"{self.ratings}, column {self.layout.rating_columns.get(column, column)}"
        cell = locate(connection, self.ratings, dialect, condition, column, {column: "DOUBLE"})
        return f"{cell}, column {dialect.file_column(column)}"


@dataclass(frozen=True, slots=True)
class Layout:
    """Loaders of one layout, and the dialect of its ratings, which is None for Parquet."""

    load_ratings: LoadRatings
    load_items: LoadItems
    ratings: Dialect | None
    rating_columns: Mapping[str, str] = field(default_factory=dict)


def find_source(directory: Path) -> Source:
    """Find the layout of a data directory.

    Parameters
    ----------
    directory : Path
        Holds ``ratings.csv`` and ``movies.csv``, or the same names with ``.tsv``, ``.xlsx`` or
        ``.parquet`` (a file, or a directory of Parquet files); text may be compressed, such as
        ``ratings.csv.gz``. Or ``ratings.dat`` and ``movies.dat``, separated by ``::``; or
        ``u.data`` and ``u.item``; or files with other names, which a ``ratings.toml`` gives.

    Raises
    ------
    InputError
        If there is no table of ratings, or more than one; or no table of items, although there
        are other tables or a ``ratings.toml`` describes it.
    """
    if not directory.is_dir():
        got = "a file; pass its directory" if directory.exists() else "no such directory"
        raise InputError(f"{directory}: expected a directory with ratings, got {got}")
    named = read_names(directory)
    names = named or ColumnNames()
    standard = [f"ratings{suffix}" for suffix in _SUFFIXES]
    possible = [names.ratings.file] if names.ratings.file else standard
    if named is None:
        possible += _MOVIELENS
    found = [name for name in possible if _exists(directory / name)]
    if not found:
        expected = ", ".join(possible)
        files = sorted(file.name for file in directory.iterdir() if not file.name.startswith("."))
        others = f", but {shortened(', '.join(files), 80)}" if files else ""
        raise InputError(
            f"{directory}: expected one of {expected}, got none of them{others} ({HINT})"
        )
    if len(found) > 1:
        raise InputError(f"{directory}: expected one ratings file, got {' and '.join(found)}")
    ratings_name, noun = found[0], names.items.item_noun
    if ratings_name in _MOVIELENS and named is None:
        items_name, layout = _MOVIELENS[ratings_name]
        if not (directory / items_name).exists():
            raise _no_items(directory, items_name, ratings_name)
        return Source(
            directory / ratings_name, directory / items_name, layout, names.items.item_noun
        )
    found_items = _find_items(directory, ratings_name, names.items)
    try:
        layout = _layout(ratings_name, found_items, names)
    except InputError as error:
        raise InputError(f"{directory / NAMES_FILE}: {error}") from error
    items = None if found_items is None else directory / found_items
    return Source(directory / ratings_name, items, layout, noun)


def _exists(path: Path) -> bool:
    return any(file.exists() for file in files_of(path))


def _find_items(directory: Path, ratings_name: str, names: ItemsNames) -> str | None:
    """Name of the table of items; None if there is none, nor another table that could be it."""
    if names.file:
        if not _exists(directory / names.file):
            raise _no_items(directory, names.file, ratings_name)
        return names.file
    suffix = next((end for end in sorted(_SUFFIXES, key=len) if ratings_name.endswith(end)), ".csv")
    alike = f"movies{suffix}"
    found = [name for name in (f"movies{end}" for end in _SUFFIXES) if (directory / name).exists()]
    if alike in found:
        return alike
    if len(found) > 1:
        raise InputError(f"{directory}: expected one file of items, got {' and '.join(found)}")
    if found:
        return found[0]
    if names.needs_table:
        raise _no_items(directory, alike, ratings_name)
    ratings = files_of(directory / ratings_name)
    others = [
        file.name
        for file in sorted(directory.iterdir())
        if file.name.endswith(_TABLES) and file not in ratings
    ]
    if others:
        raise _no_items(directory, alike, ratings_name, got=f"other tables: {', '.join(others)}")
    return None


def _no_items(
    directory: Path, items_name: str, ratings_name: str, *, got: str = "none"
) -> InputError:
    return InputError(
        f"{directory}: expected {items_name} next to {ratings_name}, since genre"
        " profiles need a table of movieId,title,genres with rows such as"
        f" 318,The Film (1994),Crime|Drama; got {got} ({HINT})"
    )


def _layout(ratings_name: str, items_name: str | None, names: ColumnNames) -> Layout:
    """The layout of tables under the names of a ``ratings.toml``."""
    ratings, items = names.ratings, names.items
    if ratings.timestamp_format:
        try:
            check_format(ratings.timestamp_format)
        except InputError as error:
            raise InputError(f"ratings.timestamp_format: {error}") from error
    of_items = Dialect(
        items.separator or "", quote='"', file_columns=items.file_columns, encoding=items.encoding
    )
    for table, name in (("ratings", ratings_name), ("items", items_name)):
        if name is not None and name.endswith((".parquet", *SHEETS)):
            _check_no_text(table, name, ratings if table == "ratings" else items)
    if items_name is not None and items_name.endswith(".parquet"):
        load_items = parquet_items(items.file_columns, items.genre_separator)
    else:
        load_items = delimited_items(of_items, items.genre_separator)
    columns = ratings.file_columns
    if ratings_name.endswith(".parquet"):
        load_ratings = parquet_ratings(columns, ratings.timestamp_format)
        return Layout(load_ratings, load_items, None, columns)
    of_ratings = Dialect(
        ratings.separator or "",
        quote='"',
        file_columns=columns,
        decimal=ratings.decimal,
        encoding=ratings.encoding,
        timestamp_format=ratings.timestamp_format,
    )
    return Layout(delimited_ratings(of_ratings), load_items, of_ratings, columns)


def _check_no_text(table: str, file: str, names: RatingsNames | ItemsNames) -> None:
    """Raise if a table that is no text has a key for text."""
    default = type(names)()
    for key in ("separator", "decimal", "encoding"):
        value = getattr(names, key, None)
        if value != getattr(default, key, None):
            raise InputError(
                f"{table}.{key}: expected no such key for {file}, since only text has it,"
                f" got {value!r}"
            )


#: Suffixes by which a table is recognised that might be the missing table of items.
_TABLES = (*_SUFFIXES, ".txt", ".txt.gz", ".xls")
#: Table of ratings to the table of items and the layout of MovieLens' older releases.
_MOVIELENS = {
    "ratings.dat": (
        "movies.dat",
        Layout(
            delimited_ratings(_DOUBLE_COLON_RATINGS), delimited_items(_DOUBLE_COLON_MOVIES),
            _DOUBLE_COLON_RATINGS,
        ),
    ),
    "u.data": (
        "u.item", Layout(delimited_ratings(_TAB_RATINGS), load_flag_items, _TAB_RATINGS),
    ),
}  # fmt: skip
