"""What the user's segment likes: the source report's rule, and the same over all segments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from lacunar.taste.mixture.parameters import FloatArray
from lacunar.taste.placement import Placement
from lacunar.taste.ratings import Ratings
from lacunar.taste.recommend.contract import Part, Reason
from lacunar.taste.recommend.histories import Histories, histories_of

Weighting = Literal["hard", "posterior"]
# Breaks ties between numbers of likes by mean stars, and stays far below one like.
_TIE = 1e-7


class SegmentRecommender:
    """Popularity inside segments.

    ``hard`` is the source report's rule: a film's score is the number of members of the user's
    most probable segment who rated it above ``liked_above``, and equal numbers are ordered by the
    members' mean rating, which adds a ten-millionth of a like per star. A film no member liked has
    the score ``-inf``. ``posterior`` asks every segment: the share of its users who like the film,
    times the probability that the user belongs to it.

    Parameters
    ----------
    placement : Placement
        Where users belong.
    liked_above : float
        Stars; a rating strictly above is a like.
    weighting : {"hard", "posterior"}
    """

    def __init__(
        self, placement: Placement, liked_above: float, weighting: Weighting = "hard"
    ) -> None:
        self._placement = placement
        self._liked_above = liked_above
        self._weighting = weighting

    def fit(self, ratings: Ratings) -> Self:
        histories = histories_of(ratings)
        belongs = self._placement.responsibilities(histories)  # (U, K)
        if self._weighting == "hard":
            belongs = (belongs.argmax(axis=1)[:, np.newaxis] == np.arange(belongs.shape[1])) * 1.0
        rated = histories.matrix(np.ones(len(histories.item)), ratings.n_items)
        liked = histories.matrix(
            (histories.rating > self._liked_above).astype(np.float64), ratings.n_items
        )
        stars = histories.matrix(histories.rating, ratings.n_items)
        self._populations: FloatArray = belongs.sum(axis=0)
        self._likes, self._raters, sums = (
            np.asarray((matrix.T @ belongs).T) for matrix in (liked, rated, stars)
        )  # (K, I)
        self._means: FloatArray = np.divide(
            sums, self._raters, out=np.zeros_like(sums), where=self._raters > 0
        )
        self._liked_by_all: FloatArray = self._likes.sum(axis=0) / ratings.n_users
        return self

    def score(self, histories: Histories) -> FloatArray:
        if self._weighting == "posterior":
            cautious = self._placement.cautious_responsibilities(histories)
            return np.asarray(cautious @ self._shares())
        belongs = self._placement.responsibilities(histories)
        liked = np.where(self._likes > 0, self._likes + _TIE * self._means, -np.inf)
        return np.asarray(liked[belongs.argmax(axis=1)])

    def parts(self, history: Histories, items: Sequence[int]) -> list[tuple[Part, ...]]:
        of_all, scores = self._liked_by_all, self.score(history)[0]
        scale = 1.0 if self._weighting == "posterior" else self._populations[self._segment(history)]
        return [
            (
                Part("segment", float(scores[item] - scale * of_all[item])),
                Part("popularity", float(scale * of_all[item])),
            )
            for item in items
        ]

    def tell(self, history: Histories, item: int, parts: Sequence[Part]) -> tuple[Reason, ...]:
        segment = self._segment(history)
        if self._weighting == "posterior":
            own, everybody = float(self._shares()[segment, item]), float(self._liked_by_all[item])
            text = f"{own:.0%} of your segment rated it above {self._liked_above:g}, "
            return (Reason("segment_likes", f"{text}{everybody:.0%} of all users", own),)
        likes, raters = int(self._likes[segment, item]), int(self._raters[segment, item])
        mean, population = float(self._means[segment, item]), int(self._populations[segment])
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

    def _segment(self, history: Histories) -> int:
        return int(self._placement.responsibilities(history)[0].argmax())

    def _shares(self) -> NDArray[np.float64]:
        """Share of each segment's users who like each film, shape (K, I)."""
        return self._likes / np.maximum(self._populations, 1)[:, np.newaxis]
