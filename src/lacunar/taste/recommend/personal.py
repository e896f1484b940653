"""What the films a user rated say, and while they are few, what the user's segments say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg.blas import dgemm

from lacunar.aliases import FloatArray
from lacunar.taste.data.histories import Histories, histories_of
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.recommend.base import Reason, ScorePartKind, ScoreParts
from lacunar.taste.recommend.candidates import top_k
from lacunar.taste.recommend.ease import EaseModel, fit_ease
from lacunar.taste.recommend.feedback import content_rows, graded_feedback
from lacunar.taste.segments.placement import Placer

# A segment's mean of a film weighs against as many users who are like everybody.
_PRIOR_USERS = 5.0
# What few films predict is small by itself; it need not be held down further.
_HEAD_START = 5.0
_TOLD = 3
# Films that the user's ratings lead to most; adventure stays among them.
_LINKED = 100
# Mean feedback below which a film is too rare for what a segment makes of it to stand out.
_RARE = 0.02
# Liking a film by a thousandth more than everybody is liking it as much.
_FAVOURED = 1e-3


@dataclass(frozen=True, slots=True)
class PersonalOptions:
    """What the personal recommender can be told; :mod:`lacunar.taste.evaluate.tuning` chooses it.

    Parameters
    ----------
    grade : float
        See :func:`lacunar.taste.recommend.feedback.graded_feedback`.
    penalty : float
        Of the item model's weights.
    content : float
        Weight of what films have in common, in feedback of one user; 0 leaves it out.
    slide : float
        How slowly the segments give way to rated films, in ratings; above 0.
    """

    grade: float = 1.0
    penalty: float = 100.0
    content: float = 2.0
    slide: float = 1.0


class PersonalRecommender:
    """Expected feedback on each film: an item model, sliding in from the segments' means.

    A score is ``w`` times what the rated films predict (:mod:`lacunar.taste.recommend.ease`),
    which grows with every one of them, and ``1 - w`` times the mean feedback of the user's
    segments, each segment weighted with the probability that the user belongs to it. With n
    ratings ``w = (n + 5) / (n + 5 + slide)``.

    Parameters
    ----------
    placer : Placer
    options : PersonalOptions
    ease_model : EaseModel, optional
        Fitted before, to be used instead of fitting one.
    """

    def __init__(
        self,
        placer: Placer,
        options: PersonalOptions | None = None,
        *,
        ease_model: EaseModel | None = None,
    ) -> None:
        self.options = options or PersonalOptions()
        self._placer = placer
        self._given = ease_model
        self._adventure = 0.0

    def fit(self, ratings: Ratings) -> Self:
        self._films = ratings.without_users()
        histories = histories_of(ratings)
        feedback = self._feedback(histories)
        belongs = self._placer.responsibilities(histories)
        self._everybody: FloatArray = np.asarray(feedback.mean(axis=0))
        sums = np.asarray((feedback.T @ belongs).T) + _PRIOR_USERS * self._everybody
        self._segment_means: FloatArray = sums / (belongs.sum(axis=0) + _PRIOR_USERS)[:, np.newaxis]
        self.ease_model = self._given or fit_ease(
            design_rows(ratings, self.options), self.options.penalty
        )
        return self

    def with_slide(self, slide: float) -> Self:
        """Return a fitted recommender with another slide; the other options are fitted in."""
        changed = copy(self)
        changed.options = replace(self.options, slide=slide)
        return changed

    def adventurous(self, adventure: float) -> Self:
        """Return a fitted recommender that looks beyond the user's own segments."""
        changed = copy(self)
        changed._adventure = adventure
        return changed

    def score(self, histories: Histories) -> FloatArray:
        if not self._adventure:
            return self._plain(histories, self._predicted(histories))
        kept, plain, bonus = self._venture(histories)
        return np.asarray(kept * plain + bonus)

    def decompose(self, history: Histories, items: Sequence[int]) -> list[ScoreParts]:
        weight = self._weight(history)
        feedback = self._feedback(history, weight).data
        linking = self.ease_model.weights(history.item.tolist(), items)
        added = (feedback[:, np.newaxis] * linking).T  # (items, N)
        expected = (self._segment_weights(history, weight) @ self._segment_means)[0, items]
        popularity = (1 - weight[0]) * self._everybody[items]
        others = np.stack([expected - popularity, popularity])
        kinds: list[ScorePartKind] = ["segment", "popularity"]
        if self._adventure:
            kept, _, bonus = self._venture(history)
            added, others = kept * added, np.stack([*(kept * others), bonus[0, items]])
            kinds.append("adventure")
        return [
            ScoreParts(dict(zip(kinds, of_film, strict=True)), rated, history.item)
            for of_film, rated in zip(others.T.tolist(), added, strict=True)
        ]

    def explain(
        self, history: Histories, items: Sequence[int], parts: Sequence[ScoreParts]
    ) -> list[tuple[Reason, ...]]:
        stars = dict(zip(history.item.tolist(), history.rating.tolist(), strict=True))
        return [self._explain_item(stars, of_film) for of_film in parts]

    def _explain_item(self, stars: Mapping[int, float], parts: ScoreParts) -> tuple[Reason, ...]:
        titles = self._films.items["title"]
        total = parts.in_favour
        reasons = []
        for part in parts.largest(_TOLD):
            if part.value <= 0:
                break
            share = f" ({part.value / total:.0%} of what speaks for it)"
            if part.item is not None:
                text = f"you gave {titles[part.item]} {stars[part.item]:g} stars"
            elif part.kind == "adventure":
                text = "people whose taste is near yours like it more than others do"
            elif part.kind == "segment":
                text = (
                    "people of your taste like it more than others do"
                    if stars
                    else "some segments like it more than others do"
                )
            else:
                text = "many people like it"
            reasons.append(Reason(part.kind, text + share, part.value))
        return tuple(reasons)

    def _predicted(self, histories: Histories) -> FloatArray:
        """What the rated films lead to, shape (B, I)."""
        return self.ease_model.predict(self._feedback(histories, self._weight(histories)))

    def _plain(self, histories: Histories, predicted: FloatArray) -> FloatArray:
        """Scores without adventure; overwrites what is predicted."""
        # Added in place: another matrix of all scores would take as long as filling it.
        scores = dgemm(
            1.0,
            self._segment_weights(histories, self._weight(histories)),
            self._segment_means,
            beta=1.0,
            c=predicted,
            overwrite_c=True,
        )
        return np.asarray(scores)

    def _linked(self, histories: Histories, predicted: FloatArray) -> NDArray[np.bool_]:
        """The films that the user's own ratings lead to most, shape (B, I)."""
        unseen = predicted.copy()
        unseen[histories.user, histories.item] = -np.inf
        _, best = top_k(unseen, _LINKED)
        floor = np.where(np.isneginf(best), np.inf, best).min(axis=1, keepdims=True)
        return np.asarray(unseen >= floor)

    def _venture(self, histories: Histories) -> tuple[FloatArray, FloatArray, FloatArray]:
        """What adventure leaves of plain scores, (B, 1), these, and what it adds to them, (B, I).

        Segments weigh by the posterior as if one column of the view had been seen instead of
        all, the more so the more adventure; a film counts for what they like more than everybody,
        in proportion to the most such film among the linked ones. The others get what the least
        of those gets, so none overtakes them.
        """
        predicted = self._predicted(histories)
        linked = self._linked(histories, predicted)
        plain = self._plain(histories, predicted)
        belongs = self._placer.cautious_responsibilities(histories)
        heat = 1 + self._adventure * (self._placer.n_columns - 1)
        cooled = np.maximum(belongs, np.finfo(float).tiny) ** (1 / heat)
        cooled /= cooled.sum(axis=1, keepdims=True)
        lift = (cooled @ self._segment_means - self._everybody) / (self._everybody + _RARE)
        top = np.where(linked, lift, -np.inf).max(axis=1, keepdims=True)
        least = np.where(linked, lift, np.inf).min(axis=1, keepdims=True)
        unit = plain.max(axis=1, keepdims=True)
        # Where the segments favour nothing, there is nowhere to go.
        somewhere = np.isfinite(top) & (top > _FAVOURED)
        scale = self._adventure * unit / np.where(somewhere, top, 1.0)
        gained = np.where(linked, lift, np.where(np.isfinite(least), least, 0.0))
        kept = np.where(somewhere, 1 - self._adventure, 1.0)
        return kept, plain, np.where(somewhere, gained * scale, 0.0)

    def _weight(self, histories: Histories) -> FloatArray:
        """How much the rated films count, shape (B,)."""
        n = histories.n_ratings + _HEAD_START
        return n / (n + self.options.slide)

    def _feedback(self, histories: Histories, weight: FloatArray | None = None) -> sp.csr_array:
        feedback = _graded(histories, self._films, self.options)
        if weight is not None:
            feedback.data *= np.repeat(weight, histories.n_ratings)
        return feedback

    def _segment_weights(self, histories: Histories, weight: FloatArray) -> FloatArray:
        """How much each segment's means count, shape (B, K)."""
        belongs = self._placer.cautious_responsibilities(histories)
        return np.asarray((1 - weight)[:, np.newaxis] * belongs)


def design_rows(ratings: Ratings, options: PersonalOptions) -> sp.csr_array:
    """What the item model is fitted to: feedback of users, then rows of content.

    Parameters
    ----------
    ratings : Ratings
    options : PersonalOptions

    Returns
    -------
    rows : scipy.sparse.csr_array of shape (n, I)
    """
    feedback = _graded(histories_of(ratings), ratings, options)
    if not options.content:
        return feedback
    return sp.csr_array(sp.vstack([feedback, options.content * content_rows(ratings)]))


def _graded(histories: Histories, ratings: Ratings, options: PersonalOptions) -> sp.csr_array:
    """Feedback of users on the films of a log, shape (B, I)."""
    values = graded_feedback(histories.rating, ratings.scale, options.grade)
    return histories.matrix(values, ratings.n_items)
