"""Genre profiles: each user's mean rating per genre, gaps kept as NaN."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.taste.data import duckdb
from lacunar.taste.data.duckdb import Engine
from lacunar.taste.data.ratings import Ratings

# Plain enough for any SQL engine: no dialect, and genres come as rows, never as text to split.
PROFILE_SQL = """
SELECT log.user AS user, item_genres.genre AS genre,
    AVG(log.rating) AS mean, AVG(log.rating * log.rating) AS square, COUNT(*) AS count
FROM log JOIN item_genres ON log.item = item_genres.item
GROUP BY log.user, item_genres.genre
"""


@dataclass(frozen=True, slots=True)
class GenreProfiles:
    """Mean rating of each user in each genre.

    Parameters
    ----------
    genres : tuple of str
        Length G.
    means : ndarray of shape (U, G)
        Stars; NaN where the user rated nothing of the genre.
    counts : ndarray of shape (U, G)
        Ratings behind each mean.
    rating_variance : float
        Variance of one rating about its user's mean in the genre, in squared stars, pooled over
        all users and genres; 0 where no cell has two ratings. A mean of n ratings has variance
        ``rating_variance / n``.
    """

    genres: tuple[str, ...]
    means: NDArray[np.float64]
    counts: NDArray[np.int64]
    rating_variance: float

    @property
    def gaps(self) -> NDArray[np.bool_]:
        """Cells without a rating, shape (U, G)."""
        return np.asarray(self.counts == 0)

    @property
    def unrated_genres(self) -> tuple[str, ...]:
        """Genres of which nobody rated a film: a column of gaps, which no fit learns from."""
        return tuple(self.genres[g] for g in np.flatnonzero(self.gaps.all(axis=0)))

    @property
    def constant_genres(self) -> tuple[str, ...]:
        """Genres in which all who rated them have the same mean."""
        low = np.where(self.gaps, np.inf, self.means).min(axis=0)
        high = np.where(self.gaps, -np.inf, self.means).max(axis=0)
        return tuple(self.genres[g] for g in np.flatnonzero(low == high))

    @property
    def gap_share(self) -> float:
        """Share of all cells that are unknown."""
        return float(self.gaps.mean())

    @property
    def shares(self) -> NDArray[np.float64]:
        """What each user watches: share of the user's genre counts, shape (U, G)."""
        return np.asarray(self.counts / self.counts.sum(axis=1, keepdims=True))


def genre_profiles(
    ratings: Ratings, *, engine: Engine = duckdb.run, chunked: bool = True
) -> GenreProfiles:
    """Average each user's ratings per genre; a film counts for each of its genres.

    Parameters
    ----------
    ratings : Ratings
    engine : Engine
        Where the group-by runs.
    chunked : bool
        Give the engine some users at a time, so that it needs less memory; not where it holds the
        log already.
    """
    logs = ratings.pieces() if chunked else [ratings.log]
    tables = {"item_genres": ratings.item_genres}
    cells = (engine(PROFILE_SQL, {"log": log} | tables) for log in logs)
    means, counts, spread = dense_cells(cells, (ratings.n_users, len(ratings.genres)))
    return GenreProfiles(ratings.genres, means, counts, spread.variance)


@dataclass(frozen=True, slots=True)
class Spread:
    """How far ratings lie from their user's mean in the genre, summed over cells.

    Parameters
    ----------
    squares : float
        Squared distances.
    freedom : int
        Ratings beyond the first of each cell.
    """

    squares: float
    freedom: int

    def __add__(self, other: Spread) -> Spread:
        return Spread(self.squares + other.squares, self.freedom + other.freedom)

    @property
    def variance(self) -> float:
        """Variance of a rating, 0 where no cell has two."""
        return max(self.squares, 0.0) / self.freedom if self.freedom else 0.0


def dense_cells(
    pieces: Iterable[pa.Table], shape: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.int64], Spread]:
    """Put what :data:`PROFILE_SQL` returns where users and genres stand.

    Parameters
    ----------
    pieces : iterable of pyarrow.Table
        ``user``, ``genre``, ``mean``, ``square``, ``count``; in any order.
    shape : (int, int)
        Users and genres.

    Returns
    -------
    means : ndarray of shape (U, G)
        NaN where there is no cell.
    counts : ndarray of shape (U, G)
    spread : Spread
    """
    means = np.full(shape, np.nan)
    counts = np.zeros(shape, dtype=np.int64)
    squares = np.zeros(shape)
    for cells in pieces:
        user, genre = cells["user"].to_numpy(), cells["genre"].to_numpy()
        means[user, genre] = cells["mean"].to_numpy()
        counts[user, genre] = cells["count"].to_numpy()
        squares[user, genre] = cells["square"].to_numpy()
    # Summed by user and genre: an engine returns its rows in any order, and sums depend on it.
    total = float((counts * (squares - np.nan_to_num(means) ** 2)).sum())
    return means, counts, Spread(total, int(np.maximum(counts - 1, 0).sum()))
