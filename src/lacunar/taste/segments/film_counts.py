"""Counts of ratings and likes of each film by segment, and mean ratings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lacunar.aliases import FloatArray
from lacunar.taste.data.histories import histories_of
from lacunar.taste.data.ratings import Ratings


@dataclass(frozen=True, slots=True)
class FilmCounts:
    """Ratings of I films by the users of K segments; users may have fractional weights.

    Parameters
    ----------
    populations : ndarray of shape (K,)
        Number of users of each segment.
    raters : ndarray of shape (K, I)
        Number of users who rated the film.
    likes : ndarray of shape (K, I)
        Number of users who like it.
    means : ndarray of shape (K, I)
        Mean rating in stars; 0 without ratings.
    """

    populations: FloatArray
    raters: FloatArray
    likes: FloatArray
    means: FloatArray

    @property
    def shares(self) -> FloatArray:
        """Share of each segment's users who like each film, shape (K, I)."""
        return self.likes / np.maximum(self.populations, 1)[:, np.newaxis]

    @property
    def shares_of_all(self) -> FloatArray:
        """Share of all users who like each film, shape (I,)."""
        return np.asarray(self.likes.sum(axis=0) / self.populations.sum())


def count_films(ratings: Ratings, belongs: FloatArray, liked_above: float) -> FilmCounts:
    """Count ratings and likes by segment.

    Parameters
    ----------
    ratings : Ratings
    belongs : ndarray of shape (U, K)
        Weight of each user in each segment; rows sum to 1.
    liked_above : float
        Stars; a rating strictly above is a like.

    Examples
    --------
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> counts = count_films(ratings, np.ones((50, 1)), 3.5)
    >>> int(counts.raters.sum()) == ratings.log.num_rows
    True
    """
    histories = histories_of(ratings)
    rated = histories.matrix(np.ones(len(histories.item)), ratings.n_items)
    liked = histories.matrix((histories.rating > liked_above).astype(np.float64), ratings.n_items)
    stars = histories.matrix(histories.rating, ratings.n_items)
    likes, raters, sums = (np.asarray((matrix.T @ belongs).T) for matrix in (liked, rated, stars))
    means = np.divide(sums, raters, out=np.zeros_like(sums), where=raters > 0)
    return FilmCounts(belongs.sum(axis=0), raters, likes, means)
