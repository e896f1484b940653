"""How much a new user has to tell: users whom training has not seen, known by few ratings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lacunar.errors import InputError
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate.protocols import check_share, held_out_sizes, random_places
from lacunar.taste.evaluate.split import Split, histories_in, split_by_rows

GIVEN = (0, 1, 3, 5, 10)
_TARGET_SHARE = 0.2


def cold_start(
    ratings: Ratings,
    *,
    seed: int,
    given: Sequence[int] = GIVEN,
    share_users: float = 0.2,
) -> dict[int, Split]:
    """Leave some users out of training and test them by the first few of their ratings.

    Of each such user's ratings a random fifth is to be found. The others stand in a random order,
    of which the first n are shown. None of them is a candidate, however many are shown, so that
    n changes nothing but what is known.

    Parameters
    ----------
    ratings : Ratings
    seed : int
    given : sequence of int
        The numbers n of ratings to show.
    share_users : float
        Of the users with enough ratings for the largest n and a film to find, the share that is
        left out, at least one.

    Returns
    -------
    splits : dict of int to Split
        By n, in ascending order. All have the same training log (one object) and the same users.

    Raises
    ------
    InputError
        If the share is not between 0 and 1, a number is negative, nobody has enough ratings, or
        no rating to be found is relevant.

    Examples
    --------
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> splits = cold_start(sampled_ratings(n_users=50, n_movies=200), seed=0)
    >>> {n: split.histories.n_ratings[:3].tolist() for n, split in splits.items()}
    {0: [0, 0, 0], 1: [1, 1, 1], 3: [3, 3, 3], 5: [5, 5, 5], 10: [10, 10, 10]}
    """
    check_share(share_users)
    if not given or min(given) < 0:
        raise InputError(f"expected numbers of ratings to show of at least 0, got {list(given)}")
    n_targets = held_out_sizes(ratings, _TARGET_SHARE)
    n_others = np.diff(ratings.user_starts) - n_targets
    enough = np.flatnonzero((n_targets > 0) & (n_others >= max(given)))
    n_new = min(max(1, int(share_users * len(enough))), ratings.n_users - 1)
    if not len(enough) or not n_new:
        raise InputError(
            f"expected users with {max(given)} ratings to show and one to find, and others to "
            f"learn from, got none among {ratings.n_users} users"
        )
    new = np.zeros(ratings.n_users, dtype=bool)
    # A stream of its own, so that who is new says nothing about the order of ratings.
    drawn = np.random.default_rng([seed, 1]).choice(enough, size=n_new, replace=False)
    new[drawn] = True
    of_new = new[ratings.user]
    # A user's first places are the targets, the next are shown one by one.
    place = random_places(ratings, seed) - n_targets[ratings.user]
    nothing = split_by_rows(
        ratings,
        train=~of_new,
        shown=np.zeros_like(of_new),
        excluded=of_new & (place >= 0),
        held_out=of_new & (place < 0),
    )
    return {
        n: replace(
            nothing,
            histories=histories_in(ratings, (place >= 0) & (place < n)).take(nothing.users),
        )
        for n in sorted(set(given))
    }
