from __future__ import annotations

from math import log2

import numpy as np
import pytest
from numpy.typing import NDArray

from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate import ranked_lists
from lacunar.taste.evaluate.new_users import cold_start
from lacunar.taste.evaluate.protocols import global_time
from lacunar.taste.evaluate.ranked_lists import USER_METRICS, measure, rank_split
from lacunar.taste.evaluate.split import Split


@pytest.fixture
def scores(split: Split) -> NDArray[np.float64]:
    """Scores with many ties."""
    shape = (len(split.users), split.train.n_items)
    return np.random.default_rng(0).integers(0, 3, shape).astype(float)


def test_lists_hold_the_best_films_the_user_has_not_rated(
    split: Split, scores: NDArray[np.float64]
) -> None:
    lists = rank_split(lambda users: scores[users], split)
    known = set(split.train.item.tolist())
    for place in range(len(split.users)):
        own = split.excluded.item[split.excluded.starts[place] : split.excluded.starts[place + 1]]
        competing = sorted(known - set(own.tolist()), key=lambda i: (-scores[place, i], i))
        assert lists[place].tolist() == competing[:20]


def test_films_outside_training_are_no_candidates(sample_ratings: Ratings) -> None:
    split = global_time(sample_ratings, share=0.9)
    known = np.bincount(split.train.item, minlength=split.train.n_items) > 0
    assert not known.all()
    lists = rank_split(lambda users: np.tile(1.0 - known, (len(users), 1)), split)
    assert known[lists[lists >= 0]].all()


def test_the_size_of_batches_does_not_matter(
    split: Split, scores: NDArray[np.float64], monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = rank_split(lambda users: scores[users], split)
    values = measure(lists, split)
    monkeypatch.setattr(ranked_lists, "_USERS_PER_BATCH", 7)
    np.testing.assert_array_equal(rank_split(lambda users: scores[users], split), lists)
    for metric, column in measure(lists, split).items():
        np.testing.assert_array_equal(column, values[metric])


def test_accuracy_equals_a_plain_loop(split: Split, scores: NDArray[np.float64]) -> None:
    lists = rank_split(lambda users: scores[users], split)
    values = measure(lists, split)
    assert tuple(values) == USER_METRICS
    for place, row in enumerate(lists.tolist()):
        start, stop = split.relevant.starts[place : place + 2]
        relevant = set(split.relevant.item[start:stop].tolist())
        hit = [film in relevant for film in row]
        ideal = sum(1 / log2(i + 2) for i in range(min(10, len(relevant))))
        first = next((1 / (i + 1) for i in range(10) if hit[i]), 0.0)
        expected = {
            "ndcg@10": sum(1 / log2(i + 2) for i in range(10) if hit[i]) / ideal,
            "recall@20": sum(hit) / min(20, len(relevant)),
            "mrr@10": first,
            "hit_rate@10": float(any(hit[:10])),
        }
        assert {name: values[name][place] for name in expected} == pytest.approx(expected)


def test_a_perfect_score_is_one(split: Split) -> None:
    scores = split.relevant.matrix(np.ones(len(split.relevant.item)), split.train.n_items).toarray()
    values = measure(rank_split(lambda users: scores[users], split), split)
    for metric in ("ndcg@10", "recall@20", "mrr@10", "hit_rate@10"):
        np.testing.assert_allclose(values[metric], 1)


def test_an_empty_list_has_no_hits_and_no_diversity(split: Split) -> None:
    values = measure(np.full((len(split.users), 20), -1), split)
    for metric in USER_METRICS:
        missing = metric in {"novelty@10", "diversity@10", "miscalibration@10"}
        np.testing.assert_array_equal(values[metric], np.nan if missing else 0.0)


def test_miscalibration_does_not_depend_on_the_length_of_the_history(
    sample_ratings: Ratings,
) -> None:
    splits = cold_start(sample_ratings, seed=0)
    popular = np.bincount(splits[0].train.item, minlength=sample_ratings.n_items) * 1.0
    columns = [
        measure(rank_split(lambda users: np.tile(popular, (len(users), 1)), split), split)
        for split in splits.values()
    ]
    assert not np.isnan(columns[0]["miscalibration@10"]).any()
    for other in columns[1:]:
        for metric in USER_METRICS:
            np.testing.assert_array_equal(other[metric], columns[0][metric])
