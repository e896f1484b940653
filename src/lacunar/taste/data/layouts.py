"""Where a directory keeps its ratings and its films, and how each layout is read.

Every layout ends as the tables of :mod:`lacunar.taste.data.raw_tables`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from lacunar.errors import InputError
from lacunar.taste.data.catalogue import all_whole_numbers
from lacunar.taste.data.column_names import HINT, ColumnNames, read_names
from lacunar.taste.data.delimited import CSV, Dialect, locate
from lacunar.taste.data.duckdb import exists
from lacunar.taste.data.parquet_tables import parquet_items, parquet_ratings
from lacunar.taste.data.raw_tables import LoadItems, LoadRatings
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
    """The files of one data set."""

    ratings: Path
    items: Path
    layout: Layout

    def load(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Create ``raw_ratings`` and ``raw_items`` in the connection."""
        as_text = self._load_ratings(connection, frozenset())
        self.layout.load_items(connection, self.items)
        # A film's id in a rating is compared with the catalogue's letter by letter then.
        if "movieId" not in as_text and not all_whole_numbers(connection, "raw_items", "item_id"):
            self._load_ratings(connection, as_text | {"movieId"})

    def _load_ratings(
        self, connection: duckdb.DuckDBPyConnection, as_text: frozenset[str]
    ) -> frozenset[str]:
        """Load ids as numbers but for some columns; those that had to be text in the end."""
        self.layout.load_ratings(connection, self.ratings, as_text)
        columns = {"userId": "user_id", "movieId": "item_id"}
        odd = {
            name
            for name, column in columns.items()
            if name not in as_text and exists(connection, "raw_ratings", f"{column} IS NULL")
        }
        return self._load_ratings(connection, as_text | odd) if odd else as_text

    def where(
        self, connection: duckdb.DuckDBPyConnection, file: Path, column: str, condition: str
    ) -> str:
        """Name the place of the first row of a file that meets a condition on its columns."""
        of_ratings = file == self.ratings
        dialect = self.layout.ratings if of_ratings else self.layout.items
        if dialect is None:
            own = self.layout.own_ratings if of_ratings else self.layout.own_items
            return f"{file}, column {own.get(column, column)}"
        line = locate(connection, file, dialect, condition)
        return f"{file}, line {line}, column {dialect.shown(column)}"


@dataclass(frozen=True, slots=True)
class Layout:
    """One way of keeping ratings: file names, and how to load them."""

    ratings_name: str
    items_name: str
    load_ratings: LoadRatings
    load_items: LoadItems
    ratings: Dialect | None
    items: Dialect | None
    own_ratings: Mapping[str, str] = field(default_factory=dict)
    own_items: Mapping[str, str] = field(default_factory=dict)


def find_source(directory: Path) -> Source:
    """Find the layout of a data directory.

    Parameters
    ----------
    directory : Path
        Holds ``ratings.csv`` and ``movies.csv``, the same as Parquet (a file or a directory of
        parts), ``ratings.dat`` and ``movies.dat`` with ``::``, or ``u.data`` and ``u.item``; or
        CSV or Parquet files under other names, which a ``ratings.toml`` tells.

    Raises
    ------
    InputError
        If there is no such pair of files, or more than one.
    """
    if not directory.is_dir():
        got = "a file; name its directory" if directory.exists() else "no such directory"
        raise InputError(f"{directory}: expected a directory with ratings, got {got}")
    own = read_names(directory)
    layouts = _LAYOUTS if own is None else _layouts_of(own)
    found = [layout for layout in layouts if (directory / layout.ratings_name).exists()]
    if not found:
        names = ", ".join(dict.fromkeys(layout.ratings_name for layout in layouts))
        raise InputError(f"{directory}: expected one of {names}, got none of them ({HINT})")
    if len(found) > 1:
        names = " and ".join(layout.ratings_name for layout in found)
        raise InputError(f"{directory}: expected one ratings file, got {names}")
    layout = found[0]
    items = directory / layout.items_name
    if not items.exists():
        raise InputError(
            f"{directory}: expected {layout.items_name} beside {layout.ratings_name}, a table of"
            " movieId,title,genres with a row such as 318,The Film (1994),Crime|Drama, since"
            f" tastes are told by genre ({HINT})"
        )
    return Source(directory / layout.ratings_name, items, layout)


def _layouts_of(names: ColumnNames) -> tuple[Layout, ...]:
    """The layouts that files of given names may have."""
    ratings, items = names.ratings, names.items
    of_ratings = Dialect(ratings.separator, quote='"', own=ratings.own)
    of_items = Dialect(items.separator, quote='"', own=items.own)
    found = []
    for suffix in (".csv", ".parquet"):
        ratings_name = ratings.file or f"ratings{suffix}"
        items_name = items.file or f"movies{suffix}"
        columnar, items_columnar = (
            name.endswith(".parquet") for name in (ratings_name, items_name)
        )
        found.append(
            Layout(
                ratings_name,
                items_name,
                parquet_ratings(ratings.own) if columnar else delimited_ratings(of_ratings),
                parquet_items(items.own, items.genre_separator)
                if items_columnar
                else delimited_items(of_items, items.genre_separator),
                None if columnar else of_ratings,
                None if items_columnar else of_items,
                ratings.own,
                items.own,
            )
        )
        if ratings.file:
            break
    return tuple(found)


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
