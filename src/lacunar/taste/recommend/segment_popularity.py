"""Popularity within segments: hard (rule of the source report) or weighted by the posterior."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

import numpy as np

from lacunar.aliases import FloatArray
from lacunar.mixture.statistics import one_hot
from lacunar.taste.data.histories import Histories, histories_of
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.recommend.base import Reason, ScoreParts
from lacunar.taste.segments.film_counts import count_films
from lacunar.taste.segments.placement import Placer

Weighting = Literal["hard", "posterior"]
# Weight of the mean rating in ties; their sum stays far below one like.
_TIE = 1e-7


class SegmentRecommender:
    """Orders items by popularity within segments.

    ``hard`` is the rule of the source report: the score of an item is the number of members of the
    user's most probable segment who rated it above ``liked_above``. Ties are broken by the
    members' mean rating, which adds 1e-7 per point. An item without likes has the score ``-inf``.
    ``posterior`` sums over all segments: the share of their users who like the item, times the
    probability that the user belongs to them.

    Parameters
    ----------
    placer : Placer
        Gives users their responsibilities.
    liked_above : float
        A rating strictly above is a like.
    weighting : {"hard", "posterior"}
    """

    def __init__(self, placer: Placer, liked_above: float, weighting: Weighting = "hard") -> None:
        self._placer = placer
        self._liked_above = liked_above
        self._weighting = weighting

    def fit(self, ratings: Ratings) -> Self:
        belongs = self._placer.responsibilities(histories_of(ratings))  # (U, K)
        if self._weighting == "hard":
            belongs = one_hot(belongs.argmax(axis=1), belongs.shape[1]).T
        counts = count_films(ratings, belongs, self._liked_above)
        self._implicit = ratings.implicit
        self._liked_it = "chose it" if self._implicit else f"rated it above {self._liked_above:g}"
        self._populations: FloatArray = counts.populations
        self._likes, self._raters, self._means = counts.likes, counts.raters, counts.means  # (K, I)
        self._shares: FloatArray = counts.shares
        self._liked_by_all: FloatArray = counts.likes.sum(axis=0) / ratings.n_users
        return self

    def score(self, histories: Histories) -> FloatArray:
        if self._weighting == "posterior":
            cautious = self._placer.cautious_responsibilities(histories)
            return np.asarray(cautious @ self._shares)
        belongs = self._placer.responsibilities(histories)
        liked = np.where(self._likes > 0, self._likes + _TIE * self._means, -np.inf)
        return np.asarray(liked[belongs.argmax(axis=1)])

    def decompose(self, history: Histories, items: Sequence[int]) -> list[ScoreParts]:
        of_all, scores = self._liked_by_all, self.score(history)[0]
        scale = 1.0 if self._weighting == "posterior" else self._populations[self._segment(history)]
        return [
            ScoreParts(
                {
                    "segment": float(scores[item] - scale * of_all[item]),
                    "popularity": float(scale * of_all[item]),
                }
            )
            for item in items
        ]

    def explain(
        self, history: Histories, items: Sequence[int], parts: Sequence[ScoreParts]
    ) -> list[tuple[Reason, ...]]:
        segment = self._segment(history)
        return [self._explain_item(segment, item) for item in items]

    def _explain_item(self, segment: int, item: int) -> tuple[Reason, ...]:
        if self._weighting == "posterior":
            own, overall = float(self._shares[segment, item]), float(self._liked_by_all[item])
            text = f"{own:.0%} of your segment {self._liked_it}, "
            return (Reason("segment_likes", f"{text}{overall:.0%} of all users", own),)
        likes, raters = int(self._likes[segment, item]), int(self._raters[segment, item])
        mean, population = float(self._means[segment, item]), int(self._populations[segment])
        liked = Reason(
            "segment_likes",
            f"{likes} of the {population} users of the segment {self._liked_it}",
            likes,
        )
        if self._implicit:
            return (liked,)
        text = f"the {raters} of them who rated it gave it {mean:.2f} on average"
        return liked, Reason("segment_mean", text, mean)

    def _segment(self, history: Histories) -> int:
        return int(self._placer.responsibilities(history)[0].argmax())
