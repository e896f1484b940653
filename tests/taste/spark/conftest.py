"""Fixtures: the generated log on Spark, in partitions of few users."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lacunar.mixture.data import MixtureData
from lacunar.taste.spark.engine import collected
from lacunar.taste.spark.features import SparkRows, partitions_of
from lacunar.taste.spark.log import SparkLog, read_log

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def sample_log(spark: SparkSession, sample_directory: Path) -> SparkLog:
    return read_log(spark, sample_directory, users_per_partition=50)


@pytest.fixture(scope="session")
def fetched() -> Callable[[SparkRows], MixtureData]:
    """A function that fetches rows from the cluster."""

    def fetch(rows: SparkRows) -> MixtureData:
        batches = collected(rows.frame).sort_by("first").to_batches()
        parts = [part.data for part in partitions_of(batches, len(rows.columns))]
        noise = [part.noise for part in parts if part.noise is not None]
        return MixtureData(
            np.concatenate([part.values for part in parts]),
            np.concatenate(noise) if noise else None,
        )

    return fetch
