"""The personal recommender under each list control, as methods for an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self, get_args

import numpy as np

from lacunar.aliases import FloatArray
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate.methods import fitted_personal
from lacunar.taste.evaluate.runner import Method, Training
from lacunar.taste.recommend.base import Reason, Recommender, ScoreParts
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.personal import PersonalRecommender
from lacunar.taste.recommend.ranking import best_films
from lacunar.taste.recommend.rerank import Controls

Control = Literal["adventure", "favourites", "diversity"]
CONTROLS: tuple[Control, ...] = get_args(Control)
LEVELS = (0.25, 0.5, 0.75, 1.0)
_LIST_LENGTH = 20


class Controlled:
    """A personal recommender with controls, whose scores rank items as its lists do.

    Parameters
    ----------
    recommender : PersonalRecommender
    ratings : Ratings
        The log it was fitted to.
    controls : Controls
    """

    def __init__(
        self, recommender: PersonalRecommender, ratings: Ratings, controls: Controls
    ) -> None:
        self._recommender = recommender.adventurous(controls.adventure)
        self._ratings = ratings
        self._request = ListRequest(k=_LIST_LENGTH, controls=controls)

    def fit(self, ratings: Ratings) -> Self:
        self._recommender.fit(ratings)
        self._ratings = ratings
        return self

    def score(self, histories: Histories) -> FloatArray:
        items, _, _ = best_films(self._recommender, self._ratings, histories, self._request)
        scores = np.full((histories.n_users, self._ratings.n_items), -np.inf)
        user, place = np.nonzero(items >= 0)
        scores[user, items[user, place]] = -place
        return scores

    def decompose(self, history: Histories, items: Sequence[int]) -> list[ScoreParts]:
        return self._recommender.decompose(history, items)

    def explain(
        self, history: Histories, items: Sequence[int], parts: Sequence[ScoreParts]
    ) -> list[tuple[Reason, ...]]:
        return self._recommender.explain(history, items, parts)


def control_methods(levels: Sequence[float] = LEVELS) -> dict[str, Method]:
    """Return a method for each control at each level, by :func:`control_name`.

    Examples
    --------
    >>> list(control_methods([0.5]))
    ['adventure 0.5', 'favourites 0.5', 'diversity 0.5']
    """
    return {
        control_name(control, level): _method(control, level)
        for control in CONTROLS
        for level in levels
    }


def control_name(control: Control, level: float) -> str:
    """Return the name of a control at a level."""
    return f"{control} {level:g}"


def _method(control: Control, level: float) -> Method:
    def build(training: Training) -> Recommender:
        personal = fitted_personal(training)
        return Controlled(personal, training.ratings, Controls(**{control: level}))

    return build
