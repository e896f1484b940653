"""Everybody of a log in the segments of a fit, written as a directory of Parquet files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.taste.columns import genre_places, period_places
from lacunar.taste.engines import Engine, duckdb
from lacunar.taste.mixture.parameters import FloatArray
from lacunar.taste.periods import PERIOD_SQL, PeriodCounts
from lacunar.taste.placement import PlacementRule
from lacunar.taste.profiles import PROFILE_SQL, GenreProfiles, dense_cells
from lacunar.taste.ratings import Ratings

_USERS_PER_BATCH = 1 << 14


@dataclass(frozen=True, slots=True)
class Placed:
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
    rule: PlacementRule,
    output: Path,
    *,
    force: bool = False,
    engine: Engine = duckdb.run,
) -> Placed:
    """Place all users of a log, without a refit.

    Films count by what the rule knows of their genres and periods; others of these count nowhere.

    Parameters
    ----------
    ratings : Ratings
        Of any users and films.
    rule : PlacementRule
        Of a fit.
    output : Path
        Directory that will hold Parquet files; rows in order of user.
    force : bool
        Replace such a directory.
    engine : Engine
        Where the group-bys run.

    Raises
    ------
    InputError
        If something is there that may not be replaced.
    """
    by_genre = genre_places(ratings.item_genres, ratings.genres, rule.genres)
    by_period = period_places(ratings.years, rule.periods)
    cells = (engine(PROFILE_SQL, {"log": log, "item_genres": by_genre}) for log in ratings.pieces())
    means, counts, _ = dense_cells(cells, (ratings.n_users, len(rule.genres)))
    period_counts = np.zeros((ratings.n_users, len(rule.periods)), dtype=np.int64)
    for log in ratings.pieces():
        in_period = engine(PERIOD_SQL, {"log": log, "item_periods": by_period})
        user, period = (in_period[name].to_numpy() for name in ("user", "period"))
        period_counts[user, period] = in_period["count"].to_numpy()
    populations = np.zeros(rule.mixture.n_components, dtype=np.int64)
    unknown = 0
    with staged(output, force=force) as folder:
        for part, first in enumerate(range(0, ratings.n_users, _USERS_PER_BATCH)):
            rows = slice(first, first + _USERS_PER_BATCH)
            belongs, known = rule.responsibilities(
                GenreProfiles(rule.genres, means[rows], counts[rows], rule.rating_variance),
                PeriodCounts(rule.periods, period_counts[rows]),
            )
            table = places_table(ratings.users[rows], belongs, known)
            pq.write_table(table, folder / f"part-{part:05}.parquet")
            populations += np.bincount(table["segment"].to_numpy(), minlength=len(populations))
            unknown += int((~known).sum())
    return Placed(populations, unknown)


def check_places_destination(path: Path, *, force: bool) -> None:
    """Refuse early what :func:`staged` would refuse after a long run.

    Raises
    ------
    InputError
        If something is there and ``force`` is off, or what is there is not Parquet files alone.
    """
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise InputError(f"{path}: expected a place for a directory, got a file")
    if not path.parent.is_dir():
        raise InputError(f"{path}: expected an existing parent directory, got none")
    if not path.exists() or not any(path.iterdir()):
        return
    if any(not file.is_file() or file.suffix != ".parquet" for file in path.iterdir()):
        raise InputError(f"{path}: expected an empty place or Parquet files, got others")
    if not force:
        raise InputError(f"{path}: something is there already; name --force to replace it")


@contextmanager
def staged(path: Path, *, force: bool) -> Iterator[Path]:
    """A folder to write Parquet files into, which takes its place once all of them are written.

    Raises
    ------
    InputError
        See :func:`check_places_destination`.
    """
    check_places_destination(path, force=force)
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield folder
        for file in folder.iterdir():
            # Spark leaves a mark and checksums beside what it writes.
            if file.suffix != ".parquet":
                file.unlink()
        folder.chmod(0o755)
        if path.exists():
            shutil.rmtree(path)
        folder.rename(path)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
