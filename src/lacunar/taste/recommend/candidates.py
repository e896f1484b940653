"""Candidate items and exact top-k selection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.errors import InputError, did_you_mean
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.ratings import Ratings

# Size of a group. The maxima of groups give a lower bound of the k-th best score.
_GROUP = 64


@dataclass(frozen=True, slots=True)
class Candidates:
    """Items that may be recommended.

    Parameters
    ----------
    allowed : ndarray of shape (I,)
    exclude_seen : bool
        Whether items in a user's history are left out.
    """

    allowed: NDArray[np.bool_]
    exclude_seen: bool = True


def candidates(
    ratings: Ratings,
    *,
    allow: Sequence[str] | None = None,
    deny: Sequence[str] = (),
    genres: Sequence[str] | None = None,
    years: tuple[int, int] | None = None,
    exclude_seen: bool = True,
) -> Candidates:
    """Return the items that have a rating and pass every filter.

    Parameters
    ----------
    ratings : Ratings
    allow : sequence of str, optional
        Ids of the only items to consider.
    deny : sequence of str
        Ids of items to leave out.
    genres : sequence of str, optional
        An item needs at least one of them; an empty sequence allows no item.
    years : tuple of int, optional
        First and last year; an item without a year does not pass.
    exclude_seen : bool

    Raises
    ------
    InputError
        If an item or genre is unknown, or the years are in the wrong order.

    Examples
    --------
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> int(candidates(ratings, genres=["Horror"], years=(1990, 1999)).allowed.sum())
    3
    """
    allowed = ratings.ratings_per_item > 0
    if allow is not None:
        allowed &= _marked(ratings, allow)
    allowed &= ~_marked(ratings, deny)
    if genres is not None:
        for genre in genres:
            if genre not in ratings.genres:
                raise InputError(
                    f"expected genres among {', '.join(ratings.genres)}, got {genre!r}"
                    f"{did_you_mean(genre, ratings.genres)}"
                )
        wanted = np.isin(ratings.genres, list(genres))
        allowed &= (ratings.genre_matrix @ wanted.astype(np.float64)) > 0
    if years is not None:
        first, last = years
        if first > last:
            raise InputError(f"expected years from first to last, got {first} to {last}")
        year = ratings.years
        allowed &= (year >= first) & (year <= last)
    return Candidates(allowed, exclude_seen)


def _marked(ratings: Ratings, item_ids: Sequence[str]) -> NDArray[np.bool_]:
    marked = np.zeros(ratings.n_items, dtype=bool)
    marked[[ratings.item_position(item_id) for item_id in item_ids]] = True
    return marked


def rank(
    scores: FloatArray, histories: Histories, among: Candidates, k: int
) -> tuple[NDArray[np.intp], FloatArray]:
    """Return the k best candidates of each user, best first; ties in order of item position.

    Parameters
    ----------
    scores : ndarray of shape (B, I)
        Overwritten. ``-inf`` excludes an item.
    histories : Histories
        Ratings of the same B users.
    among : Candidates
    k : int

    Returns
    -------
    items : ndarray of shape (B, min(k, I))
        Positions of items; -1 after the last candidate.
    best : ndarray of shape (B, min(k, I))
        Their scores; ``-inf`` after the last candidate.

    Raises
    ------
    ValueError
        If a score is NaN.
    """
    scores[:, ~among.allowed] = -np.inf
    if among.exclude_seen:
        scores[histories.user, histories.item] = -np.inf
    return top_k(scores, k)


def top_k(scores: FloatArray, k: int) -> tuple[NDArray[np.intp], FloatArray]:
    """Return the k highest finite scores of each row; see :func:`rank`.

    Examples
    --------
    >>> items, best = top_k(np.array([[1.0, 3.0, 3.0, -np.inf]]), 4)
    >>> items.tolist(), best.tolist()
    ([[1, 2, 0, -1]], [[3.0, 3.0, 1.0, -inf]])
    """
    n_users, n_items = scores.shape
    k = min(k, n_items)
    # A row with fewer than k finite scores has a bound of -inf: keep finite scores only.
    bound = np.maximum(_lower_bounds(scores, k), np.finfo(np.float64).min)
    # Read memory in order, whether the array is in C or Fortran order.
    if scores.flags.f_contiguous:
        by_film = scores.T
        item, user = np.divmod(np.flatnonzero(by_film >= bound), n_users)
    else:
        user, item = np.divmod(np.flatnonzero(scores >= bound[:, np.newaxis]), n_items)
    found = scores[user, item]
    order = np.lexsort((item, -found, user))
    user, item, found = user[order], item[order], found[order]
    place = np.arange(len(user)) - np.searchsorted(user, np.arange(n_users))[user]
    kept = place < k
    items = np.full((n_users, k), -1, dtype=np.intp)
    best = np.full((n_users, k), -np.inf)
    items[user[kept], place[kept]] = item[kept]
    best[user[kept], place[kept]] = found[kept]
    return items, best


def _lower_bounds(scores: FloatArray, k: int) -> FloatArray:
    """Return a bound for each row that at least k scores reach, and few more."""
    n_users, n_items = scores.shape
    n_groups = n_items // _GROUP
    if n_groups < 2 * k:
        return _kth(scores, k)
    whole, rest = scores[:, : n_groups * _GROUP], scores[:, n_groups * _GROUP :]
    if scores.flags.f_contiguous:
        maxima = whole.T.reshape(_GROUP, n_groups, n_users).max(axis=0).T
    else:
        maxima = whole.reshape(n_users, _GROUP, n_groups).max(axis=1)
    return _kth(np.hstack([maxima, rest]), k)


def _kth(values: FloatArray, k: int) -> FloatArray:
    """Return the k-th largest value of each row."""
    if np.isnan(values).any():
        raise ValueError("expected a score for every item, got NaN")
    return np.asarray(np.partition(values, -k, axis=1)[:, -k])
