"""Reader of frames of ratings and items, with optional columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import duckdb
import pyarrow as pa

from lacunar.aliases import shortened
from lacunar.errors import InputError
from lacunar.frames import FrameKind, frame_to_arrow
from lacunar.taste.data.columnar_tables import (
    Relation,
    column_types,
    create_raw_items_of,
    create_raw_ratings,
    first_row_number,
    sentence_of_errors,
)
from lacunar.taste.data.item_noun import ItemNoun, noun_of_column
from lacunar.taste.data.raw_tables import IDS, create_items_of_ratings, load_raw_tables

_RATINGS, _ITEMS = "the frame `source`", "the frame `items`"
_EXPECTED = "columns of numbers, text, dates or lists of text"


@dataclass(frozen=True, slots=True)
class FrameColumns:
    """Column names of the frames of ratings and items.

    Parameters
    ----------
    user, item : str
        Columns of ids; ``item`` is the name in both frames.
    rating, timestamp : str, optional
        Columns of the ratings. A column with the default name may be missing; None: do not use it.
    title, genres, year : str, optional
        Columns of the items, with the same rules. Without ``year``, the year is the one in
        brackets at the end of the title.
    genre_separator : str
        Separator of the genres in a cell of text.
    """

    user: str = "userId"
    item: str = "movieId"
    rating: str | None = "rating"
    timestamp: str | None = "timestamp"
    title: str | None = "title"
    genres: str | None = "genres"
    year: str | None = None
    genre_separator: str = "|"

    @property
    def of_ratings(self) -> dict[str, str | None]:
        """Lacunar's column names, mapped to those of the frame of ratings."""
        return {
            "userId": self.user, "movieId": self.item, "rating": self.rating,
            "timestamp": self.timestamp,
        }  # fmt: skip

    @property
    def of_items(self) -> dict[str, str | None]:
        """Lacunar's column names, mapped to those of the frame of items."""
        return {
            "movieId": self.item, "title": self.title, "genres": self.genres, "year": self.year,
        }  # fmt: skip


_DEFAULTS = FrameColumns()
#: Arguments of ``read_ratings`` that name the columns.
_ARGUMENTS = {"userId": "user", "movieId": "item"}


@dataclass(frozen=True, slots=True)
class FrameSource:
    """Frames of ratings and items as Arrow tables with Lacunar's column names.

    Parameters
    ----------
    ratings : pyarrow.Table
        ``userId``, ``movieId``, and, if the frame has them, ``rating`` and ``timestamp``.
    items : pyarrow.Table, optional
        ``movieId``, and, if the frame has them, ``title``, ``genres`` and ``year``.
    columns : FrameColumns
    kind : {"pandas", "polars", "pyarrow"}
        The library of the frame of ratings.
    """

    ratings: pa.Table
    items: pa.Table | None
    columns: FrameColumns
    kind: FrameKind

    @property
    def ratings_name(self) -> str:
        """Name of the table of ratings, for errors."""
        return _RATINGS

    @property
    def items_name(self) -> str:
        """Name of the table of items, for errors."""
        return _ITEMS

    @property
    def noun(self) -> ItemNoun:
        """The noun for the items."""
        return noun_of_column(self.columns.item)

    def load(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Create ``raw_ratings`` and ``raw_items`` in the connection; whether there are ratings.

        Columns of text stay text, even if all ids are numbers.
        """
        relation = self._relation(
            connection, "frame_ratings", self.ratings, _RATINGS, self.columns.of_ratings
        )
        as_text = frozenset(
            name for name in IDS if relation.types[name].startswith(("VARCHAR", "ENUM"))
        )
        with sentence_of_errors(_RATINGS, _EXPECTED, relation.source_columns):
            return load_raw_tables(
                connection,
                partial(create_raw_ratings, connection, relation),
                partial(self._load_items, connection),
                as_text,
            )

    def place_of_rating(self, connection: duckdb.DuckDBPyConnection, condition: str) -> str:
        """Frame, row and column of the first rating that meets a condition, for an error."""
        row = first_row_number(connection, "raw_ratings", condition)
        return f"{_RATINGS}, row {row}, column {self.columns.rating}"

    def _load_items(self, connection: duckdb.DuckDBPyConnection) -> None:
        if self.items is None:
            create_items_of_ratings(connection)
            return
        relation = self._relation(
            connection, "frame_items", self.items, _ITEMS, self.columns.of_items
        )
        with sentence_of_errors(_ITEMS, _EXPECTED, relation.source_columns):
            create_raw_items_of(connection, relation, self.columns.genre_separator)

    @staticmethod
    def _relation(
        connection: duckdb.DuckDBPyConnection,
        table: str,
        rows: pa.Table,
        name: str,
        columns: Mapping[str, str | None],
    ) -> Relation:
        source_columns = {to: theirs for to, theirs in columns.items() if theirs is not None}
        with sentence_of_errors(name, _EXPECTED, source_columns):
            connection.register(table, rows)
            types = column_types(connection, table)
            return Relation(name, table, types, source_columns, has_row_numbers=True)


def frame_source(source: Any, items: Any | None, columns: FrameColumns) -> FrameSource:
    """Take the named columns of frames.

    Parameters
    ----------
    source : frame of ratings
    items : frame, optional
        By default, the items are those of the ratings.
    columns : FrameColumns

    Raises
    ------
    InputError
        If a column is missing or occurs twice, or is named for two purposes.
    """
    if items is None:
        for role in ("title", "genres", "year"):
            if getattr(columns, role) not in {None, getattr(_DEFAULTS, role)}:
                raise InputError(
                    "expected `items`, the frame with this column, got none", field=role
                )
    if not columns.genre_separator:
        raise InputError("expected at least one character, got ''", field="genre_separator")
    ratings, kind = _take(source, "source", _RATINGS, columns.of_ratings)
    catalogue = None if items is None else _take(items, "items", _ITEMS, columns.of_items)[0]
    return FrameSource(ratings, catalogue, columns, kind)


def _take(
    frame: Any, argument: str, name: str, columns: Mapping[str, str | None]
) -> tuple[pa.Table, FrameKind]:
    """The columns of a frame that are named, under Lacunar's names."""
    import narwhals as nw

    wanted = {to: theirs for to, theirs in columns.items() if theirs is not None}
    for to, theirs in wanted.items():
        if not isinstance(theirs, str):
            raise InputError(
                f"expected the name of a column as text, got {theirs!r}", field=_argument(to)
            )
    if len(set(wanted.values())) < len(wanted):
        raise InputError(
            f"{name}: expected a different column for each of"
            f" {', '.join(_argument(to) for to in wanted)};"
            f" got {', '.join(map(repr, wanted.values()))}"
        )
    names, wrapped = _open(frame, argument, name)
    counts = Counter(names)
    _check_repeated(name, [theirs for theirs in wanted.values() if counts[theirs] > 1])
    defaults = _DEFAULTS.of_ratings | _DEFAULTS.of_items
    optional = {to for to in wanted if to not in IDS and wanted[to] == defaults[to]}
    missing = [to for to, theirs in wanted.items() if not counts[theirs] and to not in optional]
    if missing:
        needed = [theirs for to, theirs in wanted.items() if to not in optional]
        got = shortened(", ".join(map(str, names)), 200) or "no columns"
        arguments = ", ".join(f"`{_argument(to)}`" for to in missing)
        raise InputError(
            f"{name}: expected the columns {', '.join(needed)}; got {got}"
            f" (pass other names as {arguments})"
        )
    present = {to: theirs for to, theirs in wanted.items() if counts[theirs]}
    # Other columns may hold anything: only the named ones are converted.
    narrow = nw.to_native(wrapped.select(list(present.values())))
    table, kind = frame_to_arrow(narrow, argument=argument)
    return table.select(list(present.values())).rename_columns(list(present)), kind


def _argument(column: str) -> str:
    return _ARGUMENTS.get(column, column)


def _open(frame: Any, argument: str, name: str) -> tuple[list[Any], Any]:
    """Column names of a frame, some perhaps repeated, and the frame in narwhals."""
    import narwhals as nw

    try:
        wrapped = nw.from_native(frame, pass_through=True)
    except nw.exceptions.DuplicateError:
        counts = Counter(_names(frame))
        _check_repeated(name, [column for column, n in counts.items() if n > 1])
        raise
    if isinstance(wrapped, nw.LazyFrame):
        return list(wrapped.collect_schema().names()), wrapped
    if isinstance(wrapped, nw.DataFrame):
        return _names(frame), wrapped
    directory = "a directory, or " if argument == "source" else ""
    raise InputError(
        f"expected {directory}a frame of pandas, Polars, PyArrow or DuckDB,"
        f" got {type(frame).__name__}",
        field=argument,
    )


def _names(frame: Any) -> list[Any]:
    # The columns of PyArrow are arrays.
    return list(getattr(frame, "column_names", None) or frame.columns)


def _check_repeated(name: str, repeated: Sequence[Any]) -> None:
    if repeated:
        raise InputError(f"{name}: expected each column once, got {repeated[0]!r} twice")
