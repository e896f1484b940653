from __future__ import annotations

import numpy as np

from lacunar.datasets.tastes.catalogue import Films
from lacunar.datasets.tastes.viewers import MIN_RATINGS, People, stars, timestamps, watched


def viewers(seed: int) -> tuple[Films, People, np.ndarray, np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    films = Films.invent(400, 3, seed)
    people = People.invent(50, films, 70, rng)
    return films, people, *watched(people, films, rng), rng


def test_everyone_watches_as_many_distinct_films_as_wanted() -> None:
    _, people, user, film, _ = viewers(0)
    assert np.array_equal(np.bincount(user), people.wanted)
    assert len(set(zip(user.tolist(), film.tolist(), strict=True))) == len(user)
    assert people.wanted.min() >= MIN_RATINGS


def test_viewers_watch_and_rate_higher_what_their_group_likes() -> None:
    films, people, user, film, rng = viewers(1)
    liked = films.liked[people.group[user], film]
    assert liked.mean() > films.liked.mean() + 0.1
    given = stars(user, film, people, films, rng)
    assert np.corrcoef(liked, given)[0, 1] > 0.2
    assert set(given.tolist()) <= {half / 2 for half in range(1, 11)}


def test_no_two_ratings_of_a_viewer_have_one_time() -> None:
    _, people, user, _, rng = viewers(2)
    times = timestamps(user, people, rng)
    assert len(set(zip(user.tolist(), times.tolist(), strict=True))) == len(user)
