"""Where a directory keeps its ratings and its films, and how each layout is read.

Every layout ends as the same two DuckDB relations: ``raw_ratings(user_id, item_id, rating,
timestamp)`` and ``raw_items(item_id, title, genres)``, ``genres`` a list of text. Ids of films are
text; ids in ratings are whole numbers where all of a column are, because text takes several times
the memory, and text otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from lacunar.errors import InputError
from lacunar.taste.catalogue import all_whole_numbers, whole
from lacunar.taste.delimited import CSV, Dialect, load_delimited, locate
from lacunar.taste.sql import escaped, exists, first_row, quoted

_DOUBLE_COLON_RATINGS = Dialect("::", names=("userId", "movieId", "rating", "timestamp"))
_DOUBLE_COLON_MOVIES = Dialect("::", names=("movieId", "title", "genres"))
_TAB_RATINGS = Dialect("\t", names=("userId", "movieId", "rating", "timestamp"))
_RATING_COLUMNS = {
    "userId": "VARCHAR", "movieId": "VARCHAR", "rating": "DOUBLE", "timestamp": "BIGINT",
}  # fmt: skip
_IDS = frozenset({"userId", "movieId"})
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
        dialect = {self.ratings: self.layout.ratings, self.items: self.layout.items}[file]
        if dialect is None:
            return f"{file}, column {column}"
        return f"{file}, line {locate(connection, file, dialect, condition)}, column {column}"


@dataclass(frozen=True, slots=True)
class Layout:
    """One way of keeping ratings: file names, and how to load them."""

    ratings_name: str
    items_name: str
    load_ratings: Callable[[duckdb.DuckDBPyConnection, Path, frozenset[str]], None]
    load_items: Callable[[duckdb.DuckDBPyConnection, Path], None]
    ratings: Dialect | None
    items: Dialect | None


def find_source(directory: Path) -> Source:
    """Find the layout of a data directory.

    Parameters
    ----------
    directory : Path
        Holds ``ratings.csv`` and ``movies.csv``, the same as Parquet (a file or a directory of
        parts), ``ratings.dat`` and ``movies.dat`` with ``::``, or ``u.data`` and ``u.item``.

    Raises
    ------
    InputError
        If there is no such pair of files, or more than one.
    """
    if not directory.is_dir():
        raise InputError(f"{directory}: expected a directory with ratings, got no such directory")
    found = [layout for layout in _LAYOUTS if (directory / layout.ratings_name).exists()]
    if not found:
        names = ", ".join(layout.ratings_name for layout in _LAYOUTS)
        raise InputError(f"{directory}: expected one of {names}, got none of them")
    if len(found) > 1:
        names = " and ".join(layout.ratings_name for layout in found)
        raise InputError(f"{directory}: expected one ratings file, got {names}")
    layout = found[0]
    items = directory / layout.items_name
    if not items.exists():
        raise InputError(f"{directory}: expected {layout.items_name} beside {layout.ratings_name}")
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
        ids = {name: _number(name) if name in numbers else f'trim("{name}")' for name in _IDS}
        load_delimited(
            connection, "raw_ratings", path, dialect, _RATING_COLUMNS, optional=numbers, stored=ids
        )
        connection.execute(
            'ALTER TABLE raw_ratings RENAME "userId" TO user_id;'
            'ALTER TABLE raw_ratings RENAME "movieId" TO item_id'
        )

    return load


def _load_delimited_items(dialect: Dialect) -> Callable[[duckdb.DuckDBPyConnection, Path], None]:
    def load(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        load_delimited(connection, "loaded", path, dialect, _MOVIE_COLUMNS, optional={"genres"})
        _keep_items(connection, "string_split(genres, '|')")

    return load


def _load_flag_items(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    columns = {"movieId": "VARCHAR", "title": "VARCHAR"} | dict.fromkeys(_FLAG_GENRES, "BIGINT")
    load_delimited(connection, "loaded", path, _FLAG_MOVIES, columns)
    flags = ", ".join(f'CASE "{genre}" WHEN 1 THEN {quoted(genre)} END' for genre in _FLAG_GENRES)
    _keep_items(connection, f"[{flags}]")


def _load_parquet_ratings(
    connection: duckdb.DuckDBPyConnection, path: Path, as_text: frozenset[str]
) -> None:
    """Show the files as ``raw_ratings``: what need not be copied takes no memory."""
    with _parquet(path) as scan:
        types = _column_types(connection, path, scan, tuple(_RATING_COLUMNS))
        numbers = _IDS - as_text
        shown = {
            "user_id": _parquet_id("userId", types["userId"], "userId" in numbers),
            "item_id": _parquet_id("movieId", types["movieId"], "movieId" in numbers),
            "rating": 'CAST("rating" AS DOUBLE)',
            "timestamp": 'CAST("timestamp" AS BIGINT)',
        }
        columns = ", ".join(f'{sql} AS "{name}"' for name, sql in shown.items())
        connection.execute(f"CREATE OR REPLACE VIEW raw_ratings AS SELECT {columns} FROM {scan}")
        required = [name for name in _RATING_COLUMNS if name not in numbers]
        _check_filled(
            connection,
            "raw_ratings",
            path,
            dict(zip(_RATING_COLUMNS, shown, strict=True)),
            required,
        )


def _parquet_id(column: str, kind: str, number: bool) -> str:
    if not number:
        return f'trim(CAST("{column}" AS VARCHAR))'
    if kind in _WHOLE_TYPES:
        most = 10**18 - 1
        inside = f'"{column}" BETWEEN -{most} AND {most}' if kind in _WIDE_TYPES else "true"
        return f'CASE WHEN {inside} THEN CAST("{column}" AS BIGINT) END'
    text = f'trim(CAST("{column}" AS VARCHAR))'
    return f"CASE WHEN {whole(text)} THEN CAST({text} AS BIGINT) END"


def _load_parquet_items(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    with _parquet(path) as scan:
        types = _column_types(connection, path, scan, tuple(_MOVIE_COLUMNS))
        connection.execute(
            'CREATE OR REPLACE TABLE loaded AS SELECT CAST("movieId" AS VARCHAR) AS "movieId",'
            f' CAST("title" AS VARCHAR) AS "title", "genres" FROM {scan}'
        )
        names = {"movieId": "movieId", "title": "title"}
        _check_filled(connection, "loaded", path, names, list(names))
    is_list = types["genres"].endswith("[]")
    _keep_items(connection, "genres" if is_list else "string_split(genres, '|')")


@contextmanager
def _parquet(path: Path) -> Iterator[str]:
    """SQL that reads a Parquet file or directory; what goes wrong with it told in a sentence."""
    parts = escaped(str(path)) + ("/**/*.parquet" if path.is_dir() else "")
    try:
        yield f"read_parquet({quoted(parts)})"
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.ConversionException as error:
        raise InputError(
            f"{path}: expected numbers in rating and timestamp: {str(error).splitlines()[0]}"
        ) from error
    except duckdb.Error as error:  # whatever its parser meets
        raise InputError(f"{path}: expected Parquet, got: {str(error).splitlines()[0]}") from error


def _column_types(
    connection: duckdb.DuckDBPyConnection, path: Path, scan: str, columns: tuple[str, ...]
) -> dict[str, str]:
    described = connection.sql(f"DESCRIBE SELECT * FROM {scan}").fetchall()
    types = {row[0]: str(row[1]) for row in described}
    if any(name not in types for name in columns):
        raise InputError(
            f"{path}: expected the columns {', '.join(columns)}; got {', '.join(types)}"
        )
    return types


def _check_filled(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    path: Path,
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
            raise InputError(f"{path}, column {name}: expected a value in every row, got a null")
    if not row[0]:
        raise InputError(f"{path}: expected at least one row of data, got none")


def _keep_items(connection: duckdb.DuckDBPyConnection, genres: str) -> None:
    connection.execute(
        'CREATE OR REPLACE TABLE raw_items AS SELECT trim("movieId") AS item_id, title,'
        f" {genres} AS genres FROM loaded; DROP TABLE loaded"
    )


_LAYOUTS = (
    Layout(
        "ratings.csv", "movies.csv",
        _load_delimited_ratings(CSV), _load_delimited_items(CSV), CSV, CSV,
    ),
    Layout(
        "ratings.parquet", "movies.parquet",
        _load_parquet_ratings, _load_parquet_items, None, None,
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
