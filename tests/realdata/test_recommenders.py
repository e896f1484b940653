"""What the recommenders do on the published ratings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lacunar.taste.config import RECOMMENDERS, RecommenderName, TasteConfig
from lacunar.taste.data.histories import histories_at
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.evaluate.protocols import random_split
from lacunar.taste.evaluate.ranked_lists import measure, rank_split
from lacunar.taste.fit import fit_taste
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.base import Recommender
from lacunar.taste.recommend.personal import PersonalRecommender
from lacunar.taste.recommend.popularity import PopularityRecommender
from lacunar.taste.recommend.segment_popularity import SegmentRecommender
from lacunar.taste.segments.fit import fit_segments

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def ratings(real_tastes: Path) -> Ratings:
    return read_ratings(real_tastes)


@pytest.fixture(scope="module")
def model(ratings: Ratings) -> TasteModel:
    config = TasteConfig(min_components=8, max_components=8, n_seeds=2, refits=0, map_users=10)
    return fit_taste(ratings, config)


@pytest.mark.parametrize("by", RECOMMENDERS)
def test_parts_sum_to_scores_for_ten_thousand_pairs(model: TasteModel, by: RecommenderName) -> None:
    generator = np.random.default_rng(0)
    recommender, ratings = model.recommender(by), model.ratings
    largest = pairs = 0.0
    for user in generator.choice(ratings.n_users, 500, replace=False).tolist():
        history = histories_at(ratings, np.array([user]))
        scores = recommender.score(history)[0]
        unseen = np.setdiff1d(np.flatnonzero(np.isfinite(scores)), history.item)
        items = generator.choice(unseen, 20, replace=False).tolist()
        parts = recommender.decompose(history, items)
        sums = np.array([sum(part.value for part in of_film) for of_film in parts])
        largest = max(largest, float(np.abs(sums - scores[items]).max()))
        pairs += len(items)
    assert pairs == 10_000
    assert largest < 1e-9


def test_untuned_the_personal_recommender_is_far_ahead_of_the_source_rule(
    ratings: Ratings,
) -> None:
    split = random_split(ratings, seed=0)
    config = TasteConfig.of_preset("source")
    placer = fit_segments(split.train, config).placer(split.train, config)

    def ndcg(recommender: Recommender) -> float:
        fitted = recommender.fit(split.train)
        lists = rank_split(lambda users: fitted.score(split.histories.take(users)), split)
        return float(measure(lists, split)["ndcg@10"].mean())

    rule = ndcg(SegmentRecommender(placer, liked_above=4.0))
    assert 0.14 < rule < 0.18
    assert ndcg(PopularityRecommender()) == pytest.approx(rule, abs=0.015)
    assert ndcg(PersonalRecommender(placer)) > max(0.3, 1.9 * rule)
