"""Genre profiles: each user's mean rating per genre, NaN for gaps."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.taste.data import duckdb
from lacunar.taste.data.duckdb import Engine
from lacunar.taste.data.ratings import Ratings

# Standard SQL, so that DuckDB and Spark both run it; genres are rows, so no text is split.
PROFILE_SQL = """
SELECT log.user AS user, item_genres.genre AS genre,
    AVG(log.rating) AS mean, AVG(log.rating * log.rating) AS square, COUNT(*) AS count
FROM log JOIN item_genres ON log.item = item_genres.item
GROUP BY log.user, item_genres.genre
"""


def with_counts(sql: str, columns: Collection[str]) -> str:
    """Let each row of a log count as often as its column ``count`` says, if it has one.

    Parameters
    ----------
    sql : str
        Groups ``log``, such as :data:`PROFILE_SQL`.
    columns : collection of str
        Columns of ``log``.

    Examples
    --------
    >>> with_counts("SELECT COUNT(*) FROM log", ["item", "count"])
    'SELECT CAST(SUM(log.count) AS BIGINT) FROM log'
    """
    if "count" not in columns:
        return sql
    return sql.replace("COUNT(*)", "CAST(SUM(log.count) AS BIGINT)")


@dataclass(frozen=True, slots=True)
class GenreProfiles:
    """Mean rating of each user in each genre.

    Parameters
    ----------
    genres : tuple of str
        Length G.
    means : ndarray of shape (U, G)
        Stars; NaN if the user rated no film of the genre.
    counts : ndarray of shape (U, G)
        Number of ratings in each mean, each with its count.
    rating_variance : float
        Variance of one rating about its user's mean in the genre, in squared stars, pooled over
        all users and genres; 0 if no cell has two ratings. A mean of n ratings has the variance
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
        """Genres without any rating: columns of gaps, from which a fit learns nothing."""
        return tuple(self.genres[g] for g in np.flatnonzero(self.gaps.all(axis=0)))

    @property
    def constant_genres(self) -> tuple[str, ...]:
        """Genres in which all known means are equal."""
        low = np.where(self.gaps, np.inf, self.means).min(axis=0)
        high = np.where(self.gaps, -np.inf, self.means).max(axis=0)
        return tuple(self.genres[g] for g in np.flatnonzero(low == high))

    @property
    def gap_share(self) -> float:
        """Share of cells that are unknown."""
        return float(self.gaps.mean())

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of each genre in the user's genre counts, shape (U, G); NaN without any."""
        totals = self.counts.sum(axis=1, keepdims=True)
        shares = np.full(self.counts.shape, np.nan)
        np.divide(self.counts, totals, out=shares, where=totals > 0)
        return shares


def genre_profiles(
    ratings: Ratings, *, engine: Engine = duckdb.run, chunked: bool = True
) -> GenreProfiles:
    """Average each user's ratings per genre; a film counts for each of its genres.

    SQL groups logs larger than memory and runs on Spark as well; ``Placer.profiles`` computes the
    same means of histories in memory by a sparse product (``benchmarks/profiles.py``).

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
    tables = {"item_genres": ratings.item_genres}
    cells = (
        engine(with_counts(PROFILE_SQL, log.column_names), {"log": log} | tables) for log in logs
    )
    means, counts, spread = dense_cells(cells, (ratings.n_users, len(ratings.genres)))
    return GenreProfiles(ratings.genres, means, counts, spread.variance)


@dataclass(frozen=True, slots=True)
class Spread:
    """Sum of squares of ratings about their user's mean in the genre, over all cells.

    Parameters
    ----------
    squares : float
        Sum of squared deviations.
    freedom : int
        Degrees of freedom: ratings minus cells.
    """

    squares: float
    freedom: int

    def __add__(self, other: Spread) -> Spread:
        return Spread(self.squares + other.squares, self.freedom + other.freedom)

    @property
    def variance(self) -> float:
        """Variance of one rating; 0 if no cell has two ratings."""
        return max(self.squares, 0.0) / self.freedom if self.freedom else 0.0


def dense_cells(
    pieces: Iterable[pa.Table], shape: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.int64], Spread]:
    """Arrange the rows of :data:`PROFILE_SQL` as arrays of users and genres.

    Parameters
    ----------
    pieces : iterable of pyarrow.Table
        ``user``, ``genre``, ``mean``, ``square``, ``count``; rows in any order.
    shape : (int, int)
        Users and genres.

    Returns
    -------
    means : ndarray of shape (U, G)
        NaN where there is no row.
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
    # Sum in the order of users and genres: rows come in any order, and rounding depends on it.
    total = float((counts * (squares - np.nan_to_num(means) ** 2)).sum())
    return means, counts, Spread(total, int(np.maximum(counts - 1, 0).sum()))
