"""The personal recommender: EASE blended with the means of the user's segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.taste.data.histories import Histories, histories_of
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.recommend.base import Reason, ScorePartKind, ScoreParts
from lacunar.taste.recommend.candidates import top_k
from lacunar.taste.recommend.ease import EaseModel, fit_ease
from lacunar.taste.recommend.feedback import content_rows, graded_feedback
from lacunar.taste.segments.placement import Placer

# Users with average feedback that are added to each segment: shrinks its means.
_PRIOR_USERS = 5.0
# Added to the number of ratings: predictions from few items are small already.
_HEAD_START = 5.0
_MAX_REASONS = 3
# Items with the highest predictions from the user's ratings; adventure chooses among them.
_LINKED = 100
# Added to mean feedback in ratios: keeps the lift of rare items small.
_RARE = 0.02
# A lift below this counts as none.
_FAVOURED = 1e-3


@dataclass(frozen=True, slots=True)
class PersonalOptions:
    """Hyperparameters of the personal recommender; :mod:`lacunar.taste.evaluate.tuning` sets them.

    Parameters
    ----------
    grade : float
        See :func:`lacunar.taste.recommend.feedback.graded_feedback`.
    penalty : float
        L2 penalty of the item model.
    content : float
        Weight of the content rows, relative to the feedback of one user; 0 leaves them out.
    slide : float
        Above 0. The larger it is, the more ratings it takes until the item model outweighs the
        segments.
    """

    grade: float = 1.0
    penalty: float = 100.0
    content: float = 2.0
    slide: float = 1.0


class PersonalRecommender:
    """Scores items by expected feedback: a blend of an item model and segment means.

    A score is ``w`` times the prediction of the item model (:mod:`lacunar.taste.recommend.ease`)
    from the rated items, plus ``1 - w`` times the mean feedback of the user's segments, weighted
    by the user's responsibilities. With n ratings ``w = (n + 5) / (n + 5 + slide)``.

    Parameters
    ----------
    placer : Placer
    options : PersonalOptions
    ease_model : EaseModel, optional
        A fitted item model; without it, :meth:`fit` fits one.
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
        self._films, self._implicit = ratings.without_users(), ratings.implicit
        histories = histories_of(ratings)
        feedback = self._feedback(histories)
        belongs = self._placer.responsibilities(histories)
        self._overall: FloatArray = np.asarray(feedback.mean(axis=0))
        sums = np.asarray((feedback.T @ belongs).T) + _PRIOR_USERS * self._overall
        self._segment_means: FloatArray = sums / (belongs.sum(axis=0) + _PRIOR_USERS)[:, np.newaxis]
        self.ease_model = self._given or fit_ease(
            design_rows(ratings, self.options), self.options.penalty
        )
        return self

    def with_slide(self, slide: float) -> Self:
        """Return the fitted recommender with another slide, the only option that needs no refit."""
        changed = copy(self)
        changed.options = replace(self.options, slide=slide)
        return changed

    def adventurous(self, adventure: float) -> Self:
        """Return the fitted recommender that also explores what neighbouring segments like."""
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
        popularity = (1 - weight[0]) * self._overall[items]
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
        for part in parts.largest(_MAX_REASONS):
            if part.value <= 0:
                break
            share = f" ({part.value / total:.0%} of the positive score)"
            if part.item is not None:
                title = titles[part.item]
                if self._implicit and stars[part.item]:
                    text = f"you chose {title}"
                else:
                    text = (
                        f"you rated {title} {stars[part.item]:g} of {self._films.scale.maximum:g}"
                    )
            elif part.kind == "adventure":
                text = "people with similar taste like it more than others do"
            elif part.kind == "segment":
                text = (
                    "people with your taste like it more than others do"
                    if stars
                    else "some segments like it more than others do"
                )
            else:
                text = "popular with all users"
            reasons.append(Reason(part.kind, text + share, part.value))
        return tuple(reasons)

    def _predicted(self, histories: Histories) -> FloatArray:
        """Return the predictions of the item model, shape (B, I)."""
        return self.ease_model.predict(self._feedback(histories, self._weight(histories)))

    def _plain(self, histories: Histories, predicted: FloatArray) -> FloatArray:
        """Return scores without adventure; overwrites ``predicted``."""
        from scipy.linalg.blas import dgemm

        # In place: a second (B, I) matrix would take as long as the product.
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
        """Mark the items with the highest predictions from the user's ratings, shape (B, I)."""
        unseen = predicted.copy()
        unseen[histories.user, histories.item] = -np.inf
        _, best = top_k(unseen, _LINKED)
        floor = np.where(np.isneginf(best), np.inf, best).min(axis=1, keepdims=True)
        return np.asarray(unseen >= floor)

    def _venture(self, histories: Histories) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the factor of plain scores (B, 1), plain scores (B, I) and the bonus (B, I).

        More adventure flattens the responsibilities, at most to those of a single column of the
        view. The bonus of an item is its lift: how much more these segments like it than all users
        do, relative to the highest lift of the linked items. Other items get the lowest bonus of
        the linked items, so that they do not overtake them.
        """
        predicted = self._predicted(histories)
        linked = self._linked(histories, predicted)
        plain = self._plain(histories, predicted)
        belongs = self._placer.cautious_responsibilities(histories)
        heat = 1 + self._adventure * (self._placer.n_columns - 1)
        cooled = np.maximum(belongs, np.finfo(float).tiny) ** (1 / heat)
        cooled /= cooled.sum(axis=1, keepdims=True)
        lift = (cooled @ self._segment_means - self._overall) / (self._overall + _RARE)
        top = np.where(linked, lift, -np.inf).max(axis=1, keepdims=True)
        least = np.where(linked, lift, np.inf).min(axis=1, keepdims=True)
        unit = plain.max(axis=1, keepdims=True)
        # Without an item that the segments favour, scores stay as they are.
        favoured = np.isfinite(top) & (top > _FAVOURED)
        scale = self._adventure * unit / np.where(favoured, top, 1.0)
        gained = np.where(linked, lift, np.where(np.isfinite(least), least, 0.0))
        kept = np.where(favoured, 1 - self._adventure, 1.0)
        return kept, plain, np.where(favoured, gained * scale, 0.0)

    def _weight(self, histories: Histories) -> FloatArray:
        """Return the weight of the item model, shape (B,)."""
        n = histories.n_ratings + _HEAD_START
        return n / (n + self.options.slide)

    def _feedback(self, histories: Histories, weight: FloatArray | None = None) -> sp.csr_array:
        feedback = _graded(histories, self._films, self.options)
        if weight is not None:
            feedback.data *= np.repeat(weight, histories.n_ratings)
        return feedback

    def _segment_weights(self, histories: Histories, weight: FloatArray) -> FloatArray:
        """Return the weight of each segment's means, shape (B, K)."""
        belongs = self._placer.cautious_responsibilities(histories)
        return np.asarray((1 - weight)[:, np.newaxis] * belongs)


def design_rows(ratings: Ratings, options: PersonalOptions) -> sp.csr_array:
    """Return the rows that the item model is fitted to: feedback of users, then content rows.

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
    """Return the feedback of users on the items of a log, shape (B, I)."""
    values = graded_feedback(histories.rating, ratings.scale, options.grade)
    return histories.matrix(values, ratings.n_items)
