"""The cleaned ratings log, encoded by position: later steps use positions instead of ids."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.frames import FrameKind
from lacunar.taste.data.item_noun import ItemNoun
from lacunar.taste.data.rating_scale import LIKES, RatingScale

#: The id of a user or item: as in the data, or as text.
Id = int | str

#: The genre of an item without one.
NO_GENRES = "(no genres listed)"
_ROWS_PER_PIECE = 1 << 22
_WHOLE = re.compile(r"(-?[0-9]{1,18})(?:\.0+)?")


@dataclass(frozen=True, slots=True)
class Intake:
    """Counts of the rows that were read, and of those left out; shown in every report.

    Parameters
    ----------
    rows : int
        Rows of the ratings file.
    repeated : int
        Rows replaced by a later rating of the same item by the same user; in data without
        ratings, rows that are counted with another one of the same pair.
    unknown_item_rows, unknown_items : int
        Rows left out because their item is not in the catalogue, and number of such items.
    dropped_users : int
        Users who have only such rows.
    step : float
        Step of the ratings in the log: 1 if all are whole numbers, else the scale's step.
    """

    rows: int
    repeated: int
    unknown_item_rows: int
    unknown_items: int
    dropped_users: int
    step: float


@dataclass(frozen=True)
class Ratings:
    """Ratings by U users of I items with G genres, as returned by ``read_ratings``.

    Users, items and genres are identified by their position: the row in ``users`` or ``items``, or
    the index in ``genres``.

    Parameters
    ----------
    users : pyarrow.Array of length U
        User ids in ascending order, whole numbers or text.
    items : pyarrow.Table of I rows
        ``item_id``, ``title`` and ``year`` (null if the title has none), in order of id.
    genres : tuple of str
        Names of the G genres in alphabetical order.
    item_genres : pyarrow.Table
        ``item`` and ``genre`` (positions), one row per item and genre.
    log : pyarrow.Table of N rows
        ``user`` and ``item`` (positions), ``rating`` and ``timestamp`` (seconds since 1970, or 0
        throughout if the data has no timestamps); one row per user and item, in this order. Data
        without ratings in which rows are repeated also has ``count``, the rows of the pair.
    scale : RatingScale
        Allowed ratings.
    intake : Intake
        Counts of rows that were read and left out.
    frame_kind : {"pandas", "polars", "pyarrow"}
        The library of the frame that was read, in which results come back; PyArrow for files.
    noun : ItemNoun
        The noun for the rated items, such as film.

    Examples
    --------
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> ratings.n_users, ratings.n_items, len(ratings.rating) == ratings.log.num_rows
    (50, 200, True)
    >>> ratings.items["title"][ratings.item_position("2")].as_py()
    'Last Letter of Haldamora, The (2008)'
    """

    users: pa.Array
    items: pa.Table
    genres: tuple[str, ...]
    item_genres: pa.Table
    log: pa.Table
    scale: RatingScale
    intake: Intake
    frame_kind: FrameKind = field(default="pyarrow", compare=False)
    noun: ItemNoun = field(default_factory=ItemNoun, compare=False)

    @property
    def n_users(self) -> int:
        """Number of users, U."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Number of items, I."""
        return int(self.items.num_rows)

    def __repr__(self) -> str:
        kind = "likes" if self.implicit else "ratings"
        return (
            f"<Ratings: {self.log.num_rows:,} {kind} of {self.n_items:,} {self.noun.plural} by"
            f" {self.n_users:,} users>"
        )

    @cached_property
    def user(self) -> NDArray[np.int32]:
        """Position of each rating's user, shape (N,)."""
        return column_array(self.log, "user")

    @cached_property
    def item(self) -> NDArray[np.int32]:
        """Position of each rating's item, shape (N,)."""
        return column_array(self.log, "item")

    @cached_property
    def rating(self) -> NDArray[np.float64]:
        """Ratings, shape (N,)."""
        return column_array(self.log, "rating")

    @cached_property
    def count(self) -> NDArray[np.int64] | None:
        """Rows of each pair in the data, shape (N,); None in data that counts each pair once."""
        return column_array(self.log, "count") if "count" in self.log.column_names else None

    @property
    def n_counted(self) -> int:
        """Number of ratings, each with its count."""
        return len(self.log) if self.count is None else int(self.count.sum())

    @cached_property
    def has_times(self) -> bool:
        """Whether the log has timestamps: without them, all are equal."""
        times = column_array(self.log, "timestamp")
        return len(times) < 2 or bool(times.min() < times.max())

    @cached_property
    def implicit(self) -> bool:
        """Whether every row is a like, as in data without ratings."""
        return self.scale == LIKES and bool((self.rating == LIKES.maximum).all())

    @property
    def has_genres(self) -> bool:
        """Whether any item has a genre."""
        return self.genres != (NO_GENRES,)

    @cached_property
    def dated_share(self) -> float:
        """Share of the ratings that are of items with a year; 0 without ratings."""
        counts = np.bincount(self.item, weights=self.count, minlength=self.n_items)
        return float(counts[~np.isnan(self.years)].sum() / max(self.n_counted, 1))

    @cached_property
    def user_starts(self) -> NDArray[np.intp]:
        """First row of each user in the log, and at the end N, shape (U + 1,)."""
        return np.searchsorted(self.user, np.arange(self.n_users + 1))

    @cached_property
    def years(self) -> NDArray[np.float64]:
        """Year of each item, shape (I,); NaN if the title has none."""
        year = self.items["year"]
        years = np.full(self.n_items, np.nan)
        has_year = np.from_dlpack(year.is_valid().cast(pa.uint8()).combine_chunks())
        years[has_year == 1] = np.from_dlpack(year.drop_null().combine_chunks())
        return years

    @cached_property
    def genre_matrix(self) -> sp.csr_array:
        """One for each genre of each item, shape (I, G)."""
        item, genre = (column_array(self.item_genres, name) for name in ("item", "genre"))
        shape = (self.n_items, len(self.genres))
        return sp.csr_array((np.ones(len(item)), (item, genre)), shape=shape)

    @cached_property
    def genre_shares(self) -> sp.csr_array:
        """Genres of each item as equal shares that sum to 1, shape (I, G)."""
        genres = self.genre_matrix
        return sp.csr_array(genres.multiply(1 / genres.sum(axis=1)[:, np.newaxis]))

    @cached_property
    def ratings_per_item(self) -> NDArray[np.int64]:
        """Number of ratings of each item, shape (I,)."""
        return np.asarray(np.bincount(self.item, minlength=self.n_items))

    def rows_of(self, user: int) -> slice:
        """Rows of the log of the user at a position."""
        return slice(int(self.user_starts[user]), int(self.user_starts[user + 1]))

    def has_user(self, user_id: Id) -> bool:
        """Whether a user has this id."""
        return _find(self._positions, user_id, self.users.type) is not None

    def user_position(self, user_id: Id) -> int:
        """Position of the user with an id.

        Raises
        ------
        InputError
            If no user has that id.
        """
        position = _find(self._positions, user_id, self.users.type)
        if position is None:
            raise InputError(
                f"expected the id of one of {self.n_users} users, such as {self.users[0]},"
                f" got {str(user_id)!r}"
            )
        return position

    def user_positions(self, user_ids: Id | Iterable[Id]) -> NDArray[np.intp]:
        """Positions of the users with one or more ids.

        Raises
        ------
        InputError
            If an id is unknown, or a mapping is given.

        Examples
        --------
        >>> from lacunar.taste.data.sample import sampled_ratings
        >>> ratings = sampled_ratings(n_users=50, n_movies=200)
        >>> ratings.user_positions([4, "42"]).tolist(), ratings.user_positions("7").tolist()
        ([3, 41], [6])
        """
        if isinstance(user_ids, Mapping):
            raise InputError("expected ids of users, got a mapping", field="users")
        if isinstance(user_ids, str) or not isinstance(user_ids, Iterable):
            user_ids = [user_ids]
        return np.array([self.user_position(user_id) for user_id in user_ids], dtype=np.intp)

    def item_position(self, item_id: Id) -> int:
        """Position of the item with an id.

        Raises
        ------
        InputError
            If no item has that id.
        """
        position = _find(self._item_positions, item_id, self.items["item_id"].type)
        if position is None:
            raise InputError(
                f"expected the id of one of {self.noun.counted(self.n_items)}, such as "
                f"{self.items['item_id'][0]}, got {str(item_id)!r}"
            )
        return position

    def pieces(self, rows_at_once: int = _ROWS_PER_PIECE) -> Iterator[pa.Table]:
        """The log in pieces of whole users, so that a group-by by user can take one at a time."""
        starts, first = self.user_starts, 0
        while first < self.n_users:
            fitting = np.searchsorted(starts, starts[first] + rows_at_once, side="right") - 1
            last = max(int(fitting), first + 1)
            yield self.log.slice(int(starts[first]), int(starts[last] - starts[first]))
            first = last

    def of_users(self, users: NDArray[np.integer]) -> Ratings:
        """The log of the given users (positions, ascending), with the same items."""
        starts, lengths = self.user_starts[users], np.diff(self.user_starts)[users]
        before = np.cumsum(lengths) - lengths
        rows = np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))
        log = self.log.take(pa.array(rows))
        position = np.repeat(np.arange(len(users), dtype=np.int32), lengths)
        log = log.set_column(log.column_names.index("user"), "user", pa.array(position))
        return replace(self, users=self.users.take(pa.array(users)), log=log)

    def without_users(self) -> Ratings:
        """The same items and scale, with no users and an empty log."""
        return self.of_users(np.empty(0, dtype=np.intp))

    @cached_property
    def _item_positions(self) -> dict[str, int]:
        return {str(item_id): i for i, item_id in enumerate(self.items["item_id"].to_pylist())}

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {str(user_id): i for i, user_id in enumerate(self.users.to_pylist())}


def column_array(table: pa.Table, name: str) -> NDArray[Any]:
    """Return a numeric column without nulls as an array of shape (N,).

    PyArrow's own conversion imports pandas where it is installed, which takes 0.2 seconds.

    Examples
    --------
    >>> column_array(pa.Table.from_pydict({"user": [3, 1]}), "user")
    array([3, 1])
    """
    return np.from_dlpack(table[name].combine_chunks())


def _find(positions: dict[str, int], wanted: Id, kind: pa.DataType) -> int | None:
    """Position of an id; whole numbers may be written as in the files, such as 007 or 7.0."""
    text = str(wanted)
    position = positions.get(text, positions.get(text.strip()))
    if position is None and pa.types.is_integer(kind):
        whole = _WHOLE.fullmatch(text.strip())
        return None if whole is None else positions.get(str(int(whole[1])))
    return position
