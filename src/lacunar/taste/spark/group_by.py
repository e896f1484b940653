"""Group-bys of ratings by user and genre or period; one range of users per partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lacunar.taste.features.fitted_columns import genre_columns, period_columns
from lacunar.taste.features.genre_profiles import PROFILE_SQL, with_counts
from lacunar.taste.features.release_periods import PERIOD_SQL, item_periods, period_name
from lacunar.taste.spark.engine import as_frame, collected, run
from lacunar.taste.spark.log import SparkLog, by_partition
from lacunar.taste.spark.partitions import GENRE, ID, PERIOD

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_PERIODS_SQL = """
SELECT DISTINCT item_periods.period AS period
FROM log JOIN item_periods ON log.item = item_periods.item
"""
_CELLS_SQL = f"""
SELECT user, {GENRE} AS kind, genre AS place, mean, square, count, NULL AS user_id FROM by_genre
UNION ALL
SELECT user, {PERIOD}, period, NULL, NULL, count, NULL FROM by_period
UNION ALL
SELECT user, {ID}, NULL, NULL, NULL, NULL, user_id FROM users
"""


def rated_periods(log: SparkLog) -> tuple[str, ...]:
    """Periods of release of all rated films, in order."""
    periods = as_frame(log.session, item_periods(_years(log)))
    rated = collected(run(log.session, _PERIODS_SQL, {"log": log.log, "item_periods": periods}))
    return tuple(period_name(start) for start in sorted(rated["period"].to_pylist()))


def user_cells(log: SparkLog, genres: tuple[str, ...], periods: tuple[str, ...]) -> DataFrame:
    """Run the group-bys of genre profiles and period counts on a cluster.

    Parameters
    ----------
    log : SparkLog
    genres, periods : tuple of str
        Columns of the profiles; other genres and periods are ignored.

    Returns
    -------
    DataFrame
        Input of :func:`~lacunar.taste.spark.partitions.read_partition`.
    """
    by_genre = genre_columns(log.catalogue.item_genres, log.catalogue.genres, genres)
    by_period = period_columns(_years(log), periods)
    frames = {
        "log": log.log,
        "item_genres": as_frame(log.session, by_genre).hint("broadcast"),
        "item_periods": as_frame(log.session, by_period).hint("broadcast"),
    }
    counted = {
        "by_genre": run(log.session, with_counts(PROFILE_SQL, log.log.columns), frames),
        "by_period": run(log.session, with_counts(PERIOD_SQL, log.log.columns), frames),
        "users": log.users,
    }
    return by_partition(run(log.session, _CELLS_SQL, counted), log.n_users, log.users_per_partition)


def _years(log: SparkLog) -> NDArray[np.float64]:
    return np.asarray(log.catalogue.items["year"].to_numpy().astype(np.float64))
