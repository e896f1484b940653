from __future__ import annotations

from collections import defaultdict

import pytest

from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.segment import SegmentRecommender


@pytest.mark.parametrize("user", [0, 7, 63])
def test_the_rule_equals_a_plain_loop(sample_model: TasteModel, user: int) -> None:
    labels, log = sample_model.segments.labels, sample_model.ratings.log.to_pylist()
    likes: dict[int, int] = defaultdict(int)
    given = defaultdict(list)
    seen = {row["item"] for row in log if row["user"] == user}
    for row in log:
        if labels[row["user"]] == labels[user]:
            likes[row["item"]] += row["rating"] > 4
            given[row["item"]].append(row["rating"])
    expected = sorted(
        (item for item, count in likes.items() if count and item not in seen),
        key=lambda item: (-likes[item], -sum(given[item]) / len(given[item]), item),
    )
    found = sample_model.segment_recommender.recommend(user, 10**6)
    assert [one.item for one in found] == expected
    assert [one.score for one in found] == [likes[item] for item in expected]


def test_reasons_name_the_counts_behind_a_film(sample_model: TasteModel) -> None:
    found = sample_model.segment_recommender.recommend(0, 1)[0]
    population = sample_model.segments.populations[sample_model.segments.labels[0]]
    assert found.reasons[0].value == found.score
    assert f"{found.score:.0f} of the {population} users of the segment" in found.reasons[0].text


def test_nothing_is_recommended_where_nothing_is_liked(sample_model: TasteModel) -> None:
    nobody = SegmentRecommender(sample_model.ratings, sample_model.segments, liked_above=5.0)
    assert nobody.recommend(0, 5) == []
