"""The source report's rule: what the user's segment likes and the user has not seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lacunar.taste.mixture.parameters import FloatArray
from lacunar.taste.ratings import Ratings
from lacunar.taste.recommend.contract import Reason, Recommendation
from lacunar.taste.segments import Segments


class SegmentRecommender:
    """Popularity inside the user's most probable segment.

    A film's score is the number of members who rated it above ``liked_above``. Equal scores are
    ordered by the members' mean rating of the film, then by item id.

    Parameters
    ----------
    ratings : Ratings
    segments : Segments
    liked_above : float
        Stars; a rating strictly above is a like.
    """

    def __init__(self, ratings: Ratings, segments: Segments, liked_above: float) -> None:
        self._ratings = ratings
        self._segments = segments
        self._liked_above = liked_above
        shape = (segments.n_segments, ratings.n_items)
        cell = segments.labels[ratings.user] * ratings.n_items + ratings.item
        size = shape[0] * shape[1]
        liked = ratings.rating > liked_above
        self._likes: NDArray[np.int64] = np.bincount(cell[liked], minlength=size).reshape(shape)
        self._raters: NDArray[np.int64] = np.bincount(cell, minlength=size).reshape(shape)
        sums = np.bincount(cell, weights=ratings.rating, minlength=size).reshape(shape)
        self._means: FloatArray = sums / np.maximum(self._raters, 1)

    def recommend(self, user: int, k: int) -> list[Recommendation]:
        """At most ``k`` films that a member liked and the user has not rated."""
        segment = int(self._segments.labels[user])
        likes, means = self._likes[segment], self._means[segment]
        candidate = likes > 0
        candidate[self._ratings.item[self._ratings.rows_of(user)]] = False
        items = np.flatnonzero(candidate)
        best = items[np.lexsort((items, -means[items], -likes[items]))[:k]]
        return [
            Recommendation(item, float(likes[item]), self._reasons(segment, item))
            for item in best.tolist()
        ]

    def _reasons(self, segment: int, item: int) -> tuple[Reason, ...]:
        likes, raters = int(self._likes[segment, item]), int(self._raters[segment, item])
        mean, population = float(self._means[segment, item]), self._segments.populations[segment]
        return (
            Reason(
                "segment_likes",
                f"{likes} of the {population} users of the segment rated it above "
                f"{self._liked_above:g}",
                likes,
            ),
            Reason(
                "segment_mean",
                f"the {raters} of them who rated it gave {mean:.2f} stars on average",
                mean,
            ),
        )
