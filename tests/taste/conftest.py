"""A Spark session shared by all tests of Spark, since a process can have only one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from lacunar.errors import InputError
from lacunar.taste.spark.session import require_spark, spark_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    try:
        require_spark()
    except InputError as error:
        pytest.skip(str(error))
    options = {"spark.sql.shuffle.partitions": "2", "spark.driver.memory": "1g"}
    with spark_session("local[2]", options=options) as session:
        yield session
