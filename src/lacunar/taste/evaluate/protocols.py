"""Evaluation protocols: which ratings are held out.

- ``random-20``: a random fifth of each user's ratings. Measures how well gaps are filled.
- ``leave-last-out``: each user's latest rating. Measures the prediction of the next item, but
  training includes later ratings of other users.
- ``global-time``: the latest fifth of all ratings. As in production: training includes nothing of
  the future, and most users are new. See Ji et al. (2023), "A Critical Study on Data Leakage
  in Recommender System Offline Evaluation".

:mod:`lacunar.taste.evaluate.new_users` has the protocol for new users.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate.split import Rows, Split, split_by_rows

PROTOCOLS = ("random-20", "leave-last-out", "global-time")
SEEDED_PROTOCOLS = ("random-20",)


def splits_of(ratings: Ratings, protocol: str, seeds: Sequence[int]) -> list[Split]:
    """Return the splits of a protocol: one per seed, or one for protocols by time.

    Protocols by time are not random. The uncertainty of their results comes from the users alone.

    Parameters
    ----------
    ratings : Ratings
    protocol : str
        One of :data:`PROTOCOLS`.
    seeds : sequence of int

    Raises
    ------
    InputError
        If the protocol is unknown, or not applicable to the log.

    Examples
    --------
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> len(splits_of(ratings, "random-20", range(3)))
    3
    >>> len(splits_of(ratings, "global-time", range(3)))
    1
    """
    if protocol == "random-20":
        return [random_split(ratings, seed=seed) for seed in seeds]
    if protocol == "leave-last-out":
        return [leave_last_out(ratings)]
    if protocol == "global-time":
        return [global_time(ratings)]
    raise InputError(f"expected a protocol of {', '.join(PROTOCOLS)}, got {protocol!r}")


def random_split(ratings: Ratings, *, share: float = 0.2, seed: int) -> Split:
    """Hold out a random share of each user's ratings.

    Of n ratings ``floor(share * n)`` are held out, so that each user keeps at least one.

    Parameters
    ----------
    ratings : Ratings
    share : float
        Above 0, below 1.
    seed : int

    Raises
    ------
    InputError
        If the share is not between 0 and 1, or no held-out rating is relevant.

    Examples
    --------
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> split = random_split(ratings, seed=0)
    >>> len(ratings.user), len(split.train.user), split.users[:4].tolist()
    (3730, 2991, [0, 1, 2, 3])
    """
    check_share(share)
    wanted = held_out_sizes(ratings, share)
    return _held_out_of_all(ratings, random_positions(ratings, seed) < wanted[ratings.user])


def leave_last_out(ratings: Ratings) -> Split:
    """Hold out each user's latest rating.

    Among ratings with the same time, the latest is the item that is last in the catalogue. Users
    with a single rating stay in training and are not tested.

    Parameters
    ----------
    ratings : Ratings

    Raises
    ------
    InputError
        If all ratings have the same time, or no held-out rating is relevant.

    Examples
    --------
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> split = leave_last_out(sampled_ratings(n_users=50, n_movies=200))
    >>> bool((split.relevant.n_ratings == 1).all())
    True
    """
    _check_times(ratings)
    by_time = np.lexsort((ratings.item, _timestamps(ratings), ratings.user))
    several = np.diff(ratings.user_starts) > 1
    held_out = np.zeros(len(by_time), dtype=bool)
    held_out[by_time[ratings.user_starts[1:][several] - 1]] = True
    return _held_out_of_all(ratings, held_out)


def global_time(ratings: Ratings, *, share: float = 0.2) -> Split:
    """Hold out all ratings from one point in time on.

    The point in time gives the requested share of held-out ratings, or slightly more if many
    ratings have the same time. Users whose first rating is later are tested with an empty history.

    Parameters
    ----------
    ratings : Ratings
    share : float
        Above 0, below 1.

    Raises
    ------
    InputError
        If the share is not between 0 and 1, all ratings have the same time, or no held-out
        rating is relevant.

    Examples
    --------
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> split = global_time(sampled_ratings(n_users=50, n_movies=200))
    >>> split.train.n_users, len(split.users), int((split.histories.n_ratings == 0).sum())
    (41, 10, 9)
    """
    check_share(share)
    time = _timestamps(ratings)
    _check_times(ratings)
    first = time.min()
    kept = min(int(np.ceil((1 - share) * len(time) - 1e-9)), len(time) - 1)
    cut = np.partition(time, kept)[kept]
    if cut == first:
        cut = time[time > first].min()
    return _held_out_of_all(ratings, time >= cut)


def held_out_sizes(ratings: Ratings, share: float) -> NDArray[np.intp]:
    """Return a share of each user's number of ratings, rounded down, never all; shape (U,)."""
    rated = np.diff(ratings.user_starts)
    # 1e-9 against rounding: otherwise 29 % of 100 would be 28.
    return np.asarray(np.minimum(np.floor(share * rated + 1e-9), rated - 1), dtype=np.intp)


def random_positions(ratings: Ratings, seed: int) -> NDArray[np.intp]:
    """Return the position of each row in a random order of its user's rows, shape (N,)."""
    user = ratings.user
    draws = np.random.default_rng(seed).random(len(user))
    positions = np.empty(len(user), dtype=np.intp)
    positions[np.lexsort((draws, user))] = np.arange(len(user)) - ratings.user_starts[user]
    return positions


def check_share(share: float) -> None:
    """Raise InputError unless a share is between 0 and 1."""
    if not 0 < share < 1:
        raise InputError(f"expected a share to hold out between 0 and 1, got {share:g}")


def _held_out_of_all(ratings: Ratings, held_out: Rows) -> Split:
    """Train on the other rows; the histories are the training rows."""
    kept = ~held_out
    return split_by_rows(ratings, train=kept, shown=kept, excluded=kept, held_out=held_out)


def _check_times(ratings: Ratings) -> None:
    if len(ratings.item) < 2 or not ratings.has_times:
        raise InputError(
            "expected ratings of different times to split them by time, got one time;"
            " the protocol random-20 needs no times"
        )


def _timestamps(ratings: Ratings) -> NDArray[np.int64]:
    return np.asarray(ratings.log["timestamp"])
