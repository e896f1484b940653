"""Supported layouts of a data directory: file names, and readers of ratings and films.

Every layout is read into the tables of :mod:`lacunar.taste.data.raw_tables`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from lacunar.errors import InputError
from lacunar.taste.data.catalogue import YEAR_OF_TITLE
from lacunar.taste.data.column_names import HINT, ColumnNames, read_names
from lacunar.taste.data.delimited import CSV, Dialect, locate
from lacunar.taste.data.item_noun import FILM, ItemNoun
from lacunar.taste.data.parquet_tables import parquet_items, parquet_ratings
from lacunar.taste.data.raw_tables import (
    NO_ITEMS,
    LoadItems,
    LoadRatings,
    load_raw_tables,
)
from lacunar.taste.data.text_tables import (
    FLAG_MOVIES,
    delimited_items,
    delimited_ratings,
    load_flag_items,
)

_DOUBLE_COLON_RATINGS = Dialect("::", names=("userId", "movieId", "rating", "timestamp"))
_DOUBLE_COLON_MOVIES = Dialect("::", names=("movieId", "title", "genres"))
_TAB_RATINGS = Dialect("\t", names=("userId", "movieId", "rating", "timestamp"))


@dataclass(frozen=True, slots=True)
class Source:
    """The files of one data set, and their layout."""

    ratings: Path
    items: Path
    layout: Layout
    noun: ItemNoun

    def load(
        self, connection: duckdb.DuckDBPyConnection, as_text: frozenset[str] = frozenset()
    ) -> None:
        """Create ``raw_ratings`` and ``raw_items``; the ids of columns in ``as_text`` are text."""
        load_raw_tables(
            connection,
            lambda as_text: self.layout.load_ratings(connection, self.ratings, as_text),
            lambda: self._load_items(connection),
            as_text,
        )

    def _load_items(self, connection: duckdb.DuckDBPyConnection) -> None:
        if self.items.exists():
            self.layout.load_items(connection, self.items)
        else:
            connection.execute(NO_ITEMS)

    @property
    def ratings_name(self) -> str:
        """Name of the table of ratings, for errors."""
        return str(self.ratings)

    @property
    def items_name(self) -> str:
        """Name of the table of films, for errors."""
        return str(self.items)

    @property
    def year(self) -> str:
        """SQL of an item's year."""
        return YEAR_OF_TITLE

    def place_of_rating(self, connection: duckdb.DuckDBPyConnection, condition: str) -> str:
        """File, line and column of the first rating that meets a condition, for an error."""
        return self.where(connection, self.ratings, "rating", condition)

    def where(
        self, connection: duckdb.DuckDBPyConnection, file: Path, column: str, condition: str
    ) -> str:
        """File, line and column of the first row that meets a condition, for an error."""
        of_ratings = file == self.ratings
        dialect = self.layout.ratings if of_ratings else self.layout.items
        if dialect is None:
            names = self.layout.rating_columns if of_ratings else self.layout.item_columns
            return f"{file}, column {names.get(column, column)}"
        line = locate(connection, file, dialect, condition)
        return f"{file}, line {line}, column {dialect.file_column(column)}"


@dataclass(frozen=True, slots=True)
class Layout:
    """File names, loaders and dialects of one layout; a dialect is None for Parquet."""

    ratings_name: str
    items_name: str
    load_ratings: LoadRatings
    load_items: LoadItems
    ratings: Dialect | None
    items: Dialect | None
    rating_columns: Mapping[str, str] = field(default_factory=dict)
    item_columns: Mapping[str, str] = field(default_factory=dict)


def find_source(directory: Path, *, needs_items: bool = True) -> Source:
    """Find the layout of a data directory.

    Parameters
    ----------
    directory : Path
        Holds one of these pairs: ``ratings.csv`` and ``movies.csv``; ``ratings.parquet`` and
        ``movies.parquet`` (each a file, or a directory of Parquet files); ``ratings.dat`` and
        ``movies.dat``, separated by ``::``; ``u.data`` and ``u.item``; or CSV or Parquet files
        with other names, which a ``ratings.toml`` gives.
    needs_items : bool
        Whether the table of films may not be missing.

    Raises
    ------
    InputError
        If there is no such pair of files, or more than one.
    """
    if not directory.is_dir():
        got = "a file; pass its directory" if directory.exists() else "no such directory"
        raise InputError(f"{directory}: expected a directory with ratings, got {got}")
    names_file = read_names(directory)
    layouts = _LAYOUTS if names_file is None else _custom_layouts(names_file)
    found = [layout for layout in layouts if (directory / layout.ratings_name).exists()]
    if not found:
        names = ", ".join(dict.fromkeys(layout.ratings_name for layout in layouts))
        raise InputError(f"{directory}: expected one of {names}, got none of them ({HINT})")
    if len(found) > 1:
        names = " and ".join(layout.ratings_name for layout in found)
        raise InputError(f"{directory}: expected one ratings file, got {names}")
    layout = found[0]
    items = directory / layout.items_name
    if needs_items and not items.exists():
        raise InputError(
            f"{directory}: expected {layout.items_name} next to {layout.ratings_name}, since genre"
            " profiles need a table of movieId,title,genres with rows such as"
            f" 318,The Film (1994),Crime|Drama; got none ({HINT})"
        )
    noun = FILM if names_file is None else names_file.items.item_noun
    return Source(directory / layout.ratings_name, items, layout, noun)


def _custom_layouts(names: ColumnNames) -> tuple[Layout, ...]:
    """The layouts possible under the names of a ``ratings.toml``."""
    ratings, items = names.ratings, names.items
    of_ratings = Dialect(ratings.separator, quote='"', file_columns=ratings.file_columns)
    of_items = Dialect(items.separator, quote='"', file_columns=items.file_columns)
    layouts = []
    for suffix in (".csv", ".parquet"):
        ratings_name = ratings.file or f"ratings{suffix}"
        items_name = items.file or f"movies{suffix}"
        parquet, items_parquet = (name.endswith(".parquet") for name in (ratings_name, items_name))
        layouts.append(
            Layout(
                ratings_name,
                items_name,
                parquet_ratings(ratings.file_columns) if parquet else delimited_ratings(of_ratings),
                parquet_items(items.file_columns, items.genre_separator)
                if items_parquet
                else delimited_items(of_items, items.genre_separator),
                None if parquet else of_ratings,
                None if items_parquet else of_items,
                ratings.file_columns,
                items.file_columns,
            )
        )
        if ratings.file:
            break
    return tuple(layouts)


_LAYOUTS = (
    Layout(
        "ratings.csv", "movies.csv",
        delimited_ratings(CSV), delimited_items(CSV), CSV, CSV,
    ),
    Layout(
        "ratings.parquet", "movies.parquet",
        parquet_ratings({}), parquet_items({}), None, None,
    ),
    Layout(
        "ratings.dat", "movies.dat",
        delimited_ratings(_DOUBLE_COLON_RATINGS), delimited_items(_DOUBLE_COLON_MOVIES),
        _DOUBLE_COLON_RATINGS, _DOUBLE_COLON_MOVIES,
    ),
    Layout(
        "u.data", "u.item",
        delimited_ratings(_TAB_RATINGS), load_flag_items, _TAB_RATINGS, FLAG_MOVIES,
    ),
)  # fmt: skip
