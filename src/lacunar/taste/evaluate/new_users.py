"""Cold-start splits: new users with a few ratings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lacunar.errors import InputError
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate.protocols import check_share, held_out_sizes, random_positions
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
    """Leave some users out of training and test them with a few of their ratings.

    A random fifth of each such user's ratings are the targets. The others are in random order, and
    the recommender is shown the first n. None of these others is a candidate, for any n, so that
    n changes only the history.

    Parameters
    ----------
    ratings : Ratings
    seed : int
    given : sequence of int
        Numbers n of ratings to show.
    share_users : float
        Share of users to leave out, at least one, among those with enough ratings for the largest
        n and a target.

    Returns
    -------
    splits : dict of int to Split
        By n, in ascending order, with the same training log (one object) and the same users.

    Raises
    ------
    InputError
        If the share is not between 0 and 1, a number is negative, no user has enough ratings, or
        no target is relevant.

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
    # A separate stream: the choice of users does not depend on the order of ratings.
    drawn = np.random.default_rng([seed, 1]).choice(enough, size=n_new, replace=False)
    new[drawn] = True
    of_new = new[ratings.user]
    # The first positions of a user are the targets; the next ones are shown.
    position = random_positions(ratings, seed) - n_targets[ratings.user]
    no_history = split_by_rows(
        ratings,
        train=~of_new,
        shown=np.zeros_like(of_new),
        excluded=of_new & (position >= 0),
        held_out=of_new & (position < 0),
    )
    return {
        n: replace(
            no_history,
            histories=histories_in(ratings, (position >= 0) & (position < n)).take(
                no_history.users
            ),
        )
        for n in sorted(set(given))
    }
