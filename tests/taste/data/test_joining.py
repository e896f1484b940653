from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from lacunar.taste.data.fingerprint import fingerprint
from lacunar.taste.data.joining import join_ratings
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings

ITEMS = pd.DataFrame(
    {
        "movieId": [1, 2, 3, 10],
        "title": ["A (1990)", "B (2003)", "C", "D (1961)"],
        "genres": ["Drama|War", "Comedy", "", "Drama"],
    }
)
Row = tuple[int, int, float, int]
ROWS = st.lists(
    st.tuples(
        st.integers(1, 4), st.sampled_from([1, 2, 3, 10]), st.sampled_from([1.0, 4.5]),
        st.integers(1, 3),
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip


def frame(rows: list[Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["userId", "movieId", "rating", "timestamp"])


def by_id(ratings: Ratings) -> dict[tuple[Any, Any], tuple[float, int]]:
    """Rating and time by the ids of user and film."""
    users, items = ratings.users.to_pylist(), ratings.items["item_id"].to_pylist()
    return {
        (users[row["user"]], items[row["item"]]): (row["rating"], row["timestamp"])
        for row in ratings.log.to_pylist()
    }


@given(old=ROWS, new=ROWS)
@settings(deadline=None, max_examples=40)
def test_the_later_rating_of_a_pair_counts(old: list[Row], new: list[Row]) -> None:
    log = read_ratings(frame(old), ITEMS)
    later = read_ratings(frame(new), ITEMS)
    joined = join_ratings(log, later)
    expected = by_id(log)
    for pair, (stars, time) in by_id(later).items():
        if pair not in expected or time >= expected[pair][1]:
            expected[pair] = (stars, time)
    assert by_id(joined) == expected
    assert list(by_id(joined)) == sorted(expected)
    if joined is not log:
        assert joined.intake.rows == len(old) + len(new)
    assert joined.intake.rows - joined.intake.repeated == len(expected)


@given(old=ROWS, new=ROWS)
@settings(deadline=None, max_examples=20)
def test_without_equal_times_the_result_is_that_of_one_reading(
    old: list[Row], new: list[Row]
) -> None:
    rows = [(*row[:3], time) for time, row in enumerate(old + new, 1)]
    joined = join_ratings(
        read_ratings(frame(rows[: len(old)]), ITEMS), read_ratings(frame(rows[len(old) :]), ITEMS)
    )
    assert fingerprint(joined) == fingerprint(read_ratings(frame(rows), ITEMS))


def test_ratings_that_are_there_already_change_nothing(sample_ratings: Ratings) -> None:
    assert join_ratings(sample_ratings, sample_ratings) is sample_ratings
    some = sample_ratings.of_users(sample_ratings.user_positions([4, 7]))
    assert join_ratings(sample_ratings, some) is sample_ratings


def test_the_larger_count_of_repeated_rows_counts() -> None:
    bought = pa.table({"userId": [1, 1, 1, 2], "movieId": [5, 5, 6, 5]})
    log = read_ratings(bought)
    whole = read_ratings(pa.concat_tables([bought, bought.slice(0, 1)]))
    assert join_ratings(log, log) is log
    assert join_ratings(log, whole).count.tolist() == [3, 1, 1]
    assert join_ratings(log, read_ratings(bought.slice(2))).count.tolist() == [2, 1, 1]
