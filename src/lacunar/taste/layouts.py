"""Where a directory keeps its ratings and its films, and how each layout is read.

Every layout ends as the same two DuckDB tables: ``raw_ratings(user_id, item_id, rating,
timestamp)`` and ``raw_items(item_id, title, genres)``, ids as text, ``genres`` a list of text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from lacunar.errors import InputError
from lacunar.taste.delimited import CSV, Dialect, load_delimited, locate
from lacunar.taste.sql import exists, quoted

_DOUBLE_COLON_RATINGS = Dialect("::", names=("userId", "movieId", "rating", "timestamp"))
_DOUBLE_COLON_MOVIES = Dialect("::", names=("movieId", "title", "genres"))
_TAB_RATINGS = Dialect("\t", names=("userId", "movieId", "rating", "timestamp"))
_RATING_COLUMNS = {
    "userId": "VARCHAR", "movieId": "VARCHAR", "rating": "DOUBLE", "timestamp": "BIGINT",
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
        self.layout.load_ratings(connection, self.ratings)
        self.layout.load_items(connection, self.items)

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
    load_ratings: Callable[[duckdb.DuckDBPyConnection, Path], None]
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


def _load_delimited_ratings(
    dialect: Dialect,
) -> Callable[[duckdb.DuckDBPyConnection, Path], None]:
    def load(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        load_delimited(connection, "loaded", path, dialect, _RATING_COLUMNS)
        _keep_ratings(connection)

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


def _load_parquet_ratings(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    _load_parquet(connection, path, _RATING_COLUMNS)
    _keep_ratings(connection)


def _load_parquet_items(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    types = _load_parquet(connection, path, _MOVIE_COLUMNS | {"genres": ""}, optional={"genres"})
    is_list = types["genres"].endswith("[]")
    _keep_items(connection, "genres" if is_list else "string_split(genres, '|')")


def _load_parquet(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    columns: dict[str, str],
    optional: frozenset[str] | set[str] = frozenset(),
) -> dict[str, str]:
    """Create ``loaded`` from a Parquet file or directory; the types its columns had."""
    scan = f"read_parquet({quoted(str(path / '**/*.parquet' if path.is_dir() else path))})"
    try:
        described = connection.sql(f"DESCRIBE SELECT * FROM {scan}").fetchall()
        types = {row[0]: str(row[1]) for row in described}
        missing = [name for name in columns if name not in types]
        if missing:
            raise InputError(
                f"{path}: expected the columns {', '.join(columns)}; got {', '.join(types)}"
            )
        picked = ", ".join(
            f'CAST("{name}" AS {kind}) AS "{name}"' if kind else f'"{name}"'
            for name, kind in columns.items()
        )
        connection.execute(f"CREATE OR REPLACE TABLE loaded AS SELECT {picked} FROM {scan}")
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise InputError(f"{path}: expected Parquet, got: {str(error).splitlines()[0]}") from error
    except duckdb.ConversionException as error:
        raise InputError(
            f"{path}: expected numbers in rating and timestamp: {str(error).splitlines()[0]}"
        ) from error
    for name in columns:
        if name not in optional and exists(connection, "loaded", f'"{name}" IS NULL'):
            raise InputError(f"{path}, column {name}: expected a value in every row, got a null")
    if not exists(connection, "loaded"):
        raise InputError(f"{path}: expected at least one row of data, got none")
    return types


def _keep_ratings(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        'CREATE OR REPLACE TABLE raw_ratings AS SELECT trim("userId") AS user_id,'
        ' trim("movieId") AS item_id, rating, "timestamp" FROM loaded; DROP TABLE loaded'
    )


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
