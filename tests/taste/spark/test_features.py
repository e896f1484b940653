"""A log of about 100,000 ratings, read and fitted on Spark and locally."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lacunar.datasets.tastes.sample import write_tastes
from lacunar.mixture.chunked import LocalExpectation
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em import posterior
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.features.genre_profiles import genre_profiles
from lacunar.taste.features.release_periods import period_counts
from lacunar.taste.segments.fit import SegmentFit, fit_segments
from lacunar.taste.spark.expectation import SparkExpectation
from lacunar.taste.spark.features import SparkRows, spark_rows
from lacunar.taste.spark.log import SparkLog, read_log

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CONFIG = TasteConfig(min_components=4, max_components=4, n_seeds=2, max_iter=20)


@dataclass(frozen=True)
class Both:
    """The same log on Spark and locally."""

    log: SparkLog
    rows: SparkRows
    ratings: Ratings
    fit: SegmentFit


@pytest.fixture(scope="module")
def both(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Both:
    directory: Path = tmp_path_factory.mktemp("larger")
    assert write_tastes(directory, n_users=700, layout="parquet") > 95_000
    log, ratings = read_log(spark, directory, users_per_partition=200), read_ratings(directory)
    return Both(log, spark_rows(log, CONFIG), ratings, fit_segments(ratings, CONFIG))


def test_counts_are_equal_and_means_to_the_twelfth_digit(both: Both) -> None:
    assert both.log.n_ratings == len(both.ratings.log)
    found = both.log.collect()
    assert found.log.equals(both.ratings.log)
    engine = both.log.engine(found)
    profiles = genre_profiles(found, engine=engine, chunked=False)
    periods = period_counts(found, engine=engine, chunked=False)
    np.testing.assert_array_equal(profiles.counts, both.fit.profiles.counts)
    np.testing.assert_array_equal(periods.counts, both.fit.periods.counts)
    np.testing.assert_allclose(profiles.means, both.fit.profiles.means, rtol=0, atol=1e-12)
    assert abs(profiles.rating_variance - both.rows.rating_variance) < 1e-12


def test_each_users_lower_bound_is_the_same_to_the_eighth_digit(
    both: Both, fetched: Callable[[SparkRows], MixtureData]
) -> None:
    there = fetched(both.rows)
    mixture = both.fit.segments.mixture
    (_, found), (_, expected) = (
        posterior(data.observations(CONFIG.covariance_type), mixture)
        for data in (there, both.fit.data)
    )
    assert found.shape == (1, 700)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)


def test_the_lower_bound_of_all_users_is_that_of_one_machine(both: Both) -> None:
    there = SparkExpectation(both.rows, CONFIG.covariance_type)
    here = LocalExpectation(both.fit.data, CONFIG.covariance_type)
    mixtures = both.fit.found.near_best
    found, _ = there.statistics(mixtures.moved_by(-there.origin))
    expected, _ = here.statistics(mixtures.moved_by(-here.origin))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)
