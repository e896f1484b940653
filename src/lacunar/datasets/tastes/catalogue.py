"""Generated films with their quality, and their appeal to each taste group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.datasets.tastes.titles import GENRES, invented_films, movies_table

# Log-popularity that a genre adds to its films.
_APPEAL = {
    "Action": 0.4, "Adventure": 0.5, "Documentary": -2.0, "Fantasy": 0.4, "Film-Noir": -0.5,
    "Horror": -0.6, "IMAX": 0.4, "Mystery": -0.2, "Sci-Fi": 0.5, "Thriller": 0.2,
    "Musical": -0.8, "War": -0.4, "Western": -0.4, "(no genres listed)": -2.5,
}  # fmt: skip
_GROUP_LIKES = (
    ("Action", "Adventure", "IMAX", "Sci-Fi", "War", "Western"),
    ("Drama", "Romance", "Documentary"),
    ("Animation", "Children", "Comedy", "Fantasy", "Musical"),
    ("Crime", "Film-Noir", "Horror", "Mystery", "Thriller"),
    ("Comedy", "Romance", "Musical"),
    ("Documentary", "War", "Western", "Film-Noir"),
)
_LIKES_OF_FURTHER_GROUPS = 4
_WATCH_LIKED = 3.4  # log-odds of watching a film with liked genres only
_BY_CHANCE = 0.05  # share of draws that do not depend on popularity


@dataclass(frozen=True, slots=True)
class Films:
    """Films of a sample, with the parameters of watching and rating."""

    table: pa.Table
    ids: NDArray[np.int64]
    # Genres of each film, padded with len(GENRES), shape (N, 4).
    slots: NDArray[np.intp]
    quality: NDArray[np.float64]
    # Preference of each group for each film, -1 to 1, shape (K, N).
    liked: NDArray[np.float64]
    # CDFs over films of each group's draws, then of all users' draws; row r lies in [r, r + 1].
    cdf: NDArray[np.float64]

    @classmethod
    def invent(cls, n_movies: int, n_groups: int, seed: int) -> Films:
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
        titles, genres = invented_films(n_movies, rng)
        ids = rng.integers(1, 4, size=n_movies).cumsum()
        share = genres / genres.sum(axis=1, keepdims=True)
        liked = _group_likes(n_groups, rng) @ share.T
        fame = rng.normal(0, 1, n_movies)
        popularity = 2.0 * fame + share @ np.array([_APPEAL.get(g, 0.0) for g in GENRES])
        weights = np.exp(popularity + np.vstack([_WATCH_LIKED * liked, np.zeros(n_movies)]))
        weights /= weights.sum(axis=1, keepdims=True)
        cdf = ((1 - _BY_CHANCE) * weights + _BY_CHANCE / n_movies).cumsum(axis=1)
        # Famous films tend to be good ones.
        quality = 0.15 * fame + rng.normal(0, 0.3, n_movies)
        slots = np.sort(np.where(genres, np.arange(len(GENRES)), len(GENRES)), axis=1)[:, :4]
        cdf = cdf / cdf[:, -1:] + np.arange(n_groups + 1)[:, np.newaxis]
        return cls(movies_table(ids, titles, genres), ids, slots, quality, liked, cdf.ravel())


def _group_likes(n_groups: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Preference of each group for each genre, centred over groups, shape (K, 20)."""
    likes = np.zeros((n_groups, len(GENRES)))
    for g in range(n_groups):
        if g < len(_GROUP_LIKES):
            likes[g, [GENRES.index(name) for name in _GROUP_LIKES[g]]] = 1
        else:
            likes[g, rng.choice(len(GENRES) - 1, _LIKES_OF_FURTHER_GROUPS, replace=False)] = 1
    centred: NDArray[np.float64] = likes - likes.mean(axis=0)
    return centred
