from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from lacunar.errors import InputError
from lacunar.taste.data.histories import histories_of, new_history
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.recommend.rerank import Controls, liked_genres, rerank

# Films 0-2 are of genre 0, films 3-4 of genre 1, film 5 of both.
GENRES = sp.csr_array(
    np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0.5, 0.5]], dtype=np.float64)
)
ITEMS = np.array([[0, 1, 2, 3, 4, 5]])
SCORES = np.array([[6.0, 5.0, 4.0, 3.0, 2.0, 1.0]])


def order(k: int = 6, liked: tuple[float, float] = (0.5, 0.5), **controls: float) -> list[int]:
    places, _ = rerank(
        ITEMS, SCORES, k, genres=GENRES, liked=np.array([liked]), controls=Controls(**controls)
    )
    return places[0].tolist()


def test_without_controls_nothing_moves() -> None:
    assert order() == [0, 1, 2, 3, 4, 5]


def test_favourites_match_the_liked_genres() -> None:
    assert sorted(order(2, favourites=1.0)) in ([0, 3], [0, 5], [1, 5])
    assert order(2, liked=(0.0, 1.0), favourites=1.0) == [3, 4]
    assert order(3, liked=(1.0, 0.0), favourites=1.0) == [0, 1, 2]


def test_favourites_equal_a_plain_greedy_loop() -> None:
    liked, mix = np.array([0.3, 0.7]), GENRES.toarray()
    price, left, expected, costs = 5.0 * 0.4 / 0.6, list(range(6)), [], []
    for _ in range(4):

        def cost(film: int) -> float:
            shown = mix[[*expected, film]].mean(axis=0)
            smoothed = 0.99 * shown + 0.01 * liked
            return price * float((liked * np.log(liked / smoothed)).sum())

        best = max(left, key=lambda film: SCORES[0, film] - cost(film))
        costs.append(cost(best))
        expected.append(best)
        left.remove(best)
    places, found = rerank(
        ITEMS, SCORES, 4, genres=GENRES, liked=liked[np.newaxis], controls=Controls(favourites=0.4)
    )
    assert places[0].tolist() == expected
    assert found[0] == pytest.approx(costs)


def test_diversity_takes_less_similar_films() -> None:
    assert order(2, diversity=0.9) == [0, 3]
    assert order(6, diversity=0.01) == [0, 1, 2, 3, 4, 5]


def test_no_film_follows_the_end_of_a_list() -> None:
    items = np.array([[4, 2, -1, -1]])
    scores = np.array([[2.0, 1.0, -np.inf, -np.inf]])
    places, cost = rerank(
        items,
        scores,
        4,
        genres=GENRES,
        liked=np.array([[0.5, 0.5]]),
        controls=Controls(favourites=0.5, diversity=0.5),
    )
    assert sorted(places[0].tolist()) == [-1, -1, 0, 1]
    assert np.isfinite(cost).all()


def test_favourites_have_no_effect_without_ratings() -> None:
    assert order(6, liked=(0.0, 0.0), favourites=0.5) == [0, 1, 2, 3, 4, 5]


def test_liked_genres_weigh_films_by_their_rating(sample_ratings: Ratings) -> None:
    genres = sample_ratings.genre_shares
    found = liked_genres(histories_of(sample_ratings), sample_ratings, genres)
    assert found.sum(axis=1) == pytest.approx(np.ones(sample_ratings.n_users))
    ids = [str(one) for one in sample_ratings.items["item_id"].to_pylist()[:2]]
    mix = liked_genres(
        new_history(sample_ratings, {ids[0]: 0.5, ids[1]: 4.5}), sample_ratings, genres
    )
    expected = (genres[[0]].toarray() + 9 * genres[[1]].toarray()) / 10
    assert mix == pytest.approx(expected)
    nobody = liked_genres(new_history(sample_ratings, {}), sample_ratings, genres)
    assert not nobody.any()


@pytest.mark.parametrize("name", ["adventure", "favourites", "diversity"])
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_controls_outside_zero_to_one_are_refused(name: str, value: float) -> None:
    with pytest.raises(InputError, match=f"^{name}: expected 0 to 1, got"):
        Controls(**{name: value})
