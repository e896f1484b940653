from __future__ import annotations

import numpy as np

from lacunar.taste.data.ratings import Ratings
from lacunar.taste.features.fitted_columns import genre_columns, period_columns
from lacunar.taste.features.release_periods import item_periods, period_name


def test_a_log_of_its_own_keeps_its_places(sample_ratings: Ratings) -> None:
    genres = sample_ratings.genres
    found = genre_columns(sample_ratings.item_genres, genres, genres)
    assert found.to_pylist() == sample_ratings.item_genres.to_pylist()
    reversed_columns = genre_columns(sample_ratings.item_genres, genres, genres[::-1])
    columns = reversed_columns["genre"].to_numpy()
    assert (columns == len(genres) - 1 - found["genre"].to_numpy()).all()


def test_periods_of_other_names_are_left_out(sample_ratings: Ratings) -> None:
    years = sample_ratings.years
    names = [period_name(start) for start in item_periods(years)["period"].to_pylist()]
    found = period_columns(years, [names[0]])
    assert len(found) == names.count(names[0]) < len(names)
    assert set(found["period"].to_pylist()) == {0}


def test_nobody_known_makes_empty_tables_of_whole_numbers() -> None:
    found = period_columns(np.array([np.nan]), [])
    assert len(found) == 0
    assert found.column_names == ["item", "period"]
    assert str(found.schema.field("period").type) == "int32"
