from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.fingerprint import fingerprint
from lacunar.taste.data.later_ratings import read_later_ratings
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings

ITEMS = pd.DataFrame(
    {
        "movieId": [1, 2, 3, 10],
        "title": ["A (1990)", "B (2003)", "C", "D (1961)"],
        "genres": ["Drama|War", "Comedy", "", "Drama"],
    }
)


def frame(rows: list[tuple[int, int, float, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["userId", "movieId", "rating", "timestamp"])


def ids_of_rows(ratings: Ratings) -> list[tuple[Any, Any]]:
    users, items = ratings.users.to_pylist(), ratings.items["item_id"].to_pylist()
    return [(users[u], items[i]) for u, i in zip(ratings.user, ratings.item, strict=True)]


@pytest.mark.parametrize("catalogue", ["none", "new films", "all films"])
def test_known_films_may_be_missing_among_the_new_films(catalogue: str) -> None:
    rows = [(1, 1, 4.0, 1), (1, 2, 3.0, 1), (2, 3, 2.0, 2), (2, 10, 1.0, 3), (3, 1, 5.0, 4)]
    log = read_ratings(frame(rows[:3]), ITEMS[:3])
    items = {"none": None, "new films": ITEMS[3:], "all films": ITEMS}[catalogue]
    joined = read_later_ratings(log, frame(rows[3:]), items)
    whole = read_ratings(frame(rows), ITEMS)
    assert ids_of_rows(joined) == ids_of_rows(whole)
    if catalogue == "none":
        assert joined.items["title"].to_pylist() == ["A (1990)", "B (2003)", "C", "10"]
        assert joined.genres_of_items[3] == ["(no genres listed)"]
    else:
        assert fingerprint(joined) == fingerprint(whole)


def test_a_known_film_keeps_its_title_and_genres() -> None:
    log = read_ratings(frame([(1, 1, 4.0, 1)]), ITEMS[:1])
    changed = ITEMS.assign(title="Other (2020)", genres="Horror")
    joined = read_later_ratings(log, frame([(1, 1, 2.0, 2), (1, 3, 2.0, 2)]), changed)
    assert joined.items["title"].to_pylist() == ["A (1990)", *["Other (2020)"] * 3]
    assert joined.genres_of_items == [["Drama", "War"], *[["Horror"]] * 3]


@pytest.mark.parametrize(
    ("old", "new", "users"),
    [
        (["7", "a"], [7, 8], ["7", "8", "a"]),
        ([7, 8], ["7", "b"], ["7", "8", "b"]),
        (["007", "a"], ["007"], ["007", "a"]),
    ],
)
def test_ids_of_numbers_and_of_text_are_text_together(
    old: list[Any], new: list[Any], users: list[str]
) -> None:
    log = read_ratings(pa.table({"userId": old, "movieId": [1] * len(old)}))
    later = pa.table({"userId": new, "movieId": [2] * len(new)})
    joined = read_later_ratings(log, later)
    assert joined.users.to_pylist() == users
    assert len(joined.user) == len(old) + len(new)


def test_text_ids_of_a_log_stay_text_in_files(write_csv: Callable[..., Path]) -> None:
    log = read_ratings(write_csv("007,1,4.0,1", "a,1,3.0,1"))
    joined = read_later_ratings(log, write_csv("007,2,5.0,2"))
    assert joined.users.to_pylist() == ["007", "a"]
    assert len(joined.user) == 3


def test_new_ratings_need_times_and_stars_if_the_log_has_them() -> None:
    rows = frame([(1, 1, 4.0, 1), (1, 2, 4.0, 2)])
    log = read_ratings(rows, ITEMS)
    with pytest.raises(InputError, match="expected times of the new ratings"):
        read_later_ratings(log, rows.drop(columns="timestamp"))
    with pytest.raises(InputError, match="rating: expected a column of ratings"):
        read_later_ratings(log, rows.drop(columns="rating"))
    with pytest.raises(InputError, match=r"expected a rating of 0\.5 to 5"):
        read_later_ratings(log, rows.assign(rating=9.0))


@pytest.mark.parametrize("name", ["ratings.csv", "ratings.parquet"])
def test_a_directory_without_new_films_needs_no_table_of_them(tmp_path: Path, name: str) -> None:
    log = read_ratings(frame([(1, 1, 4.0, 1), (1, 2, 4.0, 2)]), ITEMS)
    new = frame([(2, 1, 3.0, 3), (2, 77, 3.0, 3)])
    if name.endswith("csv"):
        new.to_csv(tmp_path / name, index=False)
    else:
        new.to_parquet(tmp_path / name)
    joined = read_later_ratings(log, tmp_path)
    assert ids_of_rows(joined) == [(1, 1), (1, 2), (2, 1), (2, 77)]
    assert joined.items["title"].to_pylist()[:2] == log.items["title"].to_pylist()[:2]
    assert joined.items["title"].to_pylist()[-1] == "77"
    assert joined.intake.unknown_item_rows == 0


def test_rows_that_are_left_out_are_counted() -> None:
    log = read_ratings(frame([(1, 1, 4.0, 1)]), ITEMS)
    joined = read_later_ratings(log, frame([(1, 1, 4.0, 1), (1, 77, 4.0, 1)]), ITEMS)
    assert joined.log.equals(log.log)
    assert joined.intake.unknown_item_rows == 1


def test_ratings_that_were_read_join_on_the_same_scale() -> None:
    log = read_ratings(frame([(1, 1, 4.0, 1)]), ITEMS)
    assert ids_of_rows(read_later_ratings(log, read_ratings(frame([(2, 2, 3.0, 3)]), ITEMS))) == [
        (1, 1),
        (2, 2),
    ]
    likes = read_ratings(frame([(2, 2, 1.0, 3)]), ITEMS, rating=None)
    with pytest.raises(InputError, match=r"expected ratings of 0\.5 to 5"):
        read_later_ratings(log, likes)
    with pytest.raises(InputError, match="expected neither items nor columns"):
        read_later_ratings(log, log, user="who")


@pytest.mark.parametrize("known", ["0000001", "0000002"])
def test_numbers_with_leading_zeros_are_the_known_items(
    write_csv: Callable[..., Path], known: str
) -> None:
    catalogue = "movieId,title,genres\n0000001,A (1990),Drama\n0000002,B (1991),War\n"
    log = read_ratings(write_csv("007,0000001,4.0,1", "007,0000002,3.0,1", movies=catalogue))
    lines = catalogue.splitlines()
    some = "\n".join([lines[0], *(line for line in lines if line.startswith(known))]) + "\n"
    rows = ["007,0000001,5.0,2", "07,2,4.5,2"]
    joined = read_later_ratings(log, write_csv(*rows, movies=some))
    assert joined.rating.tolist() == [5.0, 4.5]
    assert joined.items.equals(log.items)
