"""What a fit may see of a log, what it is shown of the users it is tested on, what it must find."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.data.ratings import Ratings

RELEVANT_FROM = 4.0
"""Stars from which a held-out rating is relevant, on the default scale."""
_RELEVANT_SHARE = RELEVANT_FROM / RatingScale().maximum

Rows = NDArray[np.bool_]


@dataclass(frozen=True)
class Split:
    """A log cut into training and test.

    Films and genres keep their positions everywhere. Users are named by their positions in the
    whole log, so that values of a user pair up across splits and methods.

    Parameters
    ----------
    train : Ratings
        What a fit may see. Every user in it has a rating; users without one are left out, so
        positions of users in it are its own. ``intake`` still tells of the whole log.
    train_users : ndarray of shape (U,)
        Position in the whole log of each user of ``train``, ascending.
    users : ndarray of shape (M,)
        Position in the whole log of each user who is tested, ascending: those with a relevant film.
    histories : Histories
        What a recommender is shown of each of them; may be nothing.
    excluded : Histories
        Films each of them rated that are neither to be recommended nor to be found. The same as
        ``histories``, except where a protocol hides some of them.
    relevant : Histories
        Films to be found: held out, rated high, known to training. At least one for each.
    """

    train: Ratings
    train_users: NDArray[np.intp]
    users: NDArray[np.intp]
    histories: Histories
    excluded: Histories
    relevant: Histories


def relevant_from(scale: RatingScale) -> float:
    """Stars from which a held-out rating is relevant: four fifths of the scale's maximum.

    Examples
    --------
    >>> relevant_from(RatingScale()), relevant_from(RatingScale(1, 10, 1))
    (4.0, 8.0)
    """
    return _RELEVANT_SHARE * scale.maximum


def split_by_rows(
    ratings: Ratings, *, train: Rows, shown: Rows, excluded: Rows, held_out: Rows
) -> Split:
    """Cut a log by what each of its rows is for.

    Parameters
    ----------
    ratings : Ratings
    train, shown, excluded, held_out : ndarray of shape (N,)
        Which rows a fit may see, which a recommender is shown of their user, which name films that
        are no candidates, and which are to be predicted.

    Raises
    ------
    InputError
        If no held-out rating is relevant.
    """
    rows = np.flatnonzero(train)
    train_users, coded = np.unique(ratings.user[rows], return_inverse=True)
    log = ratings.log.take(pa.array(rows))
    if len(train_users) < ratings.n_users:
        place = log.column_names.index("user")
        log = log.set_column(place, "user", pa.array(coded.astype(np.int32)))
    known = np.zeros(ratings.n_items, dtype=bool)
    known[ratings.item[rows]] = True
    stars = relevant_from(ratings.scale)
    # 0.8 * 7 is a little more than the rating 5.6.
    high = ratings.rating >= stars - 1e-9
    relevant = histories_in(ratings, held_out & high & known[ratings.item])
    users = np.flatnonzero(relevant.n_ratings)
    if not len(users):
        raise InputError(
            f"expected held-out ratings of {stars:g} or more of films that training knows, "
            f"got none among {np.count_nonzero(held_out)} held-out ratings"
        )
    return Split(
        train=replace(ratings, users=ratings.users.take(pa.array(train_users)), log=log),
        train_users=train_users.astype(np.intp),
        users=users,
        histories=histories_in(ratings, shown).take(users),
        excluded=histories_in(ratings, excluded).take(users),
        relevant=relevant.take(users),
    )


def histories_in(ratings: Ratings, rows: Rows) -> Histories:
    """What some rows of a log hold of each of its users, shape of ``rows`` (N,)."""
    before = np.concatenate([[0], np.cumsum(rows)])
    return Histories(before[ratings.user_starts], ratings.item[rows], ratings.rating[rows])
