"""The popularity recommender, the baseline for all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from lacunar.aliases import FloatArray
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.recommend.base import Reason, ScoreParts


class PopularityRecommender:
    """Orders items by the number of users who liked them.

    Parameters
    ----------
    liked_from : float, optional
        A rating of at least this is a like. The default is four fifths of the scale.

    Examples
    --------
    >>> from lacunar.taste.data.histories import new_history
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> recommender = PopularityRecommender().fit(ratings)
    >>> int(recommender.score(new_history(ratings, {})).max())
    29
    """

    def __init__(self, liked_from: float | None = None) -> None:
        self._liked_from = liked_from

    def fit(self, ratings: Ratings) -> Self:
        liked_from = self._liked_from
        self._threshold = 0.8 * ratings.scale.maximum if liked_from is None else liked_from
        self._liked_it = "chose it" if ratings.implicit else f"rated it {self._threshold:g} or more"
        self._n_users = ratings.n_users
        liked = ratings.item[ratings.rating >= self._threshold]
        self._likes: FloatArray = np.bincount(liked, minlength=ratings.n_items).astype(np.float64)
        return self

    def score(self, histories: Histories) -> FloatArray:
        return np.tile(self._likes, (histories.n_users, 1))

    def decompose(self, history: Histories, items: Sequence[int]) -> list[ScoreParts]:
        return [ScoreParts({"popularity": likes}) for likes in self._likes[list(items)].tolist()]

    def explain(
        self, history: Histories, items: Sequence[int], parts: Sequence[ScoreParts]
    ) -> list[tuple[Reason, ...]]:
        text = f"of {self._n_users} users {self._liked_it}"
        return [
            (Reason("popularity", f"{likes:g} {text}", likes),)
            for likes in self._likes[list(items)].tolist()
        ]
