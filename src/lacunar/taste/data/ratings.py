"""A ratings log, cleaned and coded: every later step works on positions, not on raw ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.taste.data.rating_scale import RatingScale

_ROWS_PER_PIECE = 1 << 22


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
        ``user``, ``item`` (positions), ``rating``, ``timestamp`` (seconds since 1970; 0 in a log
        without times), one row per pair, in order of user and item.
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
    def has_times(self) -> bool:
        """Whether ratings have times; where a log has no column of them, all have the same."""
        times = np.asarray(self.log["timestamp"])
        return len(times) < 2 or bool(times.min() < times.max())

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

    def pieces(self, rows_at_once: int = _ROWS_PER_PIECE) -> Iterator[pa.Table]:
        """The log in pieces of whole users, so that a group-by by user needs one at a time."""
        starts, first = self.user_starts, 0
        while first < self.n_users:
            wanted = np.searchsorted(starts, starts[first] + rows_at_once, side="right") - 1
            last = max(int(wanted), first + 1)
            yield self.log.slice(int(starts[first]), int(starts[last] - starts[first]))
            first = last

    def of_users(self, users: NDArray[np.integer]) -> Ratings:
        """The log of some users alone, positions ascending; films and their positions stay."""
        starts, lengths = self.user_starts[users], np.diff(self.user_starts)[users]
        before = np.cumsum(lengths) - lengths
        rows = np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))
        log = self.log.take(pa.array(rows))
        coded = np.repeat(np.arange(len(users), dtype=np.int32), lengths)
        log = log.set_column(log.column_names.index("user"), "user", pa.array(coded))
        return replace(self, users=self.users.take(pa.array(users)), log=log)

    def of_nobody(self) -> Ratings:
        """The films and the scale, without a user: what is left for those who need no log."""
        return self.of_users(np.empty(0, dtype=np.intp))

    @cached_property
    def _item_positions(self) -> dict[str, int]:
        return {str(item_id): i for i, item_id in enumerate(self.items["item_id"].to_pylist())}

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {str(user_id): i for i, user_id in enumerate(self.users.to_pylist())}
