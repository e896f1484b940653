"""A rating log shaped like MovieLens, of invented people and films, whose segments are known.

Each person belongs to a taste group. The group leans to some genres: its members watch them more
and rate them higher, so what a person has not rated is no random gap. Popularity and activity have
the long tails of ``ml-latest-small`` (Harper and Konstan 2015, "The MovieLens Datasets"): half of
the people rate fewer than 70 films, some rate more than a thousand.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lacunar.datasets.sample_titles import GENRES, invented_films, movies_table
from lacunar.errors import InputError

MIN_RATINGS = 20
_MEDIAN_RATINGS = 70
_USERS_PER_BATCH = 4096

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
_WATCH_LIKED = 3.4  # log-odds of watching a film all of whose genres are liked
_RATE_LIKED = 1.6  # stars such a film gains
_BY_CHANCE = 0.05  # share of draws that look at no popularity
_FIRST_DAY, _DAYS = 1_420_070_400, 3285  # 2015 to 2023, when every film is out


@dataclass(frozen=True, slots=True)
class TasteSample:
    """A rating log with the truth behind it.

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
    """Make a rating log in which ``n_groups`` taste groups can be found.

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
        For a size or seed outside these bounds.

    Examples
    --------
    >>> sample = sample_tastes(n_users=50, n_movies=200, seed=1)
    >>> sample.ratings.column_names
    ['userId', 'movieId', 'rating', 'timestamp']
    >>> sample.groups[:5].tolist()
    [1, 0, 3, 0, 1]
    """
    _check_sizes(n_users, n_movies, n_groups, seed)
    films = _Films.invent(n_movies, n_groups, seed)
    batches = [_batch(films, n_users, b, seed, _MEDIAN_RATINGS) for b in range(_n_batches(n_users))]
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
    """The ratings of `sample_tastes`, 4,096 users at a time, for logs larger than memory.

    A batch depends on the sizes, the seed and its place alone, not on the batches before it.

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
        For a size or seed outside these bounds.

    Examples
    --------
    >>> sum(len(batch) for batch in iter_ratings(n_users=50, n_movies=200, seed=1))
    3442
    """
    _check_sizes(n_users, n_movies, n_groups, seed)
    if median_ratings <= MIN_RATINGS:
        raise InputError(
            f"expected a median of more than {MIN_RATINGS} ratings, the fewest of a user, "
            f"got median_ratings={median_ratings}"
        )
    films = _Films.invent(n_movies, n_groups, seed)
    return (_batch(films, n_users, b, seed, median_ratings)[0] for b in range(_n_batches(n_users)))


def sample_movies(*, n_movies: int = 2000, seed: int = 0) -> pa.Table:
    """The films that `iter_ratings` rates: ``TasteSample.movies`` without the ratings.

    Examples
    --------
    >>> sample_movies(n_movies=20, seed=1)["title"][0].as_py()
    'Wendethwaite Amulet, The (1988)'
    """
    _check_sizes(1, n_movies, 1, seed)
    return _Films.invent(n_movies, 1, seed).table


def write_sample(
    sample: TasteSample, directory: Path, *, layout: Literal["csv", "parquet"] = "csv"
) -> None:
    r"""Write ratings, movies and groups (userId, group) as three files of MovieLens' format.

    Parameters
    ----------
    sample : TasteSample
    directory : Path
        Made if missing; files of these names in it are replaced.
    layout : {"csv", "parquet"}
        "csv" writes as GroupLens does: UTF-8, quotes only where needed, ratings as ``4.0``, lines
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
    if "rating" in table.column_names:
        # Arrow would write 4.0 as 4.
        stars = pa.array([f"{half / 2}" for half in range(11)])
        halves = pa.array((table["rating"].to_numpy() * 2).astype(np.int64))
        table = table.set_column(2, "rating", stars.take(halves))
    with path.open("wb") as file:
        file.write((",".join(table.column_names) + "\n").encode())
        options = pc.WriteOptions(include_header=False, quoting_style="none")
        pc.write_csv(table, file, options)


def _check_sizes(n_users: int, n_movies: int, n_groups: int, seed: int) -> None:
    if n_users < 1:
        raise InputError(f"expected at least 1 user, got n_users={n_users}")
    if n_movies < MIN_RATINGS:
        raise InputError(
            f"expected at least {MIN_RATINGS} films, the fewest ratings of a user, "
            f"got n_movies={n_movies}"
        )
    if not 1 <= n_groups <= n_users:
        raise InputError(
            f"expected 1 to {n_users} taste groups for {n_users} users, got n_groups={n_groups}"
        )
    if seed < 0:
        raise InputError(f"expected a seed of 0 or more, got seed={seed}")


@dataclass(frozen=True, slots=True)
class _Films:
    table: pa.Table
    ids: NDArray[np.int64]
    # Genres of each film, padded with len(GENRES), shape (N, 4).
    slots: NDArray[np.intp]
    quality: NDArray[np.float64]
    # How much a group likes a film, -1 to 1, shape (K, N).
    liked: NDArray[np.float64]
    # Where a group's draw falls, then where everyone's does: one CDF per row, row r in [r, r + 1].
    cdf: NDArray[np.float64]

    @classmethod
    def invent(cls, n_movies: int, n_groups: int, seed: int) -> _Films:
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
        # Most favoured films are good ones.
        quality = 0.15 * fame + rng.normal(0, 0.3, n_movies)
        slots = np.sort(np.where(genres, np.arange(len(GENRES)), len(GENRES)), axis=1)[:, :4]
        cdf = cdf / cdf[:, -1:] + np.arange(n_groups + 1)[:, np.newaxis]
        return cls(movies_table(ids, titles, genres), ids, slots, quality, liked, cdf.ravel())


def _group_likes(n_groups: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Liking of each genre by each group, its mean over groups taken off, shape (K, 20)."""
    likes = np.zeros((n_groups, len(GENRES)))
    for g in range(n_groups):
        if g < len(_GROUP_LIKES):
            likes[g, [GENRES.index(name) for name in _GROUP_LIKES[g]]] = 1
        else:
            likes[g, rng.choice(len(GENRES) - 1, _LIKES_OF_FURTHER_GROUPS, replace=False)] = 1
    centred: NDArray[np.float64] = likes - likes.mean(axis=0)
    return centred


@dataclass(frozen=True, slots=True)
class _People:
    group: NDArray[np.int64]
    wanted: NDArray[np.int64]
    # Share of draws that follow the group.
    loyalty: NDArray[np.float64]
    # A person's own leanings, one column per genre and a last one of zeros.
    leaning: NDArray[np.float64]

    @classmethod
    def invent(
        cls, n: int, films: _Films, median_ratings: int, rng: np.random.Generator
    ) -> _People:
        n_groups, n_movies = films.liked.shape
        size = (np.arange(n_groups) + 3.0) ** -0.7
        activity = MIN_RATINGS + rng.lognormal(np.log(median_ratings - MIN_RATINGS), 1.5, n)
        leaning = rng.normal(0, 0.22, (n, len(GENRES) + 1))
        leaning[:, -1] = 0
        return cls(
            group=rng.choice(n_groups, p=size / size.sum(), size=n),
            # Beyond half of the catalogue a person has no choice left to tell a taste by.
            wanted=activity.clip(max=max(MIN_RATINGS, n_movies // 2)).astype(np.int64),
            loyalty=rng.beta(6, 2, n),
            leaning=leaning,
        )

    def leans_to(
        self, user: NDArray[np.int64], film: NDArray[np.int64], films: _Films
    ) -> NDArray[np.float64]:
        """How much single users lean to single films: the mean over the film's genres."""
        slots = films.slots[film]
        total = sum(self.leaning[user, slots[:, s]] for s in range(slots.shape[1]))
        return np.asarray(total / (slots < len(GENRES)).sum(axis=1))


def _n_batches(n_users: int) -> int:
    return -(-n_users // _USERS_PER_BATCH)


def _batch(
    films: _Films, n_users: int, b: int, seed: int, median_ratings: int
) -> tuple[pa.Table, NDArray[np.int64]]:
    """Ratings and groups of the b-th batch of users."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1, b)))
    first = b * _USERS_PER_BATCH
    people = _People.invent(min(_USERS_PER_BATCH, n_users - first), films, median_ratings, rng)
    user, film = _watched(people, films, rng)
    ratings = pa.table(
        {
            "userId": user + first + 1,
            "movieId": films.ids[film],
            "rating": _stars(user, film, people, films, rng),
            "timestamp": _timestamps(user, people, rng),
        }
    )
    return ratings, people.group


def _watched(
    people: _People, films: _Films, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of user and film, sorted: for each user the first distinct films of endless draws."""
    n_users, (n_groups, n_movies) = len(people.wanted), films.liked.shape
    done = []
    keys = np.empty(0, dtype=np.int64)
    missing = people.wanted
    draws = 2 * missing + 8
    while missing.any():
        user = np.repeat(np.arange(n_users), np.where(missing > 0, draws, 0))
        row = np.where(rng.random(user.size) < people.loyalty[user], people.group[user], n_groups)
        place = np.searchsorted(films.cdf, row + rng.random(user.size), side="right")
        film = np.minimum(place - row * n_movies, n_movies - 1)
        # People watch what they lean to.
        chance = (0.5 + people.leans_to(user, film, films)).clip(0.1, 1)
        fresh = (user * n_movies + film)[rng.random(user.size) < chance]
        keys = _first_distinct(np.concatenate([keys, fresh]), n_movies, people.wanted)
        had = np.bincount(keys // n_movies, minlength=n_users)
        missing = np.where(missing > 0, people.wanted - had, 0)
        draws = 2 * draws
        unfinished = missing[keys // n_movies] > 0
        done.append(keys[~unfinished])
        keys = keys[unfinished]
    user, film = np.divmod(np.sort(np.concatenate(done)), n_movies)
    return user, film


def _first_distinct(
    keys: NDArray[np.int64], n_movies: int, wanted: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The first ``wanted[user]`` distinct keys ``user * n_movies + film`` of each user."""
    distinct, first_met = np.unique(keys, return_index=True)
    user = distinct // n_movies
    order = np.lexsort((first_met, user))
    count = np.bincount(user, minlength=len(wanted))
    rank = np.arange(len(order)) - (count.cumsum() - count)[user]
    return distinct[order[rank < wanted[user]]]


def _stars(
    user: NDArray[np.int64],
    film: NDArray[np.int64],
    people: _People,
    films: _Films,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    n_users = len(people.wanted)
    generosity = rng.normal(0, 0.45, n_users)
    spread = rng.lognormal(np.log(0.8), 0.2, n_users)
    # Some people give whole stars only.
    step = np.where(rng.random(n_users) < 0.45, 1.0, 0.5)
    mean = 3.15 + generosity[user] + films.quality[film]
    mean += _RATE_LIKED * films.liked[people.group[user], film]
    mean += people.leans_to(user, film, films)
    stars = mean + spread[user] * rng.standard_normal(user.size)
    step = step[user]
    return np.asarray((np.rint(stars / step) * step).clip(step, 5.0))


def _timestamps(
    user: NDArray[np.int64], people: _People, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Seconds since 1970, all different within a user, in no order of movieId."""
    start = _FIRST_DAY + rng.integers(0, _DAYS * 86_400, size=len(people.wanted))
    # Sittings of some seconds per rating, and about four returns some weeks later.
    pause = rng.random(user.size) < np.minimum(0.04, 4 / people.wanted)[user]
    gap = 1 + rng.exponential(np.where(pause, 30 * 86_400.0, 25.0)).astype(np.int64)
    total = gap.cumsum()
    before = (people.wanted.cumsum() - people.wanted)[user]
    times = start[user] + total - total[before]
    timestamps = np.empty(user.size, dtype=np.int64)
    timestamps[np.lexsort((rng.random(user.size), user))] = times
    return timestamps
