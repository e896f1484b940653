"""Rating histories: the ratings of some users, from the log or new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lacunar.aliases import FloatArray, shortened
from lacunar.errors import InputError
from lacunar.taste.data.ratings import Id, Ratings

#: Rating of each item, by its id.
Stars = Mapping[int, float] | Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Histories:
    """Ratings of B users, grouped by user (a sparse matrix of users and items by rows).

    Parameters
    ----------
    starts : ndarray of shape (B + 1,)
        First row of each user, and at the end N.
    item : ndarray of shape (N,)
        Positions of items, ascending and distinct within each user.
    rating : ndarray of shape (N,)
        Ratings.
    count : ndarray of shape (N,), optional
        How often each row counts in the shares of genres and periods; by default once.
    """

    starts: NDArray[np.intp]
    item: NDArray[np.int32]
    rating: FloatArray
    count: NDArray[np.int64] | None = None

    @property
    def n_users(self) -> int:
        return len(self.starts) - 1

    @property
    def n_ratings(self) -> NDArray[np.intp]:
        """Ratings of each user, shape (B,)."""
        return np.diff(self.starts)

    @property
    def user(self) -> NDArray[np.intp]:
        """Index of each row's user among the B users, shape (N,)."""
        return np.repeat(np.arange(self.n_users), self.n_ratings)

    def take(self, users: NDArray[np.integer]) -> Histories:
        """Histories of the given users, in the given order."""
        lengths = self.n_ratings[users]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        rows = np.repeat(self.starts[users] - starts[:-1], lengths) + np.arange(starts[-1])
        count = None if self.count is None else self.count[rows]
        return Histories(starts, self.item[rows], self.rating[rows], count)

    def matrix(self, values: FloatArray, n_items: int) -> sp.csr_array:
        """Sparse matrix of users and items with one value per rating, shape (B, n_items)."""
        return sp.csr_array((values, self.item, self.starts), shape=(self.n_users, n_items))


def histories_of(ratings: Ratings, users: Id | Iterable[Id] | None = None) -> Histories:
    """Rating histories of users in the log.

    Parameters
    ----------
    ratings : Ratings
    users : id or iterable of ids, optional
        As in the data, or as text; by default all users.

    Raises
    ------
    InputError
        If an id is unknown.

    Examples
    --------
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> histories_of(sampled_ratings(n_users=50, n_movies=200), [4, 8]).n_ratings.tolist()
    [62, 25]
    """
    if users is None:
        return Histories(ratings.user_starts, ratings.item, ratings.rating, ratings.count)
    return histories_at(ratings, ratings.user_positions(users))


def histories_at(ratings: Ratings, positions: NDArray[np.integer]) -> Histories:
    """Rating histories of the users at some positions."""
    return histories_of(ratings).take(positions)


def new_history(ratings: Ratings, stars: Stars) -> Histories:
    """Rating history of a user who is not in the log.

    Parameters
    ----------
    ratings : Ratings
        The log whose items are rated.
    stars : mapping of id to float
        Rating of each item; may be empty.

    Raises
    ------
    InputError
        If an item is unknown or a rating is not on the scale.
    """
    if not hasattr(stars, "items"):
        raise InputError(
            f"expected a mapping of ids to ratings, got {type(stars).__name__}", field="ratings"
        )
    scale = ratings.scale
    rating: Any
    for item_id, rating in stars.items():
        is_number = isinstance(rating, Real)
        if not (is_number and scale.allows(rating)):
            got = f"{rating:g}" if is_number else shortened(repr(rating), 40)
            raise InputError(
                f"{ratings.noun.singular} {item_id}: expected a rating of {scale}, got {got}"
            )
    rated = {ratings.item_position(item_id): rating for item_id, rating in stars.items()}
    items = np.array(sorted(rated), dtype=np.int32)
    return Histories(
        starts=np.array([0, len(items)]),
        item=items,
        rating=np.array([rated[item] for item in items.tolist()], dtype=np.float64),
    )
