from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.histories import Histories, histories_at, histories_of, new_history
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings


def test_histories_are_the_rows_of_the_log(sample_ratings: Ratings) -> None:
    users = np.array([7, 3, 3, 119])
    found = histories_at(sample_ratings, users)
    for place, user in enumerate(users.tolist()):
        rows, own = sample_ratings.rows_of(user), found.take(np.array([place]))
        assert own.item.tolist() == sample_ratings.item[rows].tolist()
        assert own.rating.tolist() == sample_ratings.rating[rows].tolist()
    assert found.user.tolist() == np.repeat(np.arange(4), found.n_ratings).tolist()


def test_histories_are_found_by_id_and_not_by_position(write_csv: Callable[..., Path]) -> None:
    ratings = read_ratings(write_csv("2,1,4.0,3", "1,2,3.0,3", "0,3,2.0,3"))
    assert histories_of(ratings, [2, "0"]).rating.tolist() == [4.0, 2.0]
    for user in (2, "2", np.int64(2)):
        assert histories_of(ratings, user).rating.tolist() == [4.0]
    assert histories_at(ratings, np.array([2])).rating.tolist() == [4.0]
    assert histories_of(ratings, []).n_users == 0
    with pytest.raises(InputError, match=r"one of 3 users, such as 0, got '3'"):
        histories_of(ratings, [2, 3])


def test_the_matrix_holds_each_rating_at_its_film(sample_ratings: Ratings) -> None:
    histories = histories_of(sample_ratings)
    dense = histories.matrix(histories.rating, sample_ratings.n_items).toarray()
    expected = np.zeros_like(dense)
    expected[sample_ratings.user, sample_ratings.item] = sample_ratings.rating
    assert (dense == expected).all()


def test_a_new_history_is_sorted_by_film(sample_ratings: Ratings) -> None:
    ids = sample_ratings.items["item_id"]
    found = new_history(sample_ratings, {str(ids[29]): 4.0, str(ids[6]): 2.5})
    assert found.item.tolist() == [6, 29]
    assert found.rating.tolist() == [2.5, 4.0]
    assert new_history(sample_ratings, {ids[29].as_py(): 4.0}).item.tolist() == [29]
    assert new_history(sample_ratings, {}).n_ratings.tolist() == [0]


def test_an_empty_history_among_others() -> None:
    found = Histories(np.array([0, 1, 1, 2]), np.array([4, 9], dtype=np.int32), np.ones(2))
    assert found.take(np.array([1, 2])).item.tolist() == [9]
    assert found.n_ratings.tolist() == [1, 0, 1]


@pytest.mark.parametrize("stars", [0.0, 4.2, 5.5, float("nan")])
def test_ratings_off_the_scale_are_refused(sample_ratings: Ratings, stars: float) -> None:
    with pytest.raises(InputError, match=r"film 2: expected a rating of 0.5 to 5"):
        new_history(sample_ratings, {"2": stars})


def test_unknown_films_are_refused(sample_ratings: Ratings) -> None:
    with pytest.raises(InputError, match="expected the id of one of 300 films, such as 2, got"):
        new_history(sample_ratings, {"no such film": 4.0})


def test_ratings_that_are_no_numbers_by_id_are_refused(sample_ratings: Ratings) -> None:
    for stars in ("good", None):
        with pytest.raises(InputError, match=f"^film 2: expected a rating of .*, got {stars!r}$"):
            new_history(sample_ratings, {2: stars})  # type: ignore[dict-item]
    for other in (["2"], "2"):
        with pytest.raises(InputError, match=r"^ratings: expected a mapping of ids to ratings"):
            new_history(sample_ratings, other)  # type: ignore[arg-type]
