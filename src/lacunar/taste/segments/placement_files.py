"""Everybody of a log in the segments of a fit, written as a directory of Parquet files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.aliases import FloatArray, no_progress
from lacunar.files.parquet_directory import (
    USERS_PER_FILE,
    file_of,
    parquet_directory,
    write_parquet,
)
from lacunar.taste.data import duckdb
from lacunar.taste.data.duckdb import Engine
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.features.fitted_columns import genre_columns, period_columns
from lacunar.taste.features.genre_profiles import PROFILE_SQL, GenreProfiles, dense_cells
from lacunar.taste.features.release_periods import PERIOD_SQL, PeriodCounts
from lacunar.taste.segments.placement import PlacementModel


@dataclass(frozen=True, slots=True)
class PlacementSummary:
    """Who was placed.

    Parameters
    ----------
    populations : ndarray of shape (K,)
        Users whose most probable segment it is.
    unknown : int
        Users of whom the fit knows nothing, placed by the weights of the segments.
    """

    populations: NDArray[np.int64]
    unknown: int

    @property
    def n_users(self) -> int:
        return int(self.populations.sum())

    def __add__(self, other: PlacementSummary) -> PlacementSummary:
        return PlacementSummary(self.populations + other.populations, self.unknown + other.unknown)


def places_table(
    user_ids: pa.Array, responsibilities: FloatArray, known: NDArray[np.bool_]
) -> pa.Table:
    """Rows of users with their segments.

    Parameters
    ----------
    user_ids : pyarrow.Array of length U
    responsibilities : ndarray of shape (U, K)
    known : ndarray of shape (U,)

    Returns
    -------
    pyarrow.Table
        ``user_id``, ``segment``, ``probability``, ``responsibilities``, ``known``.
    """
    segment = responsibilities.argmax(axis=1)
    u, k = responsibilities.shape
    offsets = pa.array(np.arange(u + 1, dtype=np.int32) * k)
    lists = pa.ListArray.from_arrays(offsets, pa.array(responsibilities.ravel()))
    return pa.table(
        {
            "user_id": user_ids,
            "segment": pa.array(segment, pa.int32()),
            "probability": responsibilities[np.arange(u), segment],
            "responsibilities": lists,
            "known": known,
        }
    )


def place_users(
    ratings: Ratings,
    rule: PlacementModel,
    output: Path,
    *,
    force: bool = False,
    engine: Engine = duckdb.run,
    progress: Callable[[int, int], None] = no_progress,
) -> PlacementSummary:
    """Place all users of a log, without a refit.

    Films count by what the rule knows of their genres and periods; others of these count nowhere.

    Parameters
    ----------
    ratings : Ratings
        Of any users and films.
    rule : PlacementModel
        Of a fit.
    output : Path
        Directory that will hold Parquet files; rows in order of user.
    force : bool
        Replace such a directory.
    engine : Engine
        Where the group-bys run.
    progress : callable
        Called with (users placed, users in all).

    Raises
    ------
    InputError
        If something is there that may not be replaced.
    """
    progress(0, ratings.n_users)
    by_genre = genre_columns(ratings.item_genres, ratings.genres, rule.genres)
    by_period = period_columns(ratings.years, rule.periods)
    cells = (engine(PROFILE_SQL, {"log": log, "item_genres": by_genre}) for log in ratings.pieces())
    means, counts, _ = dense_cells(cells, (ratings.n_users, len(rule.genres)))
    period_counts = np.zeros((ratings.n_users, len(rule.periods)), dtype=np.int64)
    for log in ratings.pieces():
        in_period = engine(PERIOD_SQL, {"log": log, "item_periods": by_period})
        user, period = (in_period[name].to_numpy() for name in ("user", "period"))
        period_counts[user, period] = in_period["count"].to_numpy()
    parts = []
    with parquet_directory(output, force=force) as folder:
        for first in range(0, ratings.n_users, USERS_PER_FILE):
            rows = slice(first, first + USERS_PER_FILE)
            profiles = GenreProfiles(rule.genres, means[rows], counts[rows], rule.rating_variance)
            periods = PeriodCounts(rule.periods, period_counts[rows])
            parts.append(
                write_placements(
                    file_of(folder, first // USERS_PER_FILE),
                    ratings.users[rows],
                    *rule.responsibilities(profiles, periods),
                )
            )
            progress(min(rows.stop, ratings.n_users), ratings.n_users)
    return reduce(add, parts)


def write_placements(
    file: Path, user_ids: pa.Array, responsibilities: FloatArray, known: NDArray[np.bool_]
) -> PlacementSummary:
    """Write one of the files, and tell who is in it; see :func:`places_table`."""
    table = places_table(user_ids, responsibilities, known)
    write_parquet(file, table)
    found = np.bincount(table["segment"].to_numpy(), minlength=responsibilities.shape[1])
    return PlacementSummary(found, int((~known).sum()))
