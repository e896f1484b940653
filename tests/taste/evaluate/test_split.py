from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.evaluate.split import RELEVANT_FROM, relevant_from, split_by_rows

Write = Callable[..., Path]


def rows(*marks: int) -> np.ndarray:
    return np.array(marks, dtype=bool)


def films_of(histories: Histories) -> list[list[int]]:
    return [part.tolist() for part in np.split(histories.item, histories.starts[1:-1])]


def test_each_row_gets_its_role(write_csv: Write) -> None:
    # Users 5, 6, 7 have positions 0, 1, 2; films 1 to 4 have positions 0 to 3.
    ratings = read_ratings(
        write_csv("5,1,4,1", "5,2,5,1", "6,1,3,1", "7,1,5,1", "7,2,5,1", "7,3,4,1")
    )
    found = split_by_rows(
        ratings,
        train=rows(1, 1, 0, 1, 0, 0),
        shown=rows(1, 0, 0, 0, 0, 0),
        excluded=rows(1, 0, 0, 1, 0, 0),
        held_out=rows(0, 0, 1, 0, 1, 1),
    )
    assert found.train_users.tolist() == [0, 2]
    assert found.train.users.to_pylist() == [5, 7]
    assert found.train.user.tolist() == [0, 0, 1]
    assert found.train.item.tolist() == [0, 1, 0]
    # User 6 held out a film rated 3, and nobody rated film 3 in training.
    assert found.users.tolist() == [2]
    assert films_of(found.relevant) == [[1]]
    assert films_of(found.histories) == [[]]
    assert films_of(found.excluded) == [[0]]


def test_a_training_log_without_gaps_keeps_its_users(sample_ratings: Ratings) -> None:
    everything = np.ones(len(sample_ratings.user), dtype=bool)
    found = split_by_rows(
        sample_ratings,
        train=everything,
        shown=everything,
        excluded=everything,
        held_out=everything,
    )
    assert found.train.log.equals(sample_ratings.log)
    assert found.train.users.equals(sample_ratings.users)


def test_a_recoded_log_has_the_columns_of_any_log(sample_ratings: Ratings) -> None:
    some = sample_ratings.user % 2 == 1
    found = split_by_rows(sample_ratings, train=some, shown=some, excluded=some, held_out=some)
    assert found.train.log.schema.equals(sample_ratings.log.schema)
    assert found.train.n_users == 60
    for new, old in enumerate(found.train_users.tolist()):
        np.testing.assert_array_equal(
            found.train.rating[found.train.rows_of(new)],
            sample_ratings.rating[sample_ratings.rows_of(old)],
        )


@pytest.mark.parametrize(
    ("scale", "stars"),
    [(RatingScale(), RELEVANT_FROM), (RatingScale(1, 10, 1), 8.0), (RatingScale(0, 1, 0.1), 0.8)],
)
def test_four_fifths_of_the_scale_are_relevant(scale: RatingScale, stars: float) -> None:
    assert relevant_from(scale) == pytest.approx(stars)


def test_a_step_that_is_no_binary_fraction_is_exact_enough(write_csv: Write) -> None:
    # 0.8 of 7 is a little more than 5.6 in binary.
    ratings = read_ratings(
        write_csv("1,1,5.6,1", "2,1,5.6,1", "2,2,5.5,1"), scale=RatingScale(0, 7, 0.1)
    )
    assert relevant_from(ratings.scale) > 5.6
    found = split_by_rows(
        ratings,
        train=rows(0, 1, 1),
        shown=rows(0, 0, 0),
        excluded=rows(0, 0, 0),
        held_out=rows(1, 0, 0),
    )
    assert found.users.tolist() == [0]


def test_a_split_without_relevant_films_is_refused(write_csv: Write) -> None:
    ratings = read_ratings(write_csv("1,1,3.5,1", "2,1,3,1"))
    nothing = rows(0, 0)
    with pytest.raises(InputError, match=r"4 or more of films .*, got none among 1 held-out"):
        split_by_rows(
            ratings, train=rows(0, 1), shown=nothing, excluded=nothing, held_out=rows(1, 0)
        )
