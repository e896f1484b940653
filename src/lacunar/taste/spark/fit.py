"""A taste fit on a Spark cluster, which runs the group-bys and EM over all users."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lacunar.aliases import StageProgress
from lacunar.taste.config import TasteConfig
from lacunar.taste.fit import fit_taste
from lacunar.taste.model import TasteModel
from lacunar.taste.spark.expectation import SparkExpectation
from lacunar.taste.spark.features import spark_rows
from lacunar.taste.spark.log import SparkLog


def fit_taste_on_spark(
    log: SparkLog,
    config: TasteConfig | None = None,
    *,
    progress: StageProgress | None = None,
    checkpoint_dir: Path | None = None,
) -> TasteModel:
    """Fit segments to a log on a cluster.

    The cluster runs the group-bys and, if there are more than ``config.search_users`` users, EM
    over all users. The cleaned log is fetched once, since a model holds its log.

    Parameters
    ----------
    log : SparkLog
    config : TasteConfig, optional
    progress : callable, optional
        Called with (stage, steps done, steps in all).
    checkpoint_dir : Path, optional
        Directory on the driver; see :func:`~lacunar.taste.fit.fit_taste`.

    Raises
    ------
    InputError
        See :func:`~lacunar.taste.fit.fit_taste`.
    """
    ratings = log.collect()

    @contextmanager
    def on_the_cluster(config: TasteConfig) -> Iterator[SparkExpectation]:
        rows = spark_rows(log, config)
        try:
            yield SparkExpectation(rows, config.covariance_type)
        finally:
            rows.free()

    return fit_taste(
        ratings,
        config,
        engine=log.engine(ratings),
        rows_provider=on_the_cluster,
        progress=progress,
        checkpoint_dir=checkpoint_dir,
    )
