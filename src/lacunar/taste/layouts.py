"""Where a directory keeps its ratings and its films, and how each layout is read.

Every layout ends as the same two DuckDB relations: ``raw_ratings(user_id, item_id, rating,
timestamp)`` and ``raw_items(item_id, title, genres)``, ``genres`` a list of text. Ids of films are
text; ids in ratings are whole numbers where all of a column are, because text takes several times
the memory, and text otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from lacunar.errors import InputError
from lacunar.taste.catalogue import all_whole_numbers, whole
from lacunar.taste.column_names import HINT, ColumnNames, read_names, renamed
from lacunar.taste.delimited import CSV, Dialect, first_cell, load_delimited, locate
from lacunar.taste.sql import escaped, exists, first_row, quoted

_DOUBLE_COLON_RATINGS = Dialect("::", names=("userId", "movieId", "rating", "timestamp"))
_DOUBLE_COLON_MOVIES = Dialect("::", names=("movieId", "title", "genres"))
_TAB_RATINGS = Dialect("\t", names=("userId", "movieId", "rating", "timestamp"))
_RATING_COLUMNS = {
    "userId": "VARCHAR", "movieId": "VARCHAR", "rating": "DOUBLE", "timestamp": "BIGINT",
}  # fmt: skip
_IDS = frozenset({"userId", "movieId"})
_SECONDS = 'CAST(floor(epoch("timestamp")) AS BIGINT)'
_WIDE_TYPES = frozenset({"BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT"})
_WHOLE_TYPES = _WIDE_TYPES | {
    "TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER",
}  # fmt: skip
_MOVIE_COLUMNS = {"movieId": "VARCHAR", "title": "VARCHAR", "genres": "VARCHAR"}
# The 100k release keeps one 0/1 column per genre, in this order.
_FLAG_GENRES = (
    "unknown", "Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary",
    "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
)  # fmt: skip
_FLAG_MOVIES = Dialect("|", names=("movieId", "title", "release", "video", "url", *_FLAG_GENRES))


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
    load_ratings: Callable[[duckdb.DuckDBPyConnection, Path, frozenset[str]], None]
    load_items: Callable[[duckdb.DuckDBPyConnection, Path], None]
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


def _number(column: str) -> str:
    """SQL expression of an id as a number, null where it is none."""
    text = f'trim("{column}")'
    return f"CASE WHEN {whole(text)} THEN CAST({text} AS BIGINT) END"


def _load_delimited_ratings(
    dialect: Dialect,
) -> Callable[[duckdb.DuckDBPyConnection, Path, frozenset[str]], None]:
    def load(connection: duckdb.DuckDBPyConnection, path: Path, as_text: frozenset[str]) -> None:
        numbers = _IDS - as_text
        stored = {name: _number(name) if name in numbers else f'trim("{name}")' for name in _IDS}
        columns = dict(_RATING_COLUMNS)
        if dialect.names is None and _is_date(first_cell(path, dialect, "timestamp")):
            columns["timestamp"] = "TIMESTAMP"
            stored["timestamp"] = _SECONDS
        load_delimited(
            connection, "raw_ratings", path, dialect, columns,
            optional=numbers, stored=stored, defaults=_without_times(dialect.own),
        )  # fmt: skip
        connection.execute(
            'ALTER TABLE raw_ratings RENAME "userId" TO user_id;'
            'ALTER TABLE raw_ratings RENAME "movieId" TO item_id'
        )

    return load


def _is_date(cell: str | None) -> bool:
    return bool(cell) and not str(cell).lstrip("-").isdigit()


def _without_times(own: Mapping[str, str]) -> dict[str, str]:
    """What stands for a column of times that there is not, unless it was named."""
    return {} if "timestamp" in own else {"timestamp": "CAST(0 AS BIGINT)"}


def _load_delimited_items(
    dialect: Dialect, genre_separator: str = "|"
) -> Callable[[duckdb.DuckDBPyConnection, Path], None]:
    def load(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        load_delimited(connection, "loaded", path, dialect, _MOVIE_COLUMNS, optional={"genres"})
        _keep_items(connection, f"string_split(genres, {quoted(genre_separator)})")

    return load


def _load_flag_items(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    columns = {"movieId": "VARCHAR", "title": "VARCHAR"} | dict.fromkeys(_FLAG_GENRES, "BIGINT")
    load_delimited(connection, "loaded", path, _FLAG_MOVIES, columns)
    flags = ", ".join(f'CASE "{genre}" WHEN 1 THEN {quoted(genre)} END' for genre in _FLAG_GENRES)
    _keep_items(connection, f"[{flags}]")


def _load_parquet_ratings(
    own: Mapping[str, str],
) -> Callable[[duckdb.DuckDBPyConnection, Path, frozenset[str]], None]:
    def load(connection: duckdb.DuckDBPyConnection, path: Path, as_text: frozenset[str]) -> None:
        """Show the files as ``raw_ratings``: what need not be copied takes no memory."""
        with _parquet(connection, path, own) as scan:
            defaults = _without_times(own)
            types = _column_types(connection, path, scan, own, _RATING_COLUMNS, lacking=defaults)
            numbers = _IDS - as_text
            times = types.get("timestamp")
            dated = times is not None and times.startswith(("TIMESTAMP", "DATE"))
            shown = {
                "user_id": _parquet_id("userId", types["userId"], "userId" in numbers),
                "item_id": _parquet_id("movieId", types["movieId"], "movieId" in numbers),
                "rating": 'CAST("rating" AS DOUBLE)',
                "timestamp": defaults["timestamp"] if times is None
                else _SECONDS if dated else 'CAST("timestamp" AS BIGINT)',
            }  # fmt: skip
            columns = ", ".join(f'{sql} AS "{name}"' for name, sql in shown.items())
            connection.execute(
                f"CREATE OR REPLACE VIEW raw_ratings AS SELECT {columns} FROM {scan}"
            )
            required = [name for name in _RATING_COLUMNS if name not in numbers]
            in_view = dict(zip(_RATING_COLUMNS, shown, strict=True))
            _check_filled(connection, "raw_ratings", path, own, in_view, required)

    return load


def _parquet_id(column: str, kind: str, number: bool) -> str:
    if not number:
        return f'trim(CAST("{column}" AS VARCHAR))'
    if kind in _WHOLE_TYPES:
        most = 10**18 - 1
        inside = f'"{column}" BETWEEN -{most} AND {most}' if kind in _WIDE_TYPES else "true"
        return f'CASE WHEN {inside} THEN CAST("{column}" AS BIGINT) END'
    text = f'trim(CAST("{column}" AS VARCHAR))'
    return f"CASE WHEN {whole(text)} THEN CAST({text} AS BIGINT) END"


def _load_parquet_items(
    own: Mapping[str, str], genre_separator: str = "|"
) -> Callable[[duckdb.DuckDBPyConnection, Path], None]:
    def load(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        with _parquet(connection, path, own) as scan:
            types = _column_types(connection, path, scan, own, _MOVIE_COLUMNS)
            connection.execute(
                'CREATE OR REPLACE TABLE loaded AS SELECT CAST("movieId" AS VARCHAR) AS "movieId",'
                f' CAST("title" AS VARCHAR) AS "title", "genres" FROM {scan}'
            )
            names = {"movieId": "movieId", "title": "title"}
            _check_filled(connection, "loaded", path, own, names, list(names))
        split = f"string_split(genres, {quoted(genre_separator)})"
        _keep_items(connection, "genres" if types["genres"].endswith("[]") else split)

    return load


@contextmanager
def _parquet(
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


def _keep_items(connection: duckdb.DuckDBPyConnection, genres: str) -> None:
    connection.execute(
        'CREATE OR REPLACE TABLE raw_items AS SELECT trim("movieId") AS item_id, title,'
        f" {genres} AS genres FROM loaded; DROP TABLE loaded"
    )


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
                _load_parquet_ratings(ratings.own)
                if columnar
                else _load_delimited_ratings(of_ratings),
                _load_parquet_items(items.own, items.genre_separator)
                if items_columnar
                else _load_delimited_items(of_items, items.genre_separator),
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
        _load_delimited_ratings(CSV), _load_delimited_items(CSV), CSV, CSV,
    ),
    Layout(
        "ratings.parquet", "movies.parquet",
        _load_parquet_ratings({}), _load_parquet_items({}), None, None,
    ),
    Layout(
        "ratings.dat", "movies.dat",
        _load_delimited_ratings(_DOUBLE_COLON_RATINGS), _load_delimited_items(_DOUBLE_COLON_MOVIES),
        _DOUBLE_COLON_RATINGS, _DOUBLE_COLON_MOVIES,
    ),
    Layout(
        "u.data", "u.item",
        _load_delimited_ratings(_TAB_RATINGS), _load_flag_items, _TAB_RATINGS, _FLAG_MOVIES,
    ),
)  # fmt: skip
