"""A ratings log, cleaned and coded: every later step works on positions, not on raw ids."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.taste.layouts import Source, find_source
from lacunar.taste.sql import exists, first_row, quoted

NO_GENRES = "(no genres listed)"
# "Title (1994)"; a series may name its years, "(2006-2011)" or "(2006-)", with either dash.
_YEAR = "\\((\\d{4})(?:[-\u2013]\\d{0,4})?\\)\\s*$"


@dataclass(frozen=True, slots=True)
class RatingScale:
    """The ratings that are allowed: ``minimum`` to ``maximum`` in steps of ``step``.

    Examples
    --------
    >>> RatingScale.parse("1:10:1")
    RatingScale(minimum=1.0, maximum=10.0, step=1.0)
    """

    minimum: float = 0.5
    maximum: float = 5.0
    step: float = 0.5

    @classmethod
    def parse(cls, text: str) -> RatingScale:
        """Read ``MIN:MAX`` or ``MIN:MAX:STEP``; the step is 0.5 where it is not named."""
        try:
            parts = [float(part) for part in text.split(":")]
            scale = cls(*parts) if len(parts) in {2, 3} else None
        except ValueError:
            scale = None
        finite = scale is not None and all(map(math.isfinite, parts))
        if scale is None or not (finite and scale.minimum < scale.maximum and scale.step > 0):
            raise InputError(f"expected a rating scale MIN:MAX or MIN:MAX:STEP, got {text!r}")
        return scale

    def allows(self, rating: float) -> bool:
        """Whether a rating is one of the scale's."""
        steps = (rating - self.minimum) / self.step
        return self.minimum <= rating <= self.maximum and abs(steps - round(steps)) <= 1e-9

    def __str__(self) -> str:
        return f"{self.minimum:g} to {self.maximum:g} in steps of {self.step:g}"


@dataclass(frozen=True, slots=True)
class Intake:
    """What reading a log found and left out; every report repeats it.

    Parameters
    ----------
    rows : int
        Rows of the ratings file.
    repeated : int
        Rows that a later rating of the same film by the same user replaced.
    unknown_item_rows, unknown_items : int
        Rows left out, and distinct films they named, because the catalogue lacks the film.
    dropped_users : int
        Users who had only such rows.
    step : float
        Step of the ratings that were seen: 1 where all are whole numbers, else the scale's.
    """

    rows: int
    repeated: int
    unknown_item_rows: int
    unknown_items: int
    dropped_users: int
    step: float


@dataclass(frozen=True)
class Ratings:
    """Ratings of U users on I films with G genres.

    Parameters
    ----------
    users : pyarrow.Array of length U
        User ids in ascending order, whole numbers or text.
    items : pyarrow.Table of I rows
        ``item_id``, ``title``, ``year`` (null where the title names none), in order of id.
    genres : tuple of str
        Genre names in alphabetical order.
    item_genres : pyarrow.Table
        ``item``, ``genre``: positions, one row per film and genre.
    log : pyarrow.Table
        ``user``, ``item`` (positions), ``rating``, ``timestamp`` (seconds since 1970), one row
        per pair, in order of user and item.
    scale : RatingScale
    intake : Intake
    """

    users: pa.Array
    items: pa.Table
    genres: tuple[str, ...]
    item_genres: pa.Table
    log: pa.Table
    scale: RatingScale
    intake: Intake

    @property
    def n_users(self) -> int:
        return len(self.users)

    @property
    def n_items(self) -> int:
        return int(self.items.num_rows)

    @cached_property
    def user(self) -> NDArray[np.int32]:
        return np.asarray(self.log["user"])

    @cached_property
    def item(self) -> NDArray[np.int32]:
        return np.asarray(self.log["item"])

    @cached_property
    def rating(self) -> NDArray[np.float64]:
        return np.asarray(self.log["rating"])

    @cached_property
    def user_starts(self) -> NDArray[np.intp]:
        """Where each user's rows begin in the log, and at the end where the last one's stop."""
        return np.searchsorted(self.user, np.arange(self.n_users + 1))

    @cached_property
    def years(self) -> NDArray[np.float64]:
        """Year of release of each film, shape (I,); NaN where the title names none."""
        return np.asarray(self.items["year"].to_numpy().astype(np.float64))

    @cached_property
    def genre_matrix(self) -> sp.csr_array:
        """Which film has which genre: ones, shape (I, G)."""
        item, genre = (self.item_genres[name].to_numpy() for name in ("item", "genre"))
        shape = (self.n_items, len(self.genres))
        return sp.csr_array((np.ones(len(item)), (item, genre)), shape=shape)

    @cached_property
    def genre_shares(self) -> sp.csr_array:
        """Genres of each film as shares that sum to 1, shape (I, G)."""
        genres = self.genre_matrix
        return sp.csr_array(genres.multiply(1 / genres.sum(axis=1)[:, np.newaxis]))

    @cached_property
    def ratings_per_item(self) -> NDArray[np.int64]:
        """How many users rated each film, shape (I,)."""
        return np.asarray(np.bincount(self.item, minlength=self.n_items))

    def rows_of(self, user: int) -> slice:
        """Rows of the log that belong to the user at a position."""
        return slice(int(self.user_starts[user]), int(self.user_starts[user + 1]))

    def has_user(self, user_id: str) -> bool:
        """Whether somebody has an id given as text."""
        return user_id.strip() in self._positions

    def user_position(self, user_id: str) -> int:
        """Position of a user given as text, as on a command line.

        Raises
        ------
        InputError
            If nobody has that id.
        """
        position = self._positions.get(user_id.strip())
        if position is None:
            raise InputError(
                f"expected the id of one of {self.n_users} users, such as {self.users[0]},"
                f" got {user_id!r}"
            )
        return position

    def item_position(self, item_id: str) -> int:
        """Position of a film given as text, as on a command line.

        Raises
        ------
        InputError
            If no film has that id.
        """
        position = self._item_positions.get(item_id.strip())
        if position is None:
            raise InputError(
                f"expected the id of one of {self.n_items} films, such as "
                f"{self.items['item_id'][0]}, got {item_id!r}"
            )
        return position

    @cached_property
    def _item_positions(self) -> dict[str, int]:
        return {str(item_id): i for i, item_id in enumerate(self.items["item_id"].to_pylist())}

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {str(user_id): i for i, user_id in enumerate(self.users.to_pylist())}


def read_ratings(directory: Path, *, scale: RatingScale | None = None) -> Ratings:
    """Read a data directory in one of the MovieLens layouts.

    Of repeated (user, film) pairs the latest timestamp counts, and the higher rating where
    the timestamps are equal too, so the order of rows never matters. Ratings of films that the
    catalogue lacks are counted and left out. A film without a genre has the genre
    ``(no genres listed)``.

    Parameters
    ----------
    directory : Path
        See :func:`lacunar.taste.layouts.find_source`.
    scale : RatingScale, optional
        Half a star to five stars unless named.

    Raises
    ------
    InputError
        With the file, line and column of the first thing that is wrong.
    """
    scale = scale or RatingScale()
    source = find_source(directory)
    with duckdb.connect() as connection:
        source.load(connection)
        _check_scale(connection, source, scale)
        _code_items(connection, source)
        intake = _code_log(connection, source, scale)
        return Ratings(
            users=_column(connection, "SELECT user_id FROM users ORDER BY user"),
            items=_table(connection, "SELECT item_id, title, year FROM items ORDER BY item"),
            genres=tuple(_column(connection, "SELECT name FROM genres ORDER BY genre").to_pylist()),
            item_genres=_table(connection, "SELECT item, genre FROM item_genres ORDER BY ALL"),
            log=_table(connection, "SELECT * FROM log ORDER BY user, item"),
            scale=scale,
            intake=intake,
        )


def _check_scale(connection: duckdb.DuckDBPyConnection, source: Source, scale: RatingScale) -> None:
    steps = f"(CAST(rating AS DOUBLE) - {scale.minimum}) / {scale.step}"
    off = (
        f"(isnan(CAST(rating AS DOUBLE)) OR CAST(rating AS DOUBLE) < {scale.minimum}"
        f" OR CAST(rating AS DOUBLE) > {scale.maximum} OR abs({steps} - round({steps})) > 1e-9)"
    )
    row = first_row(connection, f"SELECT rating FROM raw_ratings WHERE {off} LIMIT 1")
    if row is None:
        return
    place = source.where(connection, source.ratings, "rating", off)
    raise InputError(f"{place}: expected a rating of {scale}, got {row[0]:g}")


def _code_items(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Films, genres and the (film, genre) table, all by position."""
    repeated = first_row(
        connection, "SELECT item_id FROM raw_items GROUP BY item_id HAVING count(*) > 1 LIMIT 1"
    )
    if repeated is not None:
        raise InputError(f"{source.items}: expected each film once, got {repeated[0]!r} twice")
    item_type = _id_type(connection, "raw_items", "item_id", "raw_ratings", "item_id")
    year = f"regexp_extract(title, {quoted(_YEAR)}, 1)"
    connection.execute(f"""
        CREATE TABLE items AS
        SELECT CAST(row_number() OVER (ORDER BY item_id) - 1 AS INTEGER) AS item, *
        FROM (
            SELECT CAST(item_id AS {item_type}) AS item_id, title, genres,
                CAST(nullif({year}, '') AS SMALLINT) AS year
            FROM raw_items
        );
        CREATE TABLE exploded AS
        SELECT DISTINCT item, name FROM (
            SELECT item, trim(unnest(genres)) AS name FROM items
        ) WHERE name <> '';
        INSERT INTO exploded
        SELECT item, '{NO_GENRES}' FROM items WHERE item NOT IN (SELECT item FROM exploded);
        CREATE TABLE genres AS
        SELECT CAST(row_number() OVER (ORDER BY name) - 1 AS INTEGER) AS genre, name
        FROM (SELECT DISTINCT name FROM exploded);
        CREATE TABLE item_genres AS SELECT item, genre FROM exploded JOIN genres USING (name);
    """)


def _code_log(connection: duckdb.DuckDBPyConnection, source: Source, scale: RatingScale) -> Intake:
    """Users and the log by position, and the count of what was left out."""
    user_type = _id_type(connection, "raw_ratings", "user_id")
    item_type = _id_type(connection, "raw_items", "item_id", "raw_ratings", "item_id")
    connection.execute(f"""
        CREATE TABLE known AS
        SELECT CAST(user_id AS {user_type}) AS user_id, item, rating, "timestamp"
        FROM raw_ratings JOIN items
            ON items.item_id = TRY_CAST(raw_ratings.item_id AS {item_type});
        CREATE TABLE users AS
        SELECT CAST(row_number() OVER (ORDER BY user_id) - 1 AS INTEGER) AS user, user_id
        FROM (SELECT DISTINCT user_id FROM known);
        CREATE TABLE log AS
        SELECT user, item, last.rating AS rating, last."timestamp" AS "timestamp"
        FROM (
            SELECT user, item, max({{'timestamp': "timestamp", 'rating': rating}}) AS last
            FROM known JOIN users USING (user_id) GROUP BY user, item
        );
    """)
    counts = first_row(
        connection,
        f"""
        SELECT (SELECT count(*) FROM raw_ratings), (SELECT count(*) FROM known),
            (SELECT count(*) FROM log), (SELECT count(*) FROM users),
            (SELECT count(DISTINCT CAST(user_id AS {user_type})) FROM raw_ratings),
            (SELECT count(DISTINCT item_id) FROM raw_ratings
                WHERE item_id NOT IN (SELECT CAST(item_id AS VARCHAR) FROM items)),
            (SELECT bool_and(rating = round(rating)) FROM log)
        """,
    )
    assert counts is not None, "counts are one row"
    rows, known, kept, users, all_users, unknown_items, whole = counts
    if not kept:
        raise InputError(
            f"{source.ratings}: expected ratings of the films in {source.items.name},"
            f" got none: all {rows} rows name other films"
        )
    return Intake(
        rows=rows,
        repeated=known - kept,
        unknown_item_rows=rows - known,
        unknown_items=unknown_items,
        dropped_users=all_users - users,
        step=1.0 if whole else scale.step,
    )


def _id_type(connection: duckdb.DuckDBPyConnection, *tables_and_columns: str) -> str:
    """BIGINT where every id of the given (table, column) pairs is a whole number, else text."""
    pairs = zip(tables_and_columns[::2], tables_and_columns[1::2], strict=True)
    for table, column in pairs:
        if exists(connection, table, f"NOT regexp_full_match({column}, '-?[0-9]{{1,18}}')"):
            return "VARCHAR"
    return "BIGINT"


def _table(connection: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    return connection.sql(sql).to_arrow_table().combine_chunks()


def _column(connection: duckdb.DuckDBPyConnection, sql: str) -> pa.Array:
    return _table(connection, sql).column(0).combine_chunks()
