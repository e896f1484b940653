"""Generated ratings, for examples and tests without a data file."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from lacunar.datasets.tastes.sample import sample_tastes, write_sample
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings


def sampled_ratings(*, n_users: int = 610, n_movies: int = 2000, seed: int = 0) -> Ratings:
    """Generate a random log of ratings, and read it.

    Parameters
    ----------
    n_users, n_movies, seed : int
        See :func:`lacunar.datasets.tastes.sample.sample_tastes`.

    Examples
    --------
    >>> sampled_ratings(n_users=50, n_movies=200).n_users
    50
    """
    with TemporaryDirectory() as folder:
        write_sample(sample_tastes(n_users=n_users, n_movies=n_movies, seed=seed), Path(folder))
        return read_ratings(Path(folder))
