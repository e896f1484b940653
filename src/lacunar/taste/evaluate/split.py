"""Train/test splits of a ratings log: training log, histories and relevant items."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.reprs import short_repr
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.data.ratings import Ratings

RELEVANT_FROM = 4.0
"""Rating from which a held-out rating is relevant, on the default scale."""
_RELEVANT_SHARE = RELEVANT_FROM / RatingScale().maximum

Rows = NDArray[np.bool_]


@dataclass(frozen=True)
class Split:
    """A log split into training and test.

    Items and genres keep their positions. Users are identified by their positions in the whole
    log, so that metrics can be paired by user across splits and methods.

    Parameters
    ----------
    train : Ratings
        Training log. It has only users with a rating, so the positions of its users differ from
        the whole log. Its ``intake`` describes the whole log.
    train_users : ndarray of shape (U,)
        Position in the whole log of each user of ``train``, ascending.
    users : ndarray of shape (M,)
        Position in the whole log of each tested user, ascending: users with a relevant item.
    histories : Histories
        Ratings of each tested user that the recommender gets; may be empty.
    excluded : Histories
        Rated items that are neither candidates nor targets. The same as ``histories``, unless a
        protocol hides some of them.
    relevant : Histories
        Targets: held-out high ratings of items in training. At least one per user.
    """

    train: Ratings
    train_users: NDArray[np.intp]
    users: NDArray[np.intp]
    histories: Histories
    excluded: Histories
    relevant: Histories

    def __repr__(self) -> str:
        facts = [
            f"{self.train.log.num_rows:,} training ratings",
            f"{len(self.users):,} tested users",
            f"{len(self.relevant.item):,} films to find",
        ]
        return short_repr("Split", facts)


def relevant_from(scale: RatingScale) -> float:
    """Return the rating from which a held-out rating is relevant: four fifths of the maximum.

    Examples
    --------
    >>> relevant_from(RatingScale()), relevant_from(RatingScale(1, 10, 1))
    (4.0, 8.0)
    """
    return _RELEVANT_SHARE * scale.maximum


def split_by_rows(
    ratings: Ratings, *, train: Rows, shown: Rows, excluded: Rows, held_out: Rows
) -> Split:
    """Split a log by the roles of its rows.

    Parameters
    ----------
    ratings : Ratings
    train, shown, excluded, held_out : ndarray of shape (N,)
        Rows of the training log, of the histories, of the items that are no candidates, and of the
        targets.

    Raises
    ------
    InputError
        If no held-out rating is relevant.
    """
    rows = np.flatnonzero(train)
    train_users, coded = np.unique(ratings.user[rows], return_inverse=True)
    log = ratings.log.take(pa.array(rows))
    if len(train_users) < ratings.n_users:
        column = log.column_names.index("user")
        log = log.set_column(column, "user", pa.array(coded.astype(np.int32)))
    known = np.zeros(ratings.n_items, dtype=bool)
    known[ratings.item[rows]] = True
    stars = relevant_from(ratings.scale)
    # 1e-9 against rounding: 0.8 * 7 is slightly more than 5.6.
    high = ratings.rating >= stars - 1e-9
    relevant = histories_in(ratings, held_out & high & known[ratings.item])
    users = np.flatnonzero(relevant.n_ratings)
    if not len(users):
        high_ratings = "likes" if ratings.implicit else f"ratings of {stars:g} or more"
        raise InputError(
            f"expected held-out {high_ratings} of {ratings.noun.plural} in training, "
            f"got none among {np.count_nonzero(held_out)} held-out ratings"
            f" on the scale {ratings.scale}"
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
    """Return the histories of all users in some rows of a log; ``rows`` has shape (N,)."""
    before = np.concatenate([[0], np.cumsum(rows)])
    count = None if ratings.count is None else ratings.count[rows]
    return Histories(before[ratings.user_starts], ratings.item[rows], ratings.rating[rows], count)
