from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from lacunar import __version__
from lacunar.errors import InputError
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.features.genre_profiles import genre_profiles
from lacunar.taste.features.release_periods import period_counts
from lacunar.taste.spark import engine
from lacunar.taste.spark.engine import (
    SparkEngine,
    as_frame,
    check_workers,
    collected,
    map_partitions,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_tables_are_found_by_name_and_joined(spark: SparkSession) -> None:
    left, right = pa.table({"k": [1, 2], "x": [3.0, 4.0]}), pa.table({"k": [2], "y": ["b"]})
    sql = "SELECT a.x AS x, b.y AS y FROM a JOIN b ON a.k = b.k"
    found = SparkEngine(spark)(sql, {"a": left, "b": right})
    assert found.to_pylist() == [{"x": 4.0, "y": "b"}]
    assert not spark.catalog.listTables()
    assert not Path("spark-warehouse").exists()


def test_a_table_that_is_there_already_is_not_sent_again(spark: SparkSession) -> None:
    table = pa.table({"x": [1]})
    engine = SparkEngine(spark)
    engine.keep(table, as_frame(spark, pa.table({"x": [2]})))
    assert engine("SELECT x FROM t", {"t": table})["x"].to_pylist() == [2]
    assert engine("SELECT x FROM t", {"t": pa.table({"x": [1]})})["x"].to_pylist() == [1]


def test_the_same_sql_gives_the_profiles_of_duckdb(
    spark: SparkSession, sample_ratings: Ratings
) -> None:
    found = genre_profiles(sample_ratings, engine=SparkEngine(spark))
    expected = genre_profiles(sample_ratings)
    np.testing.assert_array_equal(found.counts, expected.counts)
    np.testing.assert_allclose(found.means, expected.means, rtol=0, atol=1e-12)
    assert abs(found.rating_variance - expected.rating_variance) < 1e-12
    periods = period_counts(sample_ratings, engine=SparkEngine(spark))
    assert periods.periods == period_counts(sample_ratings).periods
    np.testing.assert_array_equal(periods.counts, period_counts(sample_ratings).counts)


def test_python_works_on_partitions_whose_order_is_kept(spark: SparkSession) -> None:
    def doubled(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield pa.RecordBatch.from_pydict({"y": pa.array(2 * np.asarray(batch["x"]))})

    frame = spark.range(9, numPartitions=3).withColumnRenamed("id", "x")
    found = collected(map_partitions(frame, doubled, "y bigint"))
    assert found["y"].to_pylist() == list(range(0, 18, 2))
    assert found.schema.field("y").nullable


def test_workers_without_this_lacunar_are_refused(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_workers(spark)
    monkeypatch.setattr(engine, "__version__", "0.0.7")
    expected = rf"expected lacunar 0\.0\.7 on every worker, got {__version__}"
    with pytest.raises(InputError, match=expected):
        check_workers(spark)


def test_a_module_that_workers_lack_is_named(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import lacunar_of_another_day

        return lacunar_of_another_day.version(batches)

    monkeypatch.setattr(engine, "_version", lacking)
    with pytest.raises(InputError, match="got: ModuleNotFoundError: No module named 'lacunar_of"):
        check_workers(spark)
