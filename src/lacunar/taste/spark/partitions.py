"""Users of one partition: from the rows of the group-bys to arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.taste.features.genre_profiles import GenreProfiles, Spread, dense_cells
from lacunar.taste.features.release_periods import PeriodCounts

# Kinds of rows: mean rating in a genre, count in a period, or the user's id.
GENRE, PERIOD, ID = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Partition:
    """Consecutive users.

    Parameters
    ----------
    first : int
        Position of the first user.
    user_ids : pyarrow.Array of length n
    means : ndarray of shape (n, G)
    counts : ndarray of shape (n, G)
    period_counts : ndarray of shape (n, P)
    spread : Spread
    """

    first: int
    user_ids: pa.Array
    means: FloatArray
    counts: NDArray[np.int64]
    period_counts: NDArray[np.int64]
    spread: Spread

    def profiles(self, genres: tuple[str, ...], rating_variance: float) -> GenreProfiles:
        """Genre profiles of the users."""
        return GenreProfiles(genres, self.means, self.counts, rating_variance)

    def periods(self, names: tuple[str, ...]) -> PeriodCounts:
        """Period counts of the users."""
        return PeriodCounts(names, self.period_counts)


def read_partition(
    batches: Iterator[pa.RecordBatch], n_genres: int, n_periods: int
) -> Partition | None:
    """Arrange the rows of a partition as arrays; None if it is empty.

    Parameters
    ----------
    batches : iterator of pyarrow.RecordBatch
        ``user``, ``kind``, ``place`` (index of the genre or period), ``mean``, ``square``,
        ``count``, ``user_id``; rows in any order. Each user has one row of kind ``ID``, and one
        row per genre and period with a rating.
    n_genres, n_periods : int
    """
    filled = [batch for batch in batches if batch.num_rows]
    if not filled:
        return None
    cells = pa.Table.from_batches(filled)
    users = cells.filter(pc.equal(cells["kind"], ID)).sort_by("user")
    first, n = users["user"][0].as_py(), len(users)
    shifted = cells.set_column(
        cells.column_names.index("user"), "user", pc.subtract(cells["user"], first)
    )
    genres = shifted.filter(pc.equal(shifted["kind"], GENRE))
    means, counts, spread = dense_cells([genres.rename_columns({"place": "genre"})], (n, n_genres))
    periods = shifted.filter(pc.equal(shifted["kind"], PERIOD))
    period_counts = np.zeros((n, n_periods), dtype=np.int64)
    period_counts[periods["user"].to_numpy(), periods["place"].to_numpy()] = periods[
        "count"
    ].to_numpy()
    ids = users["user_id"].combine_chunks()
    return Partition(first, ids, means, counts, period_counts, spread)


def record(values: Mapping[str, Any], types: Mapping[str, pa.DataType]) -> pa.RecordBatch:
    """Make a batch of one row, with arrays as bytes."""
    return pa.RecordBatch.from_arrays(
        [
            pa.array([value.tobytes() if isinstance(value, np.ndarray) else value], types[name])
            for name, value in values.items()
        ],
        names=list(values),
    )


def array_of(cell: pa.Scalar, *shape: int, dtype: type[Any] = np.float64) -> NDArray[Any]:
    """View the bytes of a cell as an array, without copying."""
    return np.frombuffer(cell.as_buffer(), dtype=dtype).reshape(shape or -1)
