"""Greedy re-ranking of a short list, for calibrated genres or for diversity.

The list is built item by item. Each step takes the item with the highest score minus penalty.
``favourites`` penalises the distance between the genres of the list and the genres the user likes
(Steck 2018, "Calibrated Recommendations"). ``diversity`` penalises the similarity to the most
similar item already taken (Carbonell and Goldstein 1998, maximal marginal relevance). A control
of 0 has no penalty. A control of 0.5 weighs the penalty by the difference between the first and
the last score of the short list. With a control near 1 the penalty alone decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.errors import InputError
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.ratings import Ratings

# Items considered; the scores of later ones are too low for a better mix to make up for them.
SHORT_LIST = 100
# Share of the user's genres mixed into the list's: the penalty of a missing genre stays finite.
_SMOOTHING = 0.01
_NEARLY_ALL = 0.99


@dataclass(frozen=True, slots=True)
class Controls:
    """Controls of a recommendation list, each from 0 (off) to 1.

    Parameters
    ----------
    adventure : float
        Exploration: the weight of items that neighbouring segments like.
    favourites : float
        How closely the genres of the list follow the genres the user likes.
    diversity : float
        How different the items of the list are from each other.

    Raises
    ------
    InputError
        If a control is not from 0 to 1.

    Examples
    --------
    >>> Controls(diversity=0.5).rerank, Controls(adventure=0.5).rerank
    (True, False)
    """

    adventure: float = 0.0
    favourites: float = 0.0
    diversity: float = 0.0

    def __post_init__(self) -> None:
        for name in ("adventure", "favourites", "diversity"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"expected 0 to 1, got {getattr(self, name):g}", field=name)

    @property
    def rerank(self) -> bool:
        """Whether lists are re-ranked."""
        return self.favourites > 0 or self.diversity > 0


def liked_genres(histories: Histories, ratings: Ratings, genres: sp.csr_array) -> FloatArray:
    """Return the genre mix of each history, weighted by rating, shape (B, G).

    Zeros for a user without ratings.
    """
    scale = ratings.scale
    height = (histories.rating - scale.minimum + scale.step) / (scale.maximum - scale.minimum)
    mix = (histories.matrix(height, ratings.n_items) @ genres).toarray()
    return np.asarray(mix / np.maximum(mix.sum(axis=1, keepdims=True), np.finfo(float).tiny))


def rerank(
    items: NDArray[np.intp],
    scores: FloatArray,
    k: int,
    *,
    genres: sp.csr_array,
    liked: FloatArray,
    controls: Controls,
) -> tuple[NDArray[np.intp], FloatArray]:
    """Choose k items of a short list, one by one.

    Parameters
    ----------
    items : ndarray of shape (B, S)
        Positions of items, best first; -1 after the end of a list.
    scores : ndarray of shape (B, S)
        ``-inf`` after the end of a list.
    k : int
    genres : scipy.sparse.csr_array of shape (I, G)
        See :attr:`lacunar.taste.data.ratings.Ratings.genre_shares`.
    liked : ndarray of shape (B, G)
        See :func:`liked_genres`.
    controls : Controls

    Returns
    -------
    ranks : ndarray of shape (B, min(k, S))
        Columns of the short list, in the new order; -1 after the end of a list.
    costs : ndarray of shape (B, min(k, S))
        Penalty of each item.
    """
    n_users, size = items.shape
    k = min(k, size)
    mix = genres[np.maximum(items, 0).ravel()].toarray().reshape(n_users, size, -1)  # (B, S, G)
    length = np.sqrt((mix**2).sum(axis=2, keepdims=True))
    direction = mix / np.maximum(length, np.finfo(float).tiny)
    spread = _spread(scores)
    mix_weight, likeness_weight = (
        spread * _weight(control) for control in (controls.favourites, controls.diversity)
    )
    taken = np.zeros((n_users, liked.shape[1]))
    likeness = np.zeros((n_users, size))
    left = scores.copy()
    ranks = np.full((n_users, k), -1, dtype=np.intp)
    costs = np.zeros((n_users, k))
    everyone = np.arange(n_users)
    for position in range(k):
        cost = likeness_weight[:, np.newaxis] * likeness
        if controls.favourites:
            listed = (taken[:, np.newaxis] + mix) / (position + 1)
            cost = cost + mix_weight[:, np.newaxis] * _distance(liked, listed)
        best = (left - cost).argmax(axis=1)
        found = left[everyone, best] > -np.inf
        ranks[found, position] = best[found]
        costs[found, position] = cost[everyone, best][found]
        left[everyone, best] = -np.inf
        taken += mix[everyone, best]
        if controls.diversity:
            similar = np.einsum("bsg,bg->bs", direction, direction[everyone, best])
            likeness = np.maximum(likeness, similar)
    return ranks, costs


def _distance(liked: FloatArray, listed: FloatArray) -> FloatArray:
    """Return the Kullback-Leibler divergence of each mix (B, S, G) from the liked one (B, G)."""
    wanted = liked[:, np.newaxis]
    smoothed = (1 - _SMOOTHING) * listed + _SMOOTHING * wanted
    ratio = np.divide(wanted, smoothed, out=np.ones_like(smoothed), where=wanted > 0)
    return np.asarray((wanted * np.log(ratio)).sum(axis=2))


def _weight(control: float) -> float:
    control = min(control, _NEARLY_ALL)
    return control / (1 - control)


def _spread(scores: FloatArray) -> FloatArray:
    """Return the difference between the first and last score of each list, shape (B,)."""
    known = np.where(np.isfinite(scores), scores, np.nan)
    with np.errstate(invalid="ignore"):
        first = np.fmax.reduce(known, axis=1)
        last = np.fmin.reduce(known, axis=1)
    return np.asarray(np.nan_to_num(first - last))
