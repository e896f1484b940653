from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.layouts import find_source
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.spark.raw_ratings import raw_ratings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Write = Callable[..., Path]
GOOD = {"userId": [1, 2], "movieId": [1, 2], "rating": [4.0, 3.0], "timestamp": [5, 6]}


def refused(spark: SparkSession, directory: Path) -> str:
    with pytest.raises(InputError) as caught:
        raw_ratings(spark, find_source(directory), RatingScale())
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "row", ["1,2,good,5", "1,2,5.5,5", "1,2,3", ",2,3,5", "userId,movieId,rating,timestamp"]
)
def test_a_bad_line_gets_the_sentence_it_always_gets(
    spark: SparkSession, write_csv: Write, row: str
) -> None:
    directory = write_csv("1,1,4.0,3", row, "2,1,4.0,3")
    with pytest.raises(InputError, match="line 3") as expected:
        read_ratings(directory)
    assert refused(spark, directory) == str(expected.value)


def test_bytes_that_are_no_text_are_found_far_into_a_file(
    spark: SparkSession, write_csv: Write
) -> None:
    directory = write_csv(*["1,1,4.0,3"] * 9000)
    with (directory / "ratings.csv").open("ab") as file:
        file.write(b"\xff,1,4.0,3\n")
    assert "line 9002: expected UTF-8 text" in refused(spark, directory)


@pytest.mark.parametrize("content", [b"", b"userId,rating,timestamp\n1,1,3\n", b"\x7fELF\0\0"])
def test_a_bad_head_gets_the_sentence_it_always_gets(
    spark: SparkSession, write_csv: Write, content: bytes
) -> None:
    directory = write_csv("1,1,4.0,3")
    (directory / "ratings.csv").write_bytes(content)
    with pytest.raises(InputError) as expected:
        read_ratings(directory)
    assert refused(spark, directory) == str(expected.value)


def test_what_only_the_other_engine_takes_is_refused(spark: SparkSession, write_csv: Write) -> None:
    directory = write_csv("1,1,4.0,3")
    (directory / "ratings.csv").write_text("userId,movieId,rating\n1,1,4.0\n")
    assert "expected a column timestamp for the engine spark" in refused(spark, directory)
    assert read_ratings(directory).n_users == 1
    (directory / "ratings.csv").write_text("userId,movieId,timestamp\n1,1,4\n")
    assert "expected a column rating for the engine spark" in refused(spark, directory)
    (directory / "ratings.csv").write_text("userId;movieId;rating;timestamp\n1;1;4;5\n")
    assert "expected commas between the columns for the engine spark" in refused(spark, directory)
    (directory / "movies.csv").unlink()
    assert "expected a table of items for the engine spark" in refused(spark, directory)
    assert read_ratings(directory).n_users == 1
    (directory / "ratings.toml").write_text('[ratings]\nuser = "userId"\n')
    assert "for the engine spark, got a ratings.toml" in refused(spark, directory)


def test_a_file_that_only_the_other_reader_understands_is_refused(
    spark: SparkSession, write_csv: Write
) -> None:
    directory = write_csv("1,1,4.0,3")
    text = 'userId,movieId,rating,timestamp,note\n1,1,4.0,3,"a\nb"\n'
    (directory / "ratings.csv").write_text(text)
    assert read_ratings(directory).n_users == 1
    assert "expected rows of one line each" in refused(spark, directory)


def test_dates_in_text_are_for_the_other_reader(spark: SparkSession, write_csv: Write) -> None:
    directory = write_csv("1,1,4.0,2026-05-31 18:30")
    assert read_ratings(directory).log["timestamp"].to_pylist() == [1780252200]
    message = "column timestamp: expected seconds for the engine spark, got dates"
    assert message in refused(spark, directory)
    directory = write_csv("1,1,4.0,2026-05-31 18:30", "1,1,4.0,tomorrow")
    assert "ratings.csv, line 3" in refused(spark, directory)


@pytest.mark.parametrize(
    "kind", [pa.timestamp("us"), pa.timestamp("ms", tz="Europe/Paris"), pa.date32()]
)
def test_dates_in_parquet_are_seconds_as_always(
    spark: SparkSession, write_csv: Write, kind: pa.DataType
) -> None:
    times = [datetime(1969, 12, 31, 23, 59, 59, 500_000), datetime(2026, 5, 31, 18, 30)]
    cells = pa.array(times, pa.timestamp("us")).cast(kind, safe=False)
    directory = as_parquet(write_csv("1,1,4.0,3"), GOOD | {"timestamp": cells})
    found = raw_ratings(spark, find_source(directory), RatingScale()).frame.orderBy("user_id")
    expected = read_ratings(directory).log["timestamp"].to_pylist()
    assert [math.floor(row["timestamp"]) for row in found.collect()] == expected


def test_layouts_that_spark_does_not_read_are_named(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "ratings.dat").write_text("1::1::4::3\n")
    (tmp_path / "movies.dat").write_text("1::A (1990)::Drama\n")
    assert "expected ratings.csv or ratings.parquet" in refused(spark, tmp_path)
    (tmp_path / "ratings.dat").unlink()
    (tmp_path / "ratings.csv.gz").touch()
    (tmp_path / "movies.csv").touch()
    assert "got ratings.csv.gz; the engine duckdb reads it" in refused(spark, tmp_path)


BAD_PARQUET: dict[str, tuple[dict[str, Any], str]] = {
    "a null": ({"userId": [1, None]}, "column userId: expected a value in every row, got a null"),
    "off the scale": ({"rating": [4.0, 3.7]}, "expected a rating of 0.5 to 5 in steps of 0.5"),
    "NaN": ({"rating": [4.0, float("nan")]}, "in steps of 0.5, got nan"),
    "text in rating": ({"rating": ["4.0", "4d"]}, "expected numbers in rating and timestamp"),
    "dates in text": ({"timestamp": ["2026-05-31", "2026-06-01"]}, "the engine duckdb also reads"),
    "half a second": ({"timestamp": [5.0, 5.5]}, "expected numbers in rating and timestamp"),
    "ids that are no ids": ({"movieId": [1.5, 2.0]}, "column movieId: expected whole numbers or"),
    "no rows": ({name: [] for name in GOOD}, "expected at least one row of data, got none"),
}


@pytest.mark.parametrize(("change", "message"), BAD_PARQUET.values(), ids=BAD_PARQUET.keys())
def test_bad_parquet_is_refused_by_column(
    spark: SparkSession, write_csv: Write, change: dict[str, Any], message: str
) -> None:
    directory = as_parquet(write_csv("1,1,4.0,3"), GOOD | change)
    if not any((GOOD | change).values()):
        types = [pa.int64(), pa.int64(), pa.float64(), pa.int64()]
        empty = pa.table([pa.array([], kind) for kind in types], names=list(GOOD))
        pq.write_table(empty, directory / "ratings.parquet")
    error = refused(spark, directory)
    assert message in error
    assert "ratings.parquet" in error


def test_columns_are_asked_for_by_their_exact_names(spark: SparkSession, write_csv: Write) -> None:
    renamed = {("userID" if name == "userId" else name): v for name, v in GOOD.items()}
    directory = as_parquet(write_csv("1,1,4.0,3"), renamed)
    with pytest.raises(InputError) as expected:
        read_ratings(directory)
    assert refused(spark, directory) == str(expected.value)


def test_what_is_no_parquet_is_told(spark: SparkSession, write_csv: Write) -> None:
    directory = as_parquet(write_csv("1,1,4.0,3"), GOOD)
    (directory / "ratings.parquet").write_bytes(b"not at all")
    assert "expected Parquet, got: " in refused(spark, directory)
    (directory / "ratings.parquet").unlink()
    (directory / "ratings.parquet").mkdir()
    assert "expected Parquet, got: " in refused(spark, directory)


def as_parquet(directory: Path, columns: dict[str, Any]) -> Path:
    """Replace the text files by Parquet files."""
    ratings = read_ratings(directory)
    movies = {"movieId": ratings.items["item_id"], "title": ratings.items["title"]}
    for name in ("ratings.csv", "movies.csv"):
        (directory / name).unlink()
    pq.write_table(
        pa.table(movies | {"genres": ["Drama"] * ratings.n_items}), directory / "movies.parquet"
    )
    pq.write_table(pa.table(columns), directory / "ratings.parquet")
    return directory
