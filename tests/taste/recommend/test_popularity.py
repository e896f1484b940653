from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lacunar.taste.data.histories import new_history
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.recommend.popularity import PopularityRecommender

ROWS = ("1,1,4.0,1", "2,1,4.5,1", "3,1,3.5,1", "1,2,5.0,1", "2,3,1.0,1")


def test_scores_count_ratings_of_at_least_four_fifths(write_csv: Callable[..., Path]) -> None:
    ratings = read_ratings(write_csv(*ROWS))
    found = PopularityRecommender().fit(ratings).score(new_history(ratings, {}))
    assert found.tolist() == [[2, 1, 0, 0]]


def test_the_threshold_follows_the_scale_unless_given(write_csv: Callable[..., Path]) -> None:
    ratings = read_ratings(write_csv("1,1,8,1", "2,1,7,1"), scale=RatingScale(1, 10, 1))
    nobody = new_history(ratings, {})
    assert PopularityRecommender().fit(ratings).score(nobody)[0, 0] == 1
    assert PopularityRecommender(liked_from=7).fit(ratings).score(nobody)[0, 0] == 2


def test_the_reason_counts_people(write_csv: Callable[..., Path]) -> None:
    ratings = read_ratings(write_csv(*ROWS))
    nobody = new_history(ratings, {})
    recommender = PopularityRecommender().fit(ratings)
    [[reason]] = recommender.explain(nobody, [0], recommender.decompose(nobody, [0]))
    assert reason.text == "2 of 3 users rated it 4 or more"
