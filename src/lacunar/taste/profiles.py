"""Genre profiles: each user's mean rating per genre, gaps kept as NaN."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.taste.engines import Engine, duckdb
from lacunar.taste.ratings import Ratings

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


def genre_profiles(ratings: Ratings, *, engine: Engine = duckdb.run) -> GenreProfiles:
    """Average each user's ratings per genre; a film counts for each of its genres.

    Parameters
    ----------
    ratings : Ratings
    engine : Engine
        Where the group-by runs.
    """
    shape = (ratings.n_users, len(ratings.genres))
    means = np.full(shape, np.nan)
    counts = np.zeros(shape, dtype=np.int64)
    squares = np.zeros(shape)
    for log in ratings.pieces():
        cells = engine(PROFILE_SQL, {"log": log, "item_genres": ratings.item_genres})
        user, genre = cells["user"].to_numpy(), cells["genre"].to_numpy()
        means[user, genre] = cells["mean"].to_numpy()
        counts[user, genre] = cells["count"].to_numpy()
        squares[user, genre] = cells["square"].to_numpy()
    # Summed by user and genre: an engine returns its rows in any order, and sums depend on it.
    spread = float((counts * (squares - np.nan_to_num(means) ** 2)).sum())
    freedom = int(np.maximum(counts - 1, 0).sum())
    variance = max(spread, 0.0) / freedom if freedom else 0.0
    return GenreProfiles(ratings.genres, means, counts, variance)
