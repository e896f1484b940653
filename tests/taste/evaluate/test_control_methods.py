from __future__ import annotations

import numpy as np
import pytest

from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate.control_methods import CONTROLS, Controlled, control_methods
from lacunar.taste.evaluate.protocols import random_split
from lacunar.taste.evaluate.ranked_lists import rank_split
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.personal import PersonalRecommender
from lacunar.taste.recommend.ranking import best_films
from lacunar.taste.recommend.rerank import Controls


def test_each_control_has_each_level() -> None:
    assert len(control_methods([0.5, 1.0])) == 2 * len(CONTROLS)


@pytest.mark.parametrize("control", CONTROLS)
def test_ranking_by_scores_gives_the_shown_lists(
    sample_model: TasteModel, sample_ratings: Ratings, control: str
) -> None:
    split = random_split(sample_ratings, seed=0)
    personal = PersonalRecommender(sample_model.placer).fit(split.train)
    controls = Controls(**{control: 0.6})
    recommender = Controlled(personal, split.train, controls)
    lists = rank_split(lambda users: recommender.score(split.histories.take(users)), split)
    bold = personal.adventurous(controls.adventure)
    expected, _, _ = best_films(
        bold, split.train, split.histories, ListRequest(k=20, controls=controls)
    )
    assert lists.tolist() == expected.tolist()
    plain, _, _ = best_films(personal, split.train, split.histories, ListRequest(k=20))
    assert (np.sort(lists) != np.sort(plain)).any()
