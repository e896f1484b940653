from __future__ import annotations

import codecs
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from lacunar.errors import InputError
from lacunar.taste.data.fingerprint import fingerprint
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.spark.log import SparkLog, read_log

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Write = Callable[..., Path]


def assert_same(found: Ratings, expected: Ratings) -> None:
    assert found.intake == expected.intake
    assert found.genres == expected.genres
    assert found.scale == expected.scale
    assert found.users.equals(expected.users)
    for name in ("items", "item_genres", "log"):
        one, other = getattr(found, name), getattr(expected, name)
        assert one.schema.equals(other.schema), name
        assert one.equals(other), name
    assert fingerprint(found) == fingerprint(expected)


def test_a_log_read_on_spark_is_the_one_read_here(
    sample_log: SparkLog, sample_ratings: Ratings
) -> None:
    assert_same(sample_log.collect(), sample_ratings)


def test_parts_hold_ranges_of_users_in_order(sample_log: SparkLog) -> None:
    parts = sample_log.log.selectExpr("spark_partition_id() AS part", "user", "item").collect()
    assert {row["part"] for row in parts} == {0, 1, 2}
    assert all(row["user"] // 50 == row["part"] for row in parts)
    for part in range(3):
        pairs = [(row["user"], row["item"]) for row in parts if row["part"] == part]
        assert pairs == sorted(pairs)


def test_repeats_ties_and_unknown_films_are_dealt_with_alike(
    spark: SparkSession, write_csv: Write
) -> None:
    directory = write_csv(
        "10,1,2.0,50", "10,1,5.0,90", "10,1,1.0,10", "9,1,3.0,1", "9,1,4.0,1", "9,2,4.0,1",
        "007,2,2.0,5", "7,2,3.0,4", "8,98,3.0,5", "8,99,3.0,5", "9,99,3.0,5", "", "-3,3,1.0,5",
    )  # fmt: skip
    for name in ("ratings.csv", "movies.csv"):
        content = (directory / name).read_bytes().replace(b"\n", b"\r\n")
        (directory / name).write_bytes(codecs.BOM_UTF8 + content)
    found = read_log(spark, directory).collect()
    assert_same(found, read_ratings(directory))
    assert found.users.to_pylist() == [-3, 7, 9, 10]
    assert found.intake.repeated == 4
    assert found.intake.dropped_users == 1


def test_text_ids_and_another_scale(spark: SparkSession, write_csv: Write) -> None:
    movies = 'movieId,title,genres\ntt1,One (1999),Drama\n"t,2",Two,War\n'
    directory = write_csv('"z ""oe",tt1,7,50', "Änn,tt1,8,50", 'ann,"t,2",10,50', movies=movies)
    scale = RatingScale(1, 10, 1)
    found = read_log(spark, directory, scale=scale).collect()
    assert_same(found, read_ratings(directory, scale=scale))
    assert found.users.to_pylist() == ["ann", 'z "oe', "Änn"]


def test_a_directory_of_parquet_parts(
    spark: SparkSession, sample_directory: Path, tmp_path: Path
) -> None:
    data = tmp_path / "odd [name] {1}*"
    data.mkdir()
    ratings = read_ratings(sample_directory)
    pq.write_table(pc.read_csv(sample_directory / "movies.csv"), data / "movies.parquet")
    (data / "ratings.parquet" / "deep").mkdir(parents=True)
    log = pc.read_csv(sample_directory / "ratings.csv")
    pq.write_table(log.slice(0, 1000), data / "ratings.parquet" / "a.parquet")
    pq.write_table(log.slice(1000), data / "ratings.parquet" / "deep" / "b.parquet")
    assert_same(read_log(spark, data).collect(), ratings)


def test_of_one_second_the_later_part_counts(spark: SparkSession, write_csv: Write) -> None:
    directory = write_csv("1,1,3.0,4")
    (directory / "ratings.csv").unlink()
    times = [datetime(2026, 5, 31, 18, 30, 5, part) for part in (250_000, 500_000)]
    log = {"userId": [1, 1], "movieId": [1, 1], "rating": [5.0, 2.0], "timestamp": times}
    pq.write_table(pa.table(log), directory / "ratings.parquet")
    found = read_log(spark, directory).collect()
    assert_same(found, read_ratings(directory))
    assert found.rating.tolist() == [2.0]


def test_a_log_of_other_films_is_refused_alike(spark: SparkSession, write_csv: Write) -> None:
    directory = write_csv("1,77,3.0,4", "2,78,3.0,4")
    with pytest.raises(InputError) as expected:
        read_ratings(directory)
    with pytest.raises(InputError) as caught:
        read_log(spark, directory)
    assert str(caught.value) == str(expected.value)


def test_films_are_refused_as_always(spark: SparkSession, write_csv: Write) -> None:
    directory = write_csv("1,1,3.0,4", movies="movieId,title,genres\n1,A,War\n1,B,War\n")
    with pytest.raises(InputError, match="expected each item once, got '1' twice"):
        read_log(spark, directory)


def test_parts_grow_once_there_would_be_very_many(
    spark: SparkSession, sample_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacunar.taste.spark.log._MAX_PARTITIONS", 4)
    log = read_log(spark, sample_directory, users_per_partition=7)
    assert (log.users_per_partition, log.log.rdd.getNumPartitions()) == (30, 4)
