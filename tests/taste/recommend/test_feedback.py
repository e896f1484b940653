from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.recommend.feedback import content_rows, graded_feedback

MOVIES = """movieId,title,genres
1,One (1990),Drama
2,Two (1990),Drama|War
3,Three (1994),Drama
4,Four (1995),Drama
5,Five,War
6,Six,War
"""


def test_a_grade_of_zero_counts_that_a_film_was_seen() -> None:
    assert graded_feedback(np.array([0.5, 5.0]), RatingScale(), 0.0).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("grade", [0.3, 1.0, 1.3])
def test_feedback_rises_with_the_rating_and_is_never_negative(grade: float) -> None:
    found = graded_feedback(np.arange(1.0, 11.0), RatingScale(1, 10, 1), grade)
    assert (np.diff(found) >= 0).all()
    assert found[0] == pytest.approx(max(1 - grade, 0))
    assert found[-1] == pytest.approx(1.0)


def test_films_share_rows_by_genre_in_five_years_and_by_year(
    write_csv: Callable[..., Path],
) -> None:
    ratings = read_ratings(write_csv("1,1,4.0,1", movies=MOVIES))
    found = {tuple(np.flatnonzero(row)) for row in content_rows(ratings).toarray()}
    assert found == {
        (0, 1, 2),  # Drama, 1990-1994
        (4, 5),  # War, without a year
        (0, 1),  # 1990
    }


def test_a_row_of_all_films_distinguishes_none() -> None:
    ratings = read_ratings(pa.table({"userId": [1, 1, 2], "movieId": [1, 2, 3]}))
    assert content_rows(ratings).shape == (0, 3)
