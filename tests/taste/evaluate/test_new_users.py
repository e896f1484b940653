from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.evaluate.new_users import GIVEN, cold_start
from lacunar.taste.evaluate.split import Split


@pytest.fixture(scope="module")
def splits(sample_ratings: Ratings) -> dict[int, Split]:
    return cold_start(sample_ratings, seed=0)


def films_of(histories: Histories, user: int) -> set[int]:
    return set(histories.item[histories.starts[user] : histories.starts[user + 1]].tolist())


def test_tested_users_are_not_in_training(
    sample_ratings: Ratings, splits: dict[int, Split]
) -> None:
    for split in splits.values():
        assert not set(split.users.tolist()) & set(split.train_users.tolist())
    # 120 users, all with enough ratings, of whom a fifth is new.
    assert len(splits[0].train_users) == 96
    assert splits[0].train.n_users == 96
    assert len(splits[0].train.user) == np.isin(sample_ratings.user, splits[0].train_users).sum()


def test_only_the_histories_depend_on_n(splits: dict[int, Split]) -> None:
    assert tuple(splits) == GIVEN
    first = splits[0]
    for given, split in splits.items():
        assert split.train is first.train
        assert (split.histories.n_ratings == given).all()
        for name in ("users", "train_users"):
            np.testing.assert_array_equal(getattr(split, name), getattr(first, name))
        for name in ("excluded", "relevant"):
            np.testing.assert_array_equal(getattr(split, name).item, getattr(first, name).item)


def test_longer_histories_contain_shorter_ones(splits: dict[int, Split]) -> None:
    for user in range(len(splits[0].users)):
        shown = [films_of(splits[given].histories, user) for given in GIVEN]
        for less, more in pairwise(shown):
            assert less < more


def test_each_rating_is_excluded_or_a_target(
    sample_ratings: Ratings, splits: dict[int, Split]
) -> None:
    split = splits[10]
    for place, user in enumerate(split.users.tolist()):
        own = sample_ratings.rows_of(user)
        rated = set(sample_ratings.item[own].tolist())
        excluded, relevant = films_of(split.excluded, place), films_of(split.relevant, place)
        assert len(rated) - len(excluded) == len(rated) // 5
        assert relevant <= rated - excluded
        assert films_of(split.histories, place) <= excluded


def test_new_users_and_histories_depend_on_the_seed(sample_ratings: Ratings) -> None:
    first, again, other = (cold_start(sample_ratings, seed=s)[3] for s in (1, 1, 2))
    np.testing.assert_array_equal(first.users, again.users)
    np.testing.assert_array_equal(first.histories.item, again.histories.item)
    assert set(first.users.tolist()) != set(other.users.tolist())


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_an_invalid_share_of_users_is_refused(sample_ratings: Ratings, share: float) -> None:
    with pytest.raises(InputError, match="share to hold out between 0 and 1"):
        cold_start(sample_ratings, seed=0, share_users=share)


@pytest.mark.parametrize("given", [(), (-1, 3)])
def test_invalid_numbers_of_ratings_are_refused(
    sample_ratings: Ratings, given: tuple[int, ...]
) -> None:
    with pytest.raises(InputError, match="numbers of ratings to show of at least 0"):
        cold_start(sample_ratings, seed=0, given=given)


def test_users_with_too_few_ratings_are_refused(write_csv: Callable[..., Path]) -> None:
    ratings = read_ratings(write_csv("1,1,4,1", "1,2,4,1", "2,1,4,1"))
    with pytest.raises(InputError, match="users with 10 ratings to show and one to find"):
        cold_start(ratings, seed=0)
