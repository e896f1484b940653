from __future__ import annotations

import numpy as np
import pytest

from lacunar.mixture.statistics import one_hot
from lacunar.taste.model import TasteModel
from lacunar.taste.segments.film_counts import count_films


def test_counts_equal_a_plain_loop(sample_model: TasteModel) -> None:
    ratings, labels = sample_model.ratings, sample_model.segments.labels
    found = sample_model.film_counts
    for item in range(0, ratings.n_items, 37):
        rows = np.flatnonzero(ratings.item == item)
        for segment in range(sample_model.segments.n_segments):
            stars = [ratings.rating[row] for row in rows if labels[ratings.user[row]] == segment]
            assert found.raters[segment, item] == len(stars)
            assert found.likes[segment, item] == sum(s > sample_model.liked_above for s in stars)
            assert found.means[segment, item] == pytest.approx(np.mean(stars) if stars else 0)


def test_shares_are_of_all_members_and_of_all_users(sample_model: TasteModel) -> None:
    found, ratings = sample_model.film_counts, sample_model.ratings
    liked = np.bincount(
        ratings.item[ratings.rating > sample_model.liked_above], minlength=ratings.n_items
    )
    assert found.shares_of_all == pytest.approx(liked / ratings.n_users)
    weighted = found.populations @ found.shares / ratings.n_users
    assert weighted == pytest.approx(found.shares_of_all)


def test_users_may_have_fractional_weights(sample_model: TasteModel) -> None:
    ratings, n = sample_model.ratings, sample_model.ratings.n_users
    halves = count_films(ratings, np.full((n, 2), 0.5), 3.5)
    whole = count_films(ratings, np.ones((n, 1)), 3.5)
    assert halves.likes.sum(axis=0) == pytest.approx(whole.likes[0])
    assert halves.means[0] == pytest.approx(whole.means[0])


def test_a_segment_without_users_has_no_likes(sample_model: TasteModel) -> None:
    labels = np.zeros(sample_model.ratings.n_users, dtype=np.intp)
    found = count_films(sample_model.ratings, one_hot(labels, 2).T, 3.5)
    assert not found.shares[1].any()
