"""Fits of data in which users hardly differ: a model, with notes and a finite map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lacunar.taste.config import TasteConfig
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.fit import fit_taste

N_USERS, N_FILMS = 24, 6
GENRES = ["Drama|War", "Comedy", "Drama", "War", "Action|Crime", "Comedy|War"]
VIEWS = ["means", "relative", "shares", "log-shares", "periods"]


def films(**changes: Any) -> pa.Table:
    titles = [f"Title {film} ({1980 + 4 * film})" for film in range(N_FILMS)]
    columns = {"movieId": list(range(N_FILMS)), "title": titles, "genres": GENRES} | changes
    return pa.table({name: values for name, values in columns.items() if values is not None})


def log(stars: Callable[[int, int], float], *, gaps: bool) -> pa.Table:
    known = np.random.default_rng(0).random((N_USERS, N_FILMS)) < (0.6 if gaps else 1.0)
    known[:, 0] = True
    user, item = (pairs.tolist() for pairs in np.nonzero(known))
    rating = [float(stars(u, i)) for u, i in zip(user, item, strict=True)]
    return pa.table({"userId": user, "movieId": item, "rating": rating})


def varied(user: int, item: int) -> float:
    return 1 + (user * 7 + item * 3) % 5


DATA: dict[str, Callable[[], Ratings]] = {
    "two films, one of equal ratings": lambda: read_ratings(
        pa.table(
            {"userId": [1, 2, 3, 4] * 2, "movieId": [1] * 4 + [2] * 4,
             "rating": [1.0, 2.0, 3.0, 4.0] + [3.0] * 4}
        ),
        pa.table({"movieId": [1, 2], "title": ["A (1999)", "B (1989)"],
                  "genres": ["Drama|War", "Comedy"]}),
    ),
    "all users rated all films": lambda: read_ratings(log(varied, gaps=False), films()),
    "all ratings are equal": lambda: read_ratings(log(lambda *_: 4.0, gaps=True), films()),
    "all ratings are the lowest": lambda: read_ratings(log(lambda *_: 0.5, gaps=True), films()),
    "one film": lambda: read_ratings(log(varied, gaps=False).slice(0, N_FILMS * N_USERS).filter(
        pa.array([i % N_FILMS == 0 for i in range(N_FILMS * N_USERS)])), films()),
    "one genre and period": lambda: read_ratings(
        log(varied, gaps=True),
        films(title=[f"Title {k} (1999)" for k in range(N_FILMS)], genres=["Drama"] * N_FILMS),
    ),
    "a genre without ratings": lambda: read_ratings(
        log(varied, gaps=True),
        pa.table({"movieId": list(range(N_FILMS + 1)), "title": ["A (1999)"] * (N_FILMS + 1),
                  "genres": ["Drama"] * N_FILMS + ["War"]}),
    ),
    "no genres": lambda: read_ratings(log(varied, gaps=True), films(genres=None)),
    "three users": lambda: read_ratings(log(varied, gaps=True).slice(0, 9), films()),
}  # fmt: skip


@pytest.mark.parametrize("preset", ["default", "source"])
@pytest.mark.parametrize("data", DATA)
@pytest.mark.filterwarnings("ignore:no rating is a like")
def test_users_who_hardly_differ_have_a_model_and_a_map(data: str, preset: str) -> None:
    ratings = DATA[data]()
    for view in [None, *VIEWS]:
        changes = {"max_components": 3, "n_seeds": 2, "refits": 1}
        config = TasteConfig.of_preset(preset, **changes, **({"view": view} if view else {}))
        model = fit_taste(ratings, config)
        assert np.isfinite(model.user_map.coordinates).all()
        told = any("one point" in note or "there is one segment" in note for note in model.notes)
        assert model.user_map.is_one_point == told
        assert np.isfinite(model.segments.responsibilities).all()


@pytest.mark.parametrize("view", ["means", "relative"])
def test_ratings_that_are_all_equal_form_one_segment(view: str) -> None:
    ratings = DATA["all ratings are equal"]()
    model = fit_taste(ratings, TasteConfig(view=view, max_components=4, n_seeds=3, refits=0))
    assert model.segments.n_segments == 1
    assert f"the same values in the view {view}" in " ".join(model.notes)
