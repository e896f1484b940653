"""Counts of each user's rated films per period of release."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.taste.data import duckdb
from lacunar.taste.data.duckdb import Engine
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.features.genre_profiles import with_counts

PERIOD_SQL = """
SELECT log.user AS user, item_periods.period AS period, COUNT(*) AS count
FROM log JOIN item_periods ON log.item = item_periods.item
GROUP BY log.user, item_periods.period
"""
_YEARS = 5
_FIRST = 1970


@dataclass(frozen=True, slots=True)
class PeriodCounts:
    """Ratings of each user per period of release.

    Parameters
    ----------
    periods : tuple of str
        Such as ``before 1970``, ``1990-1994``; only periods with a rated film.
    counts : ndarray of shape (U, P)
        Films without a year are not counted.
    """

    periods: tuple[str, ...]
    counts: NDArray[np.int64]

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of each user's films with a year, shape (U, P); 0 for a user without such films."""
        totals = np.maximum(self.counts.sum(axis=1, keepdims=True), 1)
        return np.asarray(self.counts / totals)


def period_counts(
    ratings: Ratings, *, engine: Engine = duckdb.run, chunked: bool = True
) -> PeriodCounts:
    """Count each user's ratings per five years of release; one period for all before 1970.

    Parameters
    ----------
    ratings : Ratings
    engine : Engine
        Runs the group-by.
    chunked : bool
        Pass some users at a time to the engine, so that it needs less memory. Set it to False for
        an engine that already holds the log.
    """
    logs = ratings.pieces() if chunked else [ratings.log]
    tables = {"item_periods": item_periods(ratings.years)}
    pieces = [
        engine(with_counts(PERIOD_SQL, log.column_names), {"log": log} | tables) for log in logs
    ]
    cells = pa.concat_tables(pieces).combine_chunks()
    starts, period = np.unique(cells["period"].to_numpy(), return_inverse=True)
    counts = np.zeros((ratings.n_users, len(starts)), dtype=np.int64)
    counts[cells["user"].to_numpy(), period] = cells["count"].to_numpy()
    return PeriodCounts(tuple(period_name(int(year)) for year in starts), counts)


def item_periods(years: NDArray[np.float64]) -> pa.Table:
    """Table of ``item`` and ``period`` (its first year) of films with a year; years: (I,)."""
    dated = np.flatnonzero(~np.isnan(years))
    return pa.table({"item": dated.astype(np.int32), "period": period_starts(years[dated])})


def period_starts(years: NDArray[np.float64]) -> NDArray[np.int64]:
    """First year of each year's period; 1965 for all years before 1970.

    Examples
    --------
    >>> period_starts(np.array([1931.0, 1994.0, 1995.0])).tolist()
    [1965, 1990, 1995]
    """
    start = np.floor(years / _YEARS).astype(np.int64) * _YEARS
    return np.asarray(np.maximum(start, _FIRST - _YEARS))


def period_name(start: int) -> str:
    """Name of a period, from its first year."""
    return f"before {_FIRST}" if start < _FIRST else f"{start}-{start + _YEARS - 1}"
