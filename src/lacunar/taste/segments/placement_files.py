"""Placement of all users of a log in the segments of a fit, as a directory of Parquet files."""

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
from lacunar.taste.features.genre_profiles import (
    PROFILE_SQL,
    GenreProfiles,
    dense_cells,
    with_counts,
)
from lacunar.taste.features.release_periods import PERIOD_SQL, PeriodCounts
from lacunar.taste.segments.placement import PlacementModel


@dataclass(frozen=True, slots=True)
class PlacementSummary:
    """Numbers of users who were placed.

    Parameters
    ----------
    populations : ndarray of shape (K,)
        Number of users whose most probable segment it is.
    unknown : int
        Number of users without a rating that the fit uses; they get the weights of the segments.
    """

    populations: NDArray[np.int64]
    unknown: int

    @property
    def n_users(self) -> int:
        """Number of all users."""
        return int(self.populations.sum())

    def __add__(self, other: PlacementSummary) -> PlacementSummary:
        return PlacementSummary(self.populations + other.populations, self.unknown + other.unknown)


def placements_table(
    user_ids: pa.Array, responsibilities: FloatArray, known: NDArray[np.bool_]
) -> pa.Table:
    """Return the rows of a placement file.

    Parameters
    ----------
    user_ids : pyarrow.Array of length U
    responsibilities : ndarray of shape (U, K)
    known : ndarray of shape (U,)
        Whether the user has a rating that the fit uses.

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
    """Place all users of a log in the segments of a fit, without a refit.

    Users and items may be new. Genres and periods that the fit does not have are ignored.

    Parameters
    ----------
    ratings : Ratings
        The log of the users to place.
    rule : PlacementModel
        Of a fit, such as ``model.placer.rule``.
    output : Path
        Directory of Parquet files to write; rows in order of user.
    force : bool
        Whether to replace an existing directory of placements.
    engine : Engine
        Runs the group-bys.
    progress : callable
        Called with (users placed, users in all).

    Returns
    -------
    PlacementSummary

    Raises
    ------
    InputError
        If ``output`` exists and ``force`` is false, or if it is no such directory.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from lacunar.taste.config import TasteConfig
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> from lacunar.taste.segments.fit import fit_segments
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> config = TasteConfig(max_components=2, n_seeds=2)
    >>> rule = fit_segments(ratings, config).placer(ratings, config).rule
    >>> with TemporaryDirectory() as folder:
    ...     place_users(ratings, rule, Path(folder) / "placements").n_users
    50
    """
    progress(0, ratings.n_users)
    by_genre = genre_columns(ratings.item_genres, ratings.genres, rule.genres)
    by_period = period_columns(ratings.years, rule.periods)
    cells = (
        engine(with_counts(PROFILE_SQL, log.column_names), {"log": log, "item_genres": by_genre})
        for log in ratings.pieces()
    )
    means, counts, _ = dense_cells(cells, (ratings.n_users, len(rule.genres)))
    period_counts = np.zeros((ratings.n_users, len(rule.periods)), dtype=np.int64)
    for log in ratings.pieces():
        in_period = engine(
            with_counts(PERIOD_SQL, log.column_names), {"log": log, "item_periods": by_period}
        )
        user, period = (in_period[name].to_numpy() for name in ("user", "period"))
        period_counts[user, period] = in_period["count"].to_numpy()
    summaries = []
    with parquet_directory(output, force=force) as folder:
        for first in range(0, ratings.n_users, USERS_PER_FILE):
            rows = slice(first, first + USERS_PER_FILE)
            profiles = GenreProfiles(rule.genres, means[rows], counts[rows], rule.rating_variance)
            periods = PeriodCounts(rule.periods, period_counts[rows])
            summaries.append(
                write_placements(
                    file_of(folder, first // USERS_PER_FILE),
                    ratings.users[rows],
                    *rule.responsibilities(profiles, periods),
                )
            )
            progress(min(rows.stop, ratings.n_users), ratings.n_users)
    return reduce(add, summaries)


def write_placements(
    file: Path, user_ids: pa.Array, responsibilities: FloatArray, known: NDArray[np.bool_]
) -> PlacementSummary:
    """Write one file and count its users; see :func:`placements_table`."""
    table = placements_table(user_ids, responsibilities, known)
    write_parquet(file, table)
    populations = np.bincount(table["segment"].to_numpy(), minlength=responsibilities.shape[1])
    return PlacementSummary(populations, int((~known).sum()))
