"""Generated ratings in MovieLens' format, with known segments of users.

Each user belongs to a taste group. Members of a group watch some genres more and rate them higher,
so unrated films are not missing at random. Popularity and activity have the long tails of
``ml-latest-small`` (Harper and Konstan 2015, "The MovieLens Datasets"): half of the users rate
fewer than 70 films, some rate more than a thousand.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lacunar.datasets.tastes.catalogue import Films
from lacunar.datasets.tastes.viewers import MIN_RATINGS, People, stars, timestamps, watched
from lacunar.errors import InputError

_MEDIAN_RATINGS = 70
_USERS_PER_BATCH = 4096
_ROWS_PER_GROUP = 1 << 20
_SCHEMA = pa.schema(
    {"userId": pa.int64(), "movieId": pa.int64(), "rating": pa.float64(), "timestamp": pa.int64()}
)


@dataclass(frozen=True, slots=True)
class TasteSample:
    """Ratings, films, and the taste group of each user.

    Attributes
    ----------
    ratings : pyarrow.Table
        userId int64, movieId int64, rating float64 in half stars from 0.5 to 5, timestamp int64 in
        seconds since 1970; sorted by userId, then movieId, each pair once.
    movies : pyarrow.Table
        movieId int64, title, genres joined by ``|``; some films may have no rating.
    groups : ndarray of shape (n_users,)
        The taste group of users 1, 2, ..., n_users.
    """

    ratings: pa.Table
    movies: pa.Table
    groups: NDArray[np.int64]


def sample_tastes(
    *, n_users: int = 610, n_movies: int = 2000, n_groups: int = 4, seed: int = 0
) -> TasteSample:
    """Generate ratings of users from ``n_groups`` taste groups.

    Parameters
    ----------
    n_users : int
    n_movies : int
        At least 20, the fewest ratings of a user.
    n_groups : int
        At most ``n_users``; earlier groups are larger.
    seed : int
        Not negative. The same sizes and seed give the same bytes.

    Returns
    -------
    TasteSample

    Raises
    ------
    InputError
        If a size or the seed is out of these bounds.

    Examples
    --------
    >>> sample = sample_tastes(n_users=50, n_movies=200, seed=1)
    >>> sample.ratings.column_names
    ['userId', 'movieId', 'rating', 'timestamp']
    >>> sample.groups[:5].tolist()
    [1, 0, 3, 0, 1]
    """
    _check_sizes(n_users, n_movies, n_groups, seed)
    films = Films.invent(n_movies, n_groups, seed)
    batches = list(_batches(films, n_users, seed, _MEDIAN_RATINGS))
    return TasteSample(
        ratings=pa.concat_tables([ratings for ratings, _ in batches]).combine_chunks(),
        movies=films.table,
        groups=np.concatenate([groups for _, groups in batches]),
    )


def iter_ratings(
    *,
    n_users: int = 610,
    n_movies: int = 2000,
    n_groups: int = 4,
    seed: int = 0,
    median_ratings: int = _MEDIAN_RATINGS,
) -> Iterator[pa.Table]:
    """The ratings of `sample_tastes`, 4,096 users at a time, for samples larger than memory.

    A batch depends only on the sizes, the seed and its position, not on earlier batches.

    Parameters
    ----------
    n_users, n_movies, n_groups, seed : int
        As in `sample_tastes`.
    median_ratings : int
        Ratings of the median user, more than 20; 46 makes the mean about 100.

    Yields
    ------
    ratings : pyarrow.Table
        As ``TasteSample.ratings``, of the next users.

    Raises
    ------
    InputError
        If a size or the seed is out of these bounds.

    Examples
    --------
    >>> sum(len(batch) for batch in iter_ratings(n_users=50, n_movies=200, seed=1))
    3442
    """
    _check_sizes(n_users, n_movies, n_groups, seed, median_ratings)
    films = Films.invent(n_movies, n_groups, seed)
    return (ratings for ratings, _ in _batches(films, n_users, seed, median_ratings))


def sample_movies(*, n_movies: int = 2000, seed: int = 0) -> pa.Table:
    """The films of `iter_ratings`, as ``TasteSample.movies``.

    Examples
    --------
    >>> sample_movies(n_movies=20, seed=1)["title"][0].as_py()
    'Wendethwaite Amulet, The (1988)'
    """
    _check_sizes(1, n_movies, 1, seed)
    return Films.invent(n_movies, 1, seed).table


def write_sample(
    sample: TasteSample, directory: Path, *, layout: Literal["csv", "parquet"] = "csv"
) -> None:
    r"""Write ratings, movies and groups (userId, group) as three files in MovieLens' format.

    Parameters
    ----------
    sample : TasteSample
    directory : Path
        Made if missing; files of these names in it are replaced.
    layout : {"csv", "parquet"}
        "csv" is the format of GroupLens: UTF-8, quotes only where needed, ratings as ``4.0``, lines
        ending in ``\n``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_sample(sample_tastes(n_users=5, n_groups=2), Path(folder))
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['groups.csv', 'movies.csv', 'ratings.csv']
    """
    directory.mkdir(parents=True, exist_ok=True)
    users = np.arange(1, len(sample.groups) + 1)
    tables = {
        "ratings": sample.ratings,
        "movies": sample.movies,
        "groups": pa.table({"userId": users, "group": sample.groups}),
    }
    for name, table in tables.items():
        _write_table(name, table, directory, layout)


def write_tastes(
    directory: Path,
    *,
    n_users: int = 610,
    n_movies: int = 2000,
    n_groups: int = 4,
    seed: int = 0,
    median_ratings: int = _MEDIAN_RATINGS,
    layout: Literal["csv", "parquet"] = "csv",
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Generate and write a sample of any size, a few thousand users at a time.

    The files have the same bytes as those of `write_sample` for `sample_tastes`.

    Parameters
    ----------
    directory, layout
        As in `write_sample`.
    n_users, n_movies, n_groups, seed, median_ratings : int
        As in `iter_ratings`.
    progress : callable, optional
        Called with (users done, total users).

    Returns
    -------
    int
        Number of ratings.

    Raises
    ------
    InputError
        If a size or the seed is out of these bounds.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_tastes(Path(folder), n_users=50, n_movies=200, seed=1)
    3442
    """
    _check_sizes(n_users, n_movies, n_groups, seed, median_ratings)
    films = Films.invent(n_movies, n_groups, seed)
    directory.mkdir(parents=True, exist_ok=True)
    groups: list[NDArray[np.int64]] = []
    done = 0
    with _ratings_writer(directory, layout) as write:
        for ratings, group in _batches(films, n_users, seed, median_ratings):
            write(ratings)
            groups.append(group)
            done += ratings.num_rows
            if progress is not None:
                progress(sum(map(len, groups)), n_users)
    users = np.arange(1, n_users + 1)
    groups_table = pa.table({"userId": users, "group": np.concatenate(groups)})
    _write_table("movies", films.table, directory, layout)
    _write_table("groups", groups_table, directory, layout)
    return done


@contextmanager
def _ratings_writer(directory: Path, layout: str) -> Iterator[Callable[[pa.Table], None]]:
    """A function that appends batches of ratings to the file."""
    if layout == "csv":
        with (directory / "ratings.csv").open("wb") as file:
            file.write((",".join(_SCHEMA.names) + "\n").encode())
            yield lambda table: _append_numbers(table, file)
        return
    with pq.ParquetWriter(directory / "ratings.parquet", _SCHEMA) as writer:
        # Row groups as Arrow makes them for one large table, whatever the batches.
        waiting = _SCHEMA.empty_table()

        def take(table: pa.Table) -> None:
            nonlocal waiting
            waiting = pa.concat_tables([waiting, table])
            while waiting.num_rows >= _ROWS_PER_GROUP:
                writer.write_table(waiting.slice(0, _ROWS_PER_GROUP).combine_chunks())
                waiting = waiting.slice(_ROWS_PER_GROUP)

        yield take
        if waiting.num_rows:
            writer.write_table(waiting.combine_chunks())


def _write_table(name: str, table: pa.Table, directory: Path, layout: str) -> None:
    if layout == "parquet":
        pq.write_table(table, directory / f"{name}.parquet")
    elif name == "movies":
        _write_quoted(table, directory / f"{name}.csv")
    else:
        _write_numbers(table, directory / f"{name}.csv")


def _write_quoted(table: pa.Table, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.column_names)
        writer.writerows(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _write_numbers(table: pa.Table, path: Path) -> None:
    with path.open("wb") as file:
        file.write((",".join(table.column_names) + "\n").encode())
        _append_numbers(table, file)


def _append_numbers(table: pa.Table, file: BinaryIO) -> None:
    if "rating" in table.column_names:
        # Arrow would write 4.0 as 4.
        stars = pa.array([f"{half / 2}" for half in range(11)])
        halves = pa.array((table["rating"].to_numpy() * 2).astype(np.int64))
        table = table.set_column(2, "rating", stars.take(halves))
    options = pc.WriteOptions(include_header=False, quoting_style="none")
    pc.write_csv(table, file, options)


def _check_sizes(
    n_users: int, n_movies: int, n_groups: int, seed: int, median_ratings: int = _MEDIAN_RATINGS
) -> None:
    if n_users < 1:
        raise InputError(f"expected at least 1, got {n_users}", field="n_users")
    if n_movies < MIN_RATINGS:
        raise InputError(
            f"expected at least {MIN_RATINGS}, the fewest ratings of a user, got {n_movies}",
            field="n_movies",
        )
    if not 1 <= n_groups <= n_users:
        raise InputError(
            f"expected 1 to {n_users} for {n_users} users, got {n_groups}", field="n_groups"
        )
    if seed < 0:
        raise InputError(f"expected 0 or more, got {seed}", field="seed")
    if median_ratings <= MIN_RATINGS:
        raise InputError(
            f"expected more than {MIN_RATINGS}, the fewest ratings of a user, got {median_ratings}",
            field="median_ratings",
        )


def _n_batches(n_users: int) -> int:
    return -(-n_users // _USERS_PER_BATCH)


def _batches(
    films: Films, n_users: int, seed: int, median_ratings: int
) -> Iterator[tuple[pa.Table, NDArray[np.int64]]]:
    """Ratings and groups batch by batch, as many at the same time as there are cores."""
    n, at_once = _n_batches(n_users), os.cpu_count() or 1
    with ThreadPoolExecutor(at_once) as pool:
        for first in range(0, n, at_once):
            numbers = range(first, min(first + at_once, n))
            yield from pool.map(lambda b: _batch(films, n_users, b, seed, median_ratings), numbers)


def _batch(
    films: Films, n_users: int, b: int, seed: int, median_ratings: int
) -> tuple[pa.Table, NDArray[np.int64]]:
    """Ratings and groups of the b-th batch of users."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1, b)))
    first = b * _USERS_PER_BATCH
    people = People.invent(min(_USERS_PER_BATCH, n_users - first), films, median_ratings, rng)
    user, film = watched(people, films, rng)
    ratings = pa.table(
        {
            "userId": user + first + 1,
            "movieId": films.ids[film],
            "rating": stars(user, film, people, films, rng),
            "timestamp": timestamps(user, people, rng),
        }
    )
    return ratings, people.group
