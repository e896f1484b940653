"""Order a short list anew: nearer to the user's genres, or with films less alike.

Both build the list film by film, each time taking the film whose score at that place is highest:
its own score, less what it costs at the place. ``favourites`` takes the distance of the list's
genres from those the user likes (Steck 2018, "Calibrated Recommendations"), ``diversity`` the
likeness to the most similar film already taken (Carbonell and Goldstein 1998, maximal marginal
relevance). A control of 0 costs nothing, one of .5 as much as lies between the first and the last
score of the short list, one near 1 decides alone.
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

# Films considered for a place; those behind are too far to be worth a better mix.
SHORT_LIST = 100
# Share of the user's own mix in the list's, so that a genre still missing costs a finite amount.
_SMOOTHING = 0.01
_NEARLY_ALL = 0.99


@dataclass(frozen=True, slots=True)
class Controls:
    """What a user may ask of a list.

    Parameters
    ----------
    adventure : float
        0 to 1: how far to look beyond the user's own segment.
    favourites : float
        0 to 1: how closely the list follows the genres the user likes.
    diversity : float
        0 to 1: how little alike the films of the list are.

    Raises
    ------
    InputError
        If one is not from 0 to 1.
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
        return self.favourites > 0 or self.diversity > 0


def liked_genres(histories: Histories, ratings: Ratings, genres: sp.csr_array) -> FloatArray:
    """Genre mix of each history, films weighing by their rating, shape (B, G).

    Zeros for a user of whom nothing is known.
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
    """Choose k of a short list, film by film.

    Parameters
    ----------
    items : ndarray of shape (B, S)
        Positions of films, best first; -1 where a list has ended.
    scores : ndarray of shape (B, S)
        ``-inf`` where a list has ended.
    k : int
    genres : scipy.sparse.csr_array of shape (I, G)
        See :attr:`lacunar.taste.data.ratings.Ratings.genre_shares`.
    liked : ndarray of shape (B, G)
        See :func:`liked_genres`.
    controls : Controls

    Returns
    -------
    places : ndarray of shape (B, min(k, S))
        Which place of the short list comes next; -1 where a list has ended.
    cost : ndarray of shape (B, min(k, S))
        What each film's place takes from its score.
    """
    n_users, size = items.shape
    k = min(k, size)
    mix = genres[np.maximum(items, 0).ravel()].toarray().reshape(n_users, size, -1)  # (B, S, G)
    length = np.sqrt((mix**2).sum(axis=2, keepdims=True))
    direction = mix / np.maximum(length, np.finfo(float).tiny)
    unit = _spread(scores)
    price_mix, price_alike = (unit * _price(c) for c in (controls.favourites, controls.diversity))
    taken = np.zeros((n_users, liked.shape[1]))
    alike = np.zeros((n_users, size))
    left = scores.copy()
    places = np.full((n_users, k), -1, dtype=np.intp)
    costs = np.zeros((n_users, k))
    everyone = np.arange(n_users)
    for place in range(k):
        cost = price_alike[:, np.newaxis] * alike
        if controls.favourites:
            listed = (taken[:, np.newaxis] + mix) / (place + 1)
            cost = cost + price_mix[:, np.newaxis] * _distance(liked, listed)
        best = (left - cost).argmax(axis=1)
        found = left[everyone, best] > -np.inf
        places[found, place] = best[found]
        costs[found, place] = cost[everyone, best][found]
        left[everyone, best] = -np.inf
        taken += mix[everyone, best]
        if controls.diversity:
            similar = np.einsum("bsg,bg->bs", direction, direction[everyone, best])
            alike = np.maximum(alike, similar)
    return places, costs


def _distance(liked: FloatArray, listed: FloatArray) -> FloatArray:
    """Kullback-Leibler divergence of each listed mix (B, S, G) from the liked one (B, G)."""
    wanted = liked[:, np.newaxis]
    smoothed = (1 - _SMOOTHING) * listed + _SMOOTHING * wanted
    ratio = np.divide(wanted, smoothed, out=np.ones_like(smoothed), where=wanted > 0)
    return np.asarray((wanted * np.log(ratio)).sum(axis=2))


def _price(control: float) -> float:
    control = min(control, _NEARLY_ALL)
    return control / (1 - control)


def _spread(scores: FloatArray) -> FloatArray:
    """From the first to the last score of each list, shape (B,)."""
    known = np.where(np.isfinite(scores), scores, np.nan)
    with np.errstate(invalid="ignore"):
        first = np.fmax.reduce(known, axis=1)
        last = np.fmin.reduce(known, axis=1)
    return np.asarray(np.nan_to_num(first - last))
