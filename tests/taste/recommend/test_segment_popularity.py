from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from lacunar.taste.data.histories import Histories, histories_at, histories_of
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.segment_popularity import SegmentRecommender


def of_user(model: TasteModel, user: int) -> Histories:
    return histories_at(model.ratings, np.array([user]))


@pytest.mark.parametrize("user", [0, 7, 63])
def test_the_source_rule_equals_a_plain_loop(sample_model: TasteModel, user: int) -> None:
    labels, log = sample_model.segments.labels, sample_model.ratings.log.to_pylist()
    likes: dict[int, int] = defaultdict(int)
    given = defaultdict(list)
    seen = {row["item"] for row in log if row["user"] == user}
    for row in log:
        if labels[row["user"]] == labels[user]:
            likes[row["item"]] += row["rating"] > 3.5
            given[row["item"]].append(row["rating"])
    expected = sorted(
        (item for item, count in likes.items() if count and item not in seen),
        key=lambda item: (-likes[item], -sum(given[item]) / len(given[item]), item),
    )
    [found] = sample_model.recommend_lists(
        of_user(sample_model, user), ListRequest(k=10**6, by="segment")
    )
    assert [one.item for one in found] == expected
    assert [one.score for one in found] == pytest.approx(
        [likes[item] for item in expected], abs=1e-6
    )


def test_segments_are_weighted_by_their_posterior(sample_model: TasteModel) -> None:
    ratings, belongs = sample_model.ratings, sample_model.segments.responsibilities
    histories = histories_of(ratings)
    cautious = sample_model.placer.cautious_responsibilities(histories)
    liked = np.zeros((ratings.n_users, ratings.n_items))
    liked[ratings.user, ratings.item] = ratings.rating > 3.5
    shares = (belongs.T @ liked) / belongs.sum(axis=0)[:, np.newaxis]
    found = sample_model.recommender("posterior").score(histories)
    assert found == pytest.approx(cautious @ shares, abs=1e-9)


def test_reasons_name_the_counts_behind_a_film(sample_model: TasteModel) -> None:
    [[found]] = sample_model.recommend_lists(
        of_user(sample_model, 0), ListRequest(k=1, by="segment")
    )
    population = sample_model.segments.populations[sample_model.segments.labels[0]]
    assert found.reasons[0].value == round(found.score)
    assert f"{found.score:.0f} of the {population} users of the segment" in found.reasons[0].text


def test_parts_separate_the_segment_from_all_users(sample_model: TasteModel) -> None:
    ratings = sample_model.ratings
    [[found]] = sample_model.recommend_lists(
        of_user(sample_model, 0), ListRequest(k=1, by="segment")
    )
    parts = {part.kind: part.value for part in found.parts}
    liked = np.count_nonzero(ratings.rating[ratings.item == found.item] > 3.5) / ratings.n_users
    population = sample_model.segments.populations[sample_model.segments.labels[0]]
    assert parts["popularity"] == pytest.approx(population * liked)


def test_nothing_is_recommended_without_likes(sample_model: TasteModel) -> None:
    nobody = SegmentRecommender(sample_model.placer, liked_above=5.0).fit(sample_model.ratings)
    assert np.isneginf(nobody.score(of_user(sample_model, 0))).all()
