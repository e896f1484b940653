from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.features.release_periods import period_counts


def test_counts_equal_a_plain_loop(sample_ratings: Ratings) -> None:
    found = period_counts(sample_ratings)
    years = sample_ratings.items["year"].to_pylist()
    loop: Counter[tuple[int, str]] = Counter()
    for row in sample_ratings.log.to_pylist():
        start = years[row["item"]] // 5 * 5
        name = "before 1970" if start < 1970 else f"{start}-{start + 4}"
        loop[row["user"], name] += 1
    for user in range(sample_ratings.n_users):
        for column, name in enumerate(found.periods):
            assert found.counts[user, column] == loop[user, name]
    assert found.counts.sum() == len(sample_ratings.log)


def test_periods_are_in_order_and_old_films_stand_together(write_csv: Callable[..., Path]) -> None:
    movies = (
        "movieId,title,genres\n1,A (1921),Drama\n2,B (1969),Drama\n3,C (1970),War\n"
        "4,D (2004),War\n5,E,War\n"
    )
    rows = [f"1,{film},4.0,3" for film in (4, 2, 1, 3, 5)]
    found = period_counts(read_ratings(write_csv(*rows, movies=movies)))
    assert found.periods == ("before 1970", "1970-1974", "2000-2004")
    assert found.counts.tolist() == [[2, 1, 1]]


def test_films_without_years_leave_no_period(write_csv: Callable[..., Path]) -> None:
    found = period_counts(read_ratings(write_csv("1,4,4.0,3")))
    assert found.periods == ()
    assert found.counts.shape == (1, 0)
