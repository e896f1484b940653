"""Generated users: taste groups, preferences, watched films, ratings and timestamps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.datasets.tastes.catalogue import Films
from lacunar.datasets.tastes.titles import GENRES

MIN_RATINGS = 20
_RATE_LIKED = 1.6  # stars that a film gains when its group likes all of its genres
_FIRST_DAY, _DAYS = 1_420_070_400, 3285  # 2015 to 2023, after the release of every film


@dataclass(frozen=True, slots=True)
class People:
    """Users of a sample, with the parameters of their behaviour."""

    group: NDArray[np.int64]
    wanted: NDArray[np.int64]
    # Share of draws that follow the group.
    loyalty: NDArray[np.float64]
    # Individual preference for each genre, and a last column of zeros.
    leaning: NDArray[np.float64]

    @classmethod
    def invent(cls, n: int, films: Films, median_ratings: int, rng: np.random.Generator) -> People:
        n_groups, n_movies = films.liked.shape
        size = (np.arange(n_groups) + 3.0) ** -0.7
        activity = MIN_RATINGS + rng.lognormal(np.log(median_ratings - MIN_RATINGS), 1.5, n)
        leaning = rng.normal(0, 0.22, (n, len(GENRES) + 1))
        leaning[:, -1] = 0
        return cls(
            group=rng.choice(n_groups, p=size / size.sum(), size=n),
            # With more than half of the films, the choice of films shows no taste.
            wanted=activity.clip(max=max(MIN_RATINGS, n_movies // 2)).astype(np.int64),
            loyalty=rng.beta(6, 2, n),
            leaning=leaning,
        )

    def leans_to(
        self, user: NDArray[np.int64], film: NDArray[np.int64], films: Films
    ) -> NDArray[np.float64]:
        """Individual preference of users for films: the mean over the film's genres."""
        slots = films.slots[film]
        total = sum(self.leaning[user, slots[:, s]] for s in range(slots.shape[1]))
        return np.asarray(total / (slots < len(GENRES)).sum(axis=1))


def watched(
    people: People, films: Films, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sorted pairs of user and film: draws of each user until enough distinct films are drawn."""
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
        # Accept films by the individual preference for their genres.
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


def stars(
    user: NDArray[np.int64],
    film: NDArray[np.int64],
    people: People,
    films: Films,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Stars of each rating, from the film's quality, the user's mean and the group's preference."""
    n_users = len(people.wanted)
    generosity = rng.normal(0, 0.45, n_users)
    spread = rng.lognormal(np.log(0.8), 0.2, n_users)
    # Some users give only whole stars.
    step = np.where(rng.random(n_users) < 0.45, 1.0, 0.5)
    mean = 3.15 + generosity[user] + films.quality[film]
    mean += _RATE_LIKED * films.liked[people.group[user], film]
    mean += people.leans_to(user, film, films)
    felt = mean + spread[user] * rng.standard_normal(user.size)
    step = step[user]
    return np.asarray((np.rint(felt / step) * step).clip(step, 5.0))


def timestamps(
    user: NDArray[np.int64], people: People, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Seconds since 1970, distinct within each user, in random order of movieId."""
    start = _FIRST_DAY + rng.integers(0, _DAYS * 86_400, size=len(people.wanted))
    # Sessions with some seconds per rating, and about four pauses of some weeks.
    pause = rng.random(user.size) < np.minimum(0.04, 4 / people.wanted)[user]
    gap = 1 + rng.exponential(np.where(pause, 30 * 86_400.0, 25.0)).astype(np.int64)
    total = gap.cumsum()
    before = (people.wanted.cumsum() - people.wanted)[user]
    times = start[user] + total - total[before]
    shuffled = np.empty(user.size, dtype=np.int64)
    shuffled[np.lexsort((rng.random(user.size), user))] = times
    return shuffled
