from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.evaluate.new_users import cold_start
from lacunar.taste.evaluate.protocols import random_positions, random_split
from lacunar.taste.evaluate.segment_quality import (
    ranking_quality,
    score_by_segment,
    segment_popularity_ndcg,
)
from lacunar.taste.evaluate.split import Split, split_by_rows


def test_films_are_ordered_by_likes_of_members_then_of_all_then_by_position(
    split: Split,
) -> None:
    train = split.train
    labels = np.random.default_rng(1).integers(-1, 3, train.n_users)
    liked = train.rating >= 4
    scores = score_by_segment(train, labels)(np.arange(train.n_users))
    overall = np.bincount(train.item[liked], minlength=train.n_items)
    for user in range(0, train.n_users, 9):
        alike = labels[train.user] == labels[user] if labels[user] >= 0 else True
        inside = np.bincount(train.item[liked & alike], minlength=train.n_items)
        expected = sorted(range(train.n_items), key=lambda i: (-inside[i], -overall[i], i))
        assert np.argsort(-scores[user], kind="stable").tolist() == expected


def test_noise_gets_the_popularity_over_all_users(split: Split) -> None:
    nobody = np.full(split.train.n_users, -1)
    everybody = np.zeros(split.train.n_users, dtype=int)
    assert segment_popularity_ndcg(split, nobody) == segment_popularity_ndcg(split, everybody)


def test_the_numbers_of_segments_do_not_matter(split: Split) -> None:
    labels = np.random.default_rng(0).integers(0, 3, split.train.n_users)
    renamed = np.array([7, 0, 2])[labels]
    assert segment_popularity_ndcg(split, labels) == segment_popularity_ndcg(split, renamed)


def test_users_are_positions_in_training(sample_ratings: Ratings) -> None:
    # Users of odd positions only, so that theirs in training are others.
    held_out = random_positions(sample_ratings, seed=0) < 5
    odd = sample_ratings.user % 2 == 1
    kept = odd & ~held_out
    split = split_by_rows(
        sample_ratings, train=kept, shown=kept, excluded=kept, held_out=odd & held_out
    )
    asked: list[int] = []

    def score_users(users: NDArray[np.intp]) -> NDArray[np.float64]:
        asked.extend(users.tolist())
        return np.zeros((len(users), split.train.n_items))

    ranking_quality(score_users, split)
    assert split.train_users[asked].tolist() == split.users.tolist()


def test_users_outside_training_are_refused(sample_ratings: Ratings) -> None:
    split = cold_start(sample_ratings, seed=0)[0]
    with pytest.raises(ValueError, match="tested users are all in training"):
        ranking_quality(lambda users: np.zeros((len(users), split.train.n_items)), split)


@pytest.mark.parametrize("labels", [np.zeros(3, dtype=int), np.full(120, -2)])
def test_invalid_labels_are_refused(split: Split, labels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a label of -1 or more for each of 120 users"):
        score_by_segment(split.train, labels)


@pytest.mark.realdata
def test_popularity_has_the_known_ndcg(real_tastes: Path) -> None:
    ratings = read_ratings(real_tastes)
    everybody = np.zeros(ratings.n_users, dtype=int)
    scores = [
        segment_popularity_ndcg(random_split(ratings, seed=seed), everybody) for seed in range(3)
    ]
    assert np.mean(scores) == pytest.approx(0.164, abs=0.006)
