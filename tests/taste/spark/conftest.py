"""The generated log on Spark, in partitions of few users."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lacunar.taste.spark.log import SparkLog, read_log

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def sample_log(spark: SparkSession, sample_directory: Path) -> SparkLog:
    return read_log(spark, sample_directory, users_per_part=50)
