from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.rating_scale import LIKES, RatingScale
from lacunar.taste.data.ratings import NO_GENRES, Ratings
from lacunar.taste.data.reading import read_ratings

Columns = dict[str, list[Any]]
NAMES = {"user": "customer", "item": "sku", "rating": "stars", "title": "name", "genres": "kinds"}


def relation_of(columns: Columns) -> duckdb.DuckDBPyRelation:
    return duckdb.connect().from_arrow(pa.table(columns))


FRAMES: dict[str, Callable[[Columns], Any]] = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "lazy polars": pl.LazyFrame,
    "pyarrow": pa.table,
    "duckdb": relation_of,
}
LOG: Columns = {
    "userId": [30, 4, 30, 30, 4, 5],
    "movieId": [2, 1, 1, 2, 9, 9],
    "rating": [4.0, 3.5, 5.0, 1.0, 2.0, 2.0],
    "timestamp": [20, 7, 9, 30, 1, 1],
}
FILMS: Columns = {
    "movieId": [1, 2, 3],
    "title": ["Élan (1967)", "Quoted, The (2001)", "No Year"],
    "genres": ["Drama|War", "Comedy", None],
}


def written(directory: Path, log: Columns, films: Columns, kind: str) -> Ratings:
    """The same rows, read from files."""
    for name, columns in {"ratings": log, "movies": films}.items():
        if kind == "parquet":
            pq.write_table(pa.table(columns), directory / f"{name}.parquet")
            continue
        with (directory / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            rows = zip(*columns.values(), strict=True)
            csv.writer(file).writerows([list(columns), *rows])
    return read_ratings(directory)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("text_ids", [False, True])
def test_the_same_rows_give_the_same_ratings(
    tmp_path: Path, frame: str, kind: str, text_ids: bool
) -> None:
    log, films = dict(LOG), dict(FILMS)
    if text_ids:
        log["userId"] = [f"u{user}" for user in log["userId"]]
        log["movieId"] = [f" m{film}" for film in log["movieId"]]
        films["movieId"] = [f"m{film} " for film in films["movieId"]]
    read = read_ratings(FRAMES[frame](log), FRAMES[frame](films))
    assert read == written(tmp_path, log, films, kind)
    assert (read.intake.rows, read.intake.repeated, read.intake.unknown_item_rows) == (6, 1, 2)
    assert read.users.to_pylist() == (["u30", "u4"] if text_ids else [4, 30])
    assert read.frame_kind == {"pandas": "pandas"}.get(
        frame, "polars" if "polars" in frame else "pyarrow"
    )


def test_categories_nullable_integers_and_times_with_zones_are_read(tmp_path: Path) -> None:
    times = [datetime(2026, 5, 31, hour, 30, tzinfo=UTC) for hour in range(6)]
    log = {**LOG, "userId": list("xyxxyz"), "timestamp": [int(t.timestamp()) for t in times]}
    expected = written(tmp_path, log, FILMS, "parquet")
    pandas = pd.DataFrame(log).assign(
        userId=lambda frame: frame["userId"].astype("category"),
        movieId=lambda frame: frame["movieId"].astype("Int64"),
        rating=lambda frame: frame["rating"].astype("Float32"),
        timestamp=pd.to_datetime(times).tz_convert("Asia/Kolkata"),
        notes=[1, "two", None, [3], {}, 6.0],
    )
    polars = pl.DataFrame(log).with_columns(
        pl.col("userId").cast(pl.Categorical),
        pl.col("movieId").cast(pl.UInt16),
        pl.Series("timestamp", times).dt.convert_time_zone("America/Lima"),
    )
    assert read_ratings(pandas.iloc[::-1], pd.DataFrame(FILMS)) == expected
    assert read_ratings(polars, pl.DataFrame(FILMS)) == expected
    categories = pd.DataFrame(LOG).assign(movieId=pd.Categorical(LOG["movieId"]))
    assert read_ratings(categories, pd.DataFrame(FILMS)) == read_ratings(
        pa.table(LOG), pa.table(FILMS)
    )


def test_ids_keep_the_type_that_they_have_in_the_frame() -> None:
    text = pa.table({**LOG, "userId": ["007", "7", "7", "7", "007", "8"]})
    read = read_ratings(text, pa.table(FILMS))
    assert read.users.to_pylist() == ["007", "7"]
    assert read.items["item_id"].to_pylist() == [1, 2, 3]
    # A merge in pandas turns integers into floats.
    floats = pd.DataFrame(LOG).astype({"userId": float, "movieId": float})
    assert read_ratings(floats, pd.DataFrame(FILMS)) == read_ratings(pa.table(LOG), pa.table(FILMS))
    texts = pa.table({**FILMS, "movieId": ["1", "2", "x"]})
    assert read_ratings(pa.table(LOG), texts).items["item_id"].to_pylist() == ["1", "2", "x"]


def renamed(columns: Columns, names: dict[str, str]) -> Columns:
    return {names.get(name, name): values for name, values in columns.items()}


def test_columns_have_other_names_and_genres_may_be_lists() -> None:
    log = renamed(LOG, {"userId": "customer", "movieId": "sku", "rating": "stars"})
    # `rating` and `Stars` are other columns.
    log |= {"rating": ["-"] * 6, "Stars": [None] * 6}
    films = renamed(FILMS, {"movieId": "sku", "title": "name", "genres": "kinds"})
    expected = read_ratings(pa.table(LOG), pa.table(FILMS))
    assert read_ratings(pa.table(log), pa.table(films), **NAMES) == expected
    commas = films | {"kinds": [genres and genres.replace("|", ",") for genres in films["kinds"]]}
    assert read_ratings(pa.table(log), pa.table(commas), **NAMES, genre_separator=",") == expected
    lists = films | {"kinds": [["War", "Drama"], ["Comedy"], []]}
    assert read_ratings(pl.DataFrame(log), pl.DataFrame(lists), **NAMES) == expected
    stars = RatingScale(1, 10, 1)
    high = pa.table(LOG | {"rating": [10, 3, 5, 1, 2, 2]})
    assert read_ratings(high, pa.table(FILMS), scale=stars).scale == stars


@pytest.mark.parametrize(
    "years",
    [
        [1967, None, 2001],
        [1967.0, float("nan"), 2001.0],
        ["1967", " ", "2001.0"],
        [datetime(1967, 2, 3, tzinfo=UTC), None, datetime(2001, 2, 3, tzinfo=UTC)],
    ],
)
def test_years_come_from_a_column(years: list[Any]) -> None:
    films = pa.table(FILMS | {"vintage": pa.array(years)})
    found = read_ratings(pa.table(LOG), films, year="vintage").years
    np.testing.assert_array_equal(found, [1967, np.nan, 2001])
    titled = read_ratings(pa.table(LOG), films).years
    np.testing.assert_array_equal(titled, [1967, 2001, np.nan])


def test_without_items_the_items_are_those_of_the_ratings() -> None:
    read = read_ratings(pa.table(LOG | {"movieId": list("cabaab")}))
    assert read.items.to_pydict() == {
        "item_id": ["a", "b", "c"], "title": ["a", "b", "c"], "year": [None] * 3,
    }  # fmt: skip
    assert read.genres == (NO_GENRES,)
    assert not read.has_genres
    assert np.isnan(read.years).all()
    assert read.intake.unknown_items == 0
    by_number = read_ratings(pa.table(LOG))
    assert by_number.items["item_id"].to_pylist() == [1, 2, 9]
    assert by_number.items["title"].to_pylist() == ["1", "2", "9"]


def test_items_need_only_ids() -> None:
    films = pa.table({"movieId": [1, 2, 3]})
    read = read_ratings(pa.table(LOG), films)
    assert read.items["title"].to_pylist() == ["1", "2", "3"]
    assert not read.has_genres
    titled = read_ratings(pa.table(LOG), pa.table(FILMS), genres=None, title=None)
    assert titled == read


@pytest.mark.parametrize("rating", ["rating", None])
def test_without_ratings_every_row_is_a_like(rating: str | None) -> None:
    log = LOG if rating is None else {name: LOG[name] for name in ("userId", "movieId")}
    read = read_ratings(pa.table(log), pa.table(FILMS), rating=rating)
    assert read.implicit
    assert read.scale == LIKES
    assert read.rating.tolist() == [1.0] * 3
    assert (read.intake.repeated, read.intake.step) == (1, 1.0)
    assert read.has_times == (rating is None)
    assert not read_ratings(pa.table(LOG), pa.table(FILMS)).implicit
    with pytest.raises(InputError, match=r"^scale: expected no scale, since the frame `source`"):
        read_ratings(pa.table(log), rating=rating, scale=RatingScale())


def test_timestamps_may_be_missing_or_unused() -> None:
    log = {name: LOG[name] for name in ("userId", "movieId", "rating")}
    read = read_ratings(pa.table(log), pa.table(FILMS))
    assert not read.has_times
    assert read_ratings(pa.table(LOG), pa.table(FILMS), timestamp=None) == read


BAD_LOGS = {
    "text": (
        {"rating": ["4", "good", "3", "bad", "2", "1"]},
        "the frame `source`, row 2, column rating: expected a number, got 'good'",
    ),
    "list": (
        {"rating": [[4.0]] * 6},
        "the frame `source`: expected numbers in rating and timestamp: ",
    ),
    "null user": (
        {"userId": ["a", None, "b", "c", "d", "e"]},
        "the frame `source`, row 2, column userId: expected a value in every row, got a null",
    ),
    "nan user": (
        {"userId": [1.0, float("nan"), 2.0, 3.0, 4.0, 5.0]},
        "the frame `source`, row 2, column userId: expected a value in every row, got a null",
    ),
    "blank user": (
        {"userId": ["a", " ", "b", "c", "d", "e"]},
        "the frame `source`, row 2, column userId: expected a value in every row, got a null",
    ),
    "text time": (
        {"timestamp": ["2026-05-31", "2026-05-31", "soon", "later", "2026-05-31", "2026-05-31"]},
        "the frame `source`, row 3, column timestamp: expected a whole number of seconds or a date"
        " such as 2026-05-31 18:30, got 'soon'",
    ),
    "null item": (
        {"movieId": [1, None, 2, 2, 2, 2]},
        "the frame `source`, row 2, column movieId: expected a value in every row, got a null",
    ),
    "null rating": (
        {"rating": [4.0, None, 4.0, 4.0, 4.0, 4.0]},
        "the frame `source`, row 2, column rating: expected a value in every row, got a null",
    ),
    "nan": (
        {"rating": [4.0, float("nan"), 4.0, 4.0, 4.0, 4.0]},
        "the frame `source`, row 2, column rating: expected a rating of 0.5 to 5 in"
        " steps of 0.5, got nan",
    ),
    "off scale": (
        {"rating": [4.0, 7.0, 4.0, 4.0, 4.0, 4.0]},
        "the frame `source`, row 2, column rating: expected a rating of 0.5 to 5 in"
        " steps of 0.5, got 7",
    ),
    "empty": (
        {name: [] for name in LOG},
        "the frame `source`: expected at least one row of data, got none",
    ),
    "other films": (
        {"movieId": [7] * 6},
        "the frame `source`: expected ratings of the items in the frame `items`, such as 1, got"
        " none: all 6 rows name other items, such as 7",
    ),
}


@pytest.mark.parametrize(("change", "message"), BAD_LOGS.values(), ids=BAD_LOGS)
def test_a_bad_frame_of_ratings_gets_one_sentence(change: Columns, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_ratings(pa.table(LOG | change), pa.table(FILMS))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


BAD_FILMS = {
    "twice": (
        {"movieId": [1, 2, 2]},
        {},
        "the frame `items`: expected each item once, got '2' twice",
    ),
    "null id": (
        {"movieId": [1, 2, None]},
        {},
        "the frame `items`, row 3, column movieId: expected a value in every row, got a null",
    ),
    "null title": (
        {"title": ["A", None, "B"]},
        {},
        "the frame `items`, row 2, column title: expected a value in every row, got a null",
    ),
    "year": (
        {"vintage": ["1967", "old", None]},
        {"year": "vintage"},
        "the frame `items`, row 2, column vintage: expected whole years from 1 to 9999,"
        " or nothing if unknown, got 'old'",
    ),
    "half year": (
        {"vintage": [1967.5, 1.0, 1.0]},
        {"year": "vintage"},
        "the frame `items`, row 1, column vintage: expected whole years from 1 to 9999,"
        " or nothing if unknown, got '1967.5'",
    ),
    "empty": (
        {name: [] for name in FILMS},
        {},
        "the frame `items`: expected at least one row of data, got none",
    ),
    "no such column": (
        {},
        {"genres": "kinds"},
        "the frame `items`: expected the columns movieId, kinds; got movieId, title, genres (pass"
        " other names as `genres`)",
    ),
}


@pytest.mark.parametrize(("change", "names", "message"), BAD_FILMS.values(), ids=BAD_FILMS)
def test_a_bad_frame_of_items_gets_one_sentence(
    change: Columns, names: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        read_ratings(pa.table(LOG), pa.table(FILMS | change), **names)
    assert str(caught.value) == message


@pytest.mark.parametrize("frame", FRAMES)
def test_missing_columns_are_refused_with_those_that_came(frame: str) -> None:
    log = renamed(LOG, {"userId": "customer", "rating": "stars"})
    with pytest.raises(InputError) as caught:
        read_ratings(FRAMES[frame](log), item="sku", rating="Stars")
    assert str(caught.value) == (
        "the frame `source`: expected the columns userId, sku, Stars; got customer, movieId, stars,"
        " timestamp (pass other names as `user`, `item`, `rating`)"
    )


def test_repeated_columns_are_refused_where_they_are_used() -> None:
    values = [[1, 1, 4.0, 3.0]]
    frames = [
        pd.DataFrame(values, columns=["userId", "movieId", "rating", "rating"]),
        pa.Table.from_arrays(
            [pa.array([value]) for value in values[0]],
            names=["userId", "movieId", "rating", "rating"],
        ),
    ]
    for frame in frames:
        with pytest.raises(InputError) as caught:
            read_ratings(frame)
        assert str(caught.value) == (
            "the frame `source`: expected each column once, got 'rating' twice"
        )
    with pytest.raises(InputError, match="expected a different column for each of user, item, r"):
        read_ratings(pa.table(LOG), user="movieId")


@pytest.mark.parametrize("other", [3, None, {"userId": [1]}, [1]])
def test_what_is_neither_a_directory_nor_a_frame_is_refused(other: object) -> None:
    with pytest.raises(InputError, match=r"^source: expected a directory, or a frame of pandas"):
        read_ratings(other)
    if other is not None:
        with pytest.raises(InputError, match=r"^items: expected a frame of pandas"):
            read_ratings(pa.table(LOG), other)


@pytest.mark.parametrize("role", ["title", "genres", "year"])
def test_columns_of_items_need_items(role: str) -> None:
    with pytest.raises(InputError, match=rf"^{role}: expected `items`, the frame with this col"):
        read_ratings(pa.table(LOG), **{role: "name"})


@pytest.mark.parametrize(
    "arguments", [{"items": pa.table(FILMS)}, {"user": "customer"}, {"genre_separator": ","}]
)
def test_names_of_columns_are_refused_for_a_directory(
    tmp_path: Path, arguments: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match=r"for a directory, got some: a ratings\.toml"):
        read_ratings(tmp_path, **arguments)


def test_the_row_in_an_error_is_the_first_of_many() -> None:
    rating = [4.0] * 300_000
    rating[250_016] = rating[250_017] = 6.0
    frame = pl.DataFrame({"userId": 1, "movieId": 1, "rating": rating}, strict=False)
    # Several chunks, which several threads scan.
    frame = pl.concat([frame[:100_000], frame[100_000:]], rechunk=False)
    with pytest.raises(
        InputError, match=r"row 250017, column rating: expected .*, got 6 \(in 2 rows"
    ):
        read_ratings(frame)


def test_ratings_of_32_bits_are_the_decimals_that_they_stand_for() -> None:
    scale = RatingScale(1, 5, 0.1)
    steps = [round(1 + 0.1 * k, 1) for k in range(41)]
    log = {"userId": list(range(41)), "movieId": [1] * 41, "rating": steps}
    half = pd.DataFrame(log).astype({"rating": "float32"})
    assert read_ratings(half, scale=scale) == read_ratings(pd.DataFrame(log), scale=scale)
    assert read_ratings(pl.from_pandas(half), scale=scale).rating.tolist() == steps


def test_a_table_with_the_wrong_role_gets_one_sentence() -> None:
    log, users = pa.table(LOG), pa.table({"userId": [4, 5], "age": [30, 40]})
    with pytest.raises(InputError, match=r"frame `items`: expected the columns movieId.* got user"):
        read_ratings(log, users)
    with pytest.raises(InputError, match=r"frame `source`: expected the columns userId, movieId"):
        read_ratings(users, users)
    with pytest.raises(InputError, match=r"frame `items`: expected each item once"):
        read_ratings(log, log)


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.string()), pa.large_list(pa.dictionary(pa.int8(), pa.string()))]
)
def test_lists_of_genres_equal_genres_in_text(kind: pa.DataType) -> None:
    lists = pa.array([["Drama", "War"], ["Comedy"], None], pa.list_(pa.string()))
    items = pa.table(
        {
            **FILMS,
            "genres": lists.cast(kind) if kind == lists.type else pa.array(lists.to_pylist(), kind),
        }
    )
    assert read_ratings(pa.table(LOG), items) == read_ratings(pa.table(LOG), pa.table(FILMS))


def test_names_of_columns_and_the_scale_have_their_types() -> None:
    frame = pd.DataFrame({0: ["ann"], "movieId": [1], "rating": [4.0]})
    with pytest.raises(InputError, match=r"^user: expected the name of a column as text, got 0$"):
        read_ratings(frame, user=0)  # type: ignore[arg-type]
    for scale in [(0, 100, 1), "0:100:1"]:
        with pytest.raises(InputError, match=r"^scale: expected a RatingScale such as "):
            read_ratings(frame.rename(columns={0: "userId"}), scale=scale)  # type: ignore[arg-type]
