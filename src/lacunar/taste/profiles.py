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
    AVG(log.rating) AS mean, COUNT(*) AS count
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
    """

    genres: tuple[str, ...]
    means: NDArray[np.float64]
    counts: NDArray[np.int64]

    @property
    def gaps(self) -> NDArray[np.bool_]:
        """Cells without a rating, shape (U, G)."""
        return np.asarray(self.counts == 0)

    @property
    def gap_share(self) -> float:
        """Share of all cells that are unknown."""
        return float(self.gaps.mean())


def genre_profiles(ratings: Ratings, *, engine: Engine = duckdb.run) -> GenreProfiles:
    """Average each user's ratings per genre; a film counts for each of its genres.

    Parameters
    ----------
    ratings : Ratings
    engine : Engine
        Where the group-by runs.
    """
    tables = {"log": ratings.log, "item_genres": ratings.item_genres}
    cells = engine(PROFILE_SQL, tables)
    user, genre = cells["user"].to_numpy(), cells["genre"].to_numpy()
    shape = (ratings.n_users, len(ratings.genres))
    means = np.full(shape, np.nan)
    counts = np.zeros(shape, dtype=np.int64)
    means[user, genre] = cells["mean"].to_numpy()
    counts[user, genre] = cells["count"].to_numpy()
    return GenreProfiles(ratings.genres, means, counts)
