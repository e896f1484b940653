from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.column_names import (
    ColumnNames,
    ItemsNames,
    RatingsNames,
    read_names,
    standard_names,
)
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings

SHOP = """
[ratings]
file = "reviews.csv"
user = "customer"
item = "sku"
rating = "stars"
timestamp = "when"

[items]
file = "products.csv"
item = "id"
title = "name"
genres = "kinds"
"""


def write_shop(directory: Path, sample: Path, names: str = SHOP, **cells: str) -> Path:
    """Write the sample's tables with other names, columns in another order and one more column."""
    separator, end, bom = (cells.get(key, default) for key, default in
                           [("separator", ","), ("end", "\n"), ("bom", "")])  # fmt: skip
    for table, own, header in [
        ("ratings.csv", "reviews.csv", ["customer", "sku", "stars", "when"]),
        ("movies.csv", "products.csv", ["id", "name", "kinds"]),
    ]:
        with (sample / table).open(encoding="utf-8", newline="") as file:
            rows = [header, *list(csv.reader(file))[1:]]
        with (directory / own).open("w", encoding="utf-8", newline="") as file:
            file.write(bom)
            writer = csv.writer(file, delimiter=separator, lineterminator=end)
            writer.writerows([*row[::-1], "rest"] for row in rows)
    (directory / "ratings.toml").write_text(names, encoding="utf-8")
    return directory


def assert_same(found: Ratings, expected: Ratings) -> None:
    assert found.log.equals(expected.log)
    assert found.users.equals(expected.users)
    assert found.items.equals(expected.items)
    assert found.genres == expected.genres
    assert found.intake == expected.intake


def test_other_names_change_nothing_but_names(
    tmp_path: Path, sample_directory: Path, sample_ratings: Ratings
) -> None:
    assert_same(read_ratings(write_shop(tmp_path, sample_directory)), sample_ratings)


def test_separators_line_ends_and_marks_of_a_spreadsheet_are_read(
    tmp_path: Path, sample_directory: Path, sample_ratings: Ratings
) -> None:
    folder = tmp_path / "Données d'été"
    folder.mkdir()
    names = SHOP.replace('.csv"', '.csv"\nseparator = ";"')
    write_shop(folder, sample_directory, names, separator=";", end="\r\n", bom="\ufeff")
    assert_same(read_ratings(folder), sample_ratings)


def test_parquet_has_names_of_its_own_too(
    tmp_path: Path, sample_directory: Path, sample_ratings: Ratings
) -> None:
    write_shop(tmp_path, sample_directory, SHOP.replace(".csv", ".parquet"))
    for name in ("reviews", "products"):
        with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))
        pq.write_table(pa.table(columns), tmp_path / f"{name}.parquet")
    assert_same(read_ratings(tmp_path), sample_ratings)


def test_a_column_in_the_way_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,stars,timestamp\n1,1,99,4,5\n")
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n1,A,Drama; War\n")
    (tmp_path / "ratings.toml").write_text(
        'ratings = {rating = "stars"}\nitems = {genre_separator = ";"}'
    )
    found = read_ratings(tmp_path)
    assert found.rating.tolist() == [4.0]
    assert found.genres == ("Drama", "War")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ('user = "customer"', 'user = "buyer"'),
            r"reviews\.csv, line 1: expected the columns buyer, sku, stars, when; got .*"
            r" which lacks buyer \(a ratings\.toml in the directory may",
        ),
        (
            ('timestamp = "when"', 'timestamp = "at"'),
            r"reviews\.csv, line 1: .* which lacks at ",
        ),
        (("reviews", "orders"), r"expected one of orders\.csv, got none of them"),
        (
            ("products", "goods"),
            r"expected goods\.csv next to reviews\.csv, .* a table of .*genres",
        ),
        (("[items]", "[films]"), r"ratings\.toml: expected no key films: the keys are \[ratings\]"),
        (('"sku"', "7"), r"ratings\.toml: ratings\.item: input should be a valid string, got 7"),
        (("= ", "= = "), r"ratings\.toml: expected names in TOML, got: "),
        (('"sku"', '"customer"'), r"ratings: expected a different column for each of userId"),
        (
            ("reviews.csv", "../reviews.csv"),
            r"expected the name of a file in the same directory, got '\.\./",
        ),
    ],
)
def test_what_does_not_fit_gets_one_sentence(
    tmp_path: Path, sample_directory: Path, change: tuple[str, str], message: str
) -> None:
    write_shop(tmp_path, sample_directory, SHOP.replace(*change))
    with pytest.raises(InputError, match=message) as caught:
        read_ratings(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,1,good,5", r"line 3, column stars: expected a number, got the row"),
        ("a,1,,5", r"line 3, column stars: expected a number, got an empty cell"),
        ("a,1,9,5", r"line 3, column stars: expected a rating of 0\.5 to 5"),
        ("a,1,4,soon", r"line 3, column when: expected a whole number, got the row"),
    ],
)
def test_places_are_told_by_the_names_of_the_file(tmp_path: Path, row: str, message: str) -> None:
    (tmp_path / "reviews.csv").write_text(f"customer,sku,stars,when\nb,1,4,5\n{row}\n")
    (tmp_path / "products.csv").write_text("id,name,kinds\n1,A,Drama\n")
    (tmp_path / "ratings.toml").write_text(SHOP)
    with pytest.raises(InputError, match=message):
        read_ratings(tmp_path)


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        (["1970-01-01", "1970-01-02"], [0, 86400]),
        (["2026-05-31 18:30:00", "2026-05-31T18:30:01"], [1780252200, 1780252201]),
    ],
)
def test_dates_are_seconds_since_1970(tmp_path: Path, times: list[str], seconds: list[int]) -> None:
    rows = "\n".join(f"{user},1,4,{time}" for user, time in enumerate(times))
    (tmp_path / "ratings.csv").write_text(f"userId,movieId,rating,timestamp\n{rows}\n")
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n1,A,Drama\n")
    text = read_ratings(tmp_path).log["timestamp"].to_pylist()
    log = {"userId": [0, 1], "movieId": [1, 1], "rating": [4.0, 4.0],
           "timestamp": np.array(times, dtype="datetime64[us]")}  # fmt: skip
    pq.write_table(pa.table(log), tmp_path / "ratings.parquet")
    pq.write_table(pa.table({"movieId": [1], "title": ["A"], "genres": ["Drama"]}),
                   tmp_path / "movies.parquet")  # fmt: skip
    (tmp_path / "ratings.csv").unlink()
    assert text == read_ratings(tmp_path).log["timestamp"].to_pylist() == seconds


def test_a_later_row_that_is_no_date_is_refused(tmp_path: Path) -> None:
    rows = "1,1,4,2026-05-31\n2,1,4,soon\n"
    (tmp_path / "ratings.csv").write_text(f"userId,movieId,rating,timestamp\n{rows}")
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n1,A,Drama\n")
    with pytest.raises(InputError, match=r"line 3, column timestamp: expected .* or a date"):
        read_ratings(tmp_path)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_without_times_the_higher_of_repeated_ratings_counts(tmp_path: Path, suffix: str) -> None:
    ratings = {"userId": [7, 7], "movieId": [1, 1], "rating": [4.5, 2.0]}
    items = {"movieId": [1], "title": ["A"], "genres": ["Drama"]}
    for name, table in {"ratings": ratings, "movies": items}.items():
        if suffix == "parquet":
            pq.write_table(pa.table(table), tmp_path / f"{name}.parquet")
            continue
        with (tmp_path / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([table, *zip(*table.values(), strict=True)])
    found = read_ratings(tmp_path)
    assert (found.rating.tolist(), found.log["timestamp"].to_pylist()) == ([4.5], [0])
    assert found.intake.repeated == 1


def test_a_directory_without_names_has_none(tmp_path: Path) -> None:
    assert read_names(tmp_path) is None
    (tmp_path / "ratings.toml").write_text("")
    assert read_names(tmp_path) == ColumnNames(RatingsNames(), ItemsNames())


def test_names_that_swap_are_told_apart() -> None:
    assert standard_names(["item", "user"], {"user": "item", "item": "user"}) == ["user", "item"]


@pytest.mark.parametrize(
    ("keys", "plural"),
    [
        ('noun = "wine"', "wines"),
        ('noun = "box"\nplural = "boxes"', "boxes"),
        ("", "items"),
    ],
)
def test_the_noun_of_the_items_is_the_one_that_is_named_and_neutral_otherwise(
    sample_directory, tmp_path, keys, plural
):
    assert read_ratings(write_shop(tmp_path, sample_directory, SHOP + keys)).noun.plural == plural


def test_the_items_of_movielens_are_films_unless_the_argument_names_them(sample_directory):
    assert read_ratings(sample_directory).noun.plural == "films"
    assert read_ratings(sample_directory, noun="movie").noun.plural == "movies"
    assert read_ratings(sample_directory, noun=("series", "series")).noun.counted(2) == "2 series"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ('plural = "boxes"', r"items\.plural: expected items\.noun as well, got none"),
        ('noun = " "', r"items\.noun: expected a noun of 1 to 40 characters, got ' '"),
        ("noun = 7", r"items\.noun: input should be a valid string, got 7"),
    ],
)
def test_invalid_nouns_are_refused(tmp_path, keys, message):
    (tmp_path / "ratings.toml").write_text(f"[items]\n{keys}\n", encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_names(tmp_path)
