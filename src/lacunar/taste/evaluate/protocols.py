"""Protocols: which ratings are held out.

- ``random-20``: a random fifth of each user's ratings. Says how well gaps in a log are filled.
- ``leave-last-out``: each user's latest rating. Says what a user does next, but lets training see
  what other users did later than that.
- ``global-time``: the latest fifth of all ratings. What a system meets in use: nothing of the
  future is known, and most users are new. See Ji et al. (2023), "A Critical Study on Data Leakage
  in Recommender System Offline Evaluation".

:mod:`lacunar.taste.evaluate.cold_start` has the one in which users are new on purpose.
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
    """The splits of a protocol: one per seed, and a single one where nothing is drawn.

    The protocols that go by time draw nothing. What is uncertain about their results comes from
    the users alone.

    Parameters
    ----------
    ratings : Ratings
    protocol : str
        One of :data:`PROTOCOLS`.
    seeds : sequence of int

    Raises
    ------
    InputError
        If the protocol is unknown, or the log does not allow it.

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

    Of n ratings ``floor(share * n)`` are held out, so every user keeps at least one.

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
    return _held_out_of_all(ratings, random_places(ratings, seed) < wanted[ratings.user])


def leave_last_out(ratings: Ratings) -> Split:
    """Hold out each user's latest rating.

    Of a user's ratings with the same time the one of the film that comes last in the catalogue
    is the latest. Users with one rating stay in training and are not tested.

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
    """Hold out everything from one point in time on.

    The point is chosen so that the share of all ratings that is held out is the one asked for, or
    a little more where many ratings have that very time. Users who begin later are new: they are
    tested with an empty history.

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
    """How many ratings are a share of each user's, rounded down and never all, shape (U,)."""
    rated = np.diff(ratings.user_starts)
    # Without the small number, 29 % of 100 would be 28.
    return np.asarray(np.minimum(np.floor(share * rated + 1e-9), rated - 1), dtype=np.intp)


def random_places(ratings: Ratings, seed: int) -> NDArray[np.intp]:
    """Place of each row in a random order of its user's rows, from 0, shape (N,)."""
    user = ratings.user
    draws = np.random.default_rng(seed).random(len(user))
    places = np.empty(len(user), dtype=np.intp)
    places[np.lexsort((draws, user))] = np.arange(len(user)) - ratings.user_starts[user]
    return places


def check_share(share: float) -> None:
    """Refuse a share that leaves nothing on one side."""
    if not 0 < share < 1:
        raise InputError(f"expected a share to hold out between 0 and 1, got {share:g}")


def _held_out_of_all(ratings: Ratings, held_out: Rows) -> Split:
    """Train on the other rows, and show of each user what training has."""
    kept = ~held_out
    return split_by_rows(ratings, train=kept, shown=kept, excluded=kept, held_out=held_out)


def _check_times(ratings: Ratings) -> None:
    if not ratings.has_times:
        raise InputError("expected ratings of different times to split them by time, got one time")


def _timestamps(ratings: Ratings) -> NDArray[np.int64]:
    return np.asarray(ratings.log["timestamp"])
