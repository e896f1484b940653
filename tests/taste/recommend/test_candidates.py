from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lacunar.errors import InputError
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.recommend.candidates import candidates, top_k


def plain_top_k(row: list[float], k: int) -> list[int]:
    finite = [item for item, score in enumerate(row) if score > -np.inf]
    best = sorted(finite, key=lambda item: (-row[item], item))[:k]
    return best + [-1] * (min(k, len(row)) - len(best))


@given(
    n_items=st.sampled_from([1, 5, 63, 64, 1000, 2051]),
    k=st.integers(1, 12),
    seed=st.integers(0, 10**6),
    levels=st.sampled_from([2, 5, 10**6]),
    missing=st.sampled_from([0.0, 0.5, 0.999, 1.0]),
    order=st.sampled_from(["C", "F"]),
)
@settings(max_examples=150, deadline=None)
def test_the_best_equal_a_full_sort(
    n_items: int, k: int, seed: int, levels: int, missing: float, order: str
) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.integers(levels, size=(3, n_items)).astype(float)
    scores[generator.random(scores.shape) < missing] = -np.inf
    items, best = top_k(np.asarray(scores, order=order), k)
    for row in range(3):
        expected = plain_top_k(scores[row].tolist(), k)
        assert items[row].tolist() == expected
        assert best[row].tolist() == [
            scores[row, item] if item >= 0 else -np.inf for item in expected
        ]


@pytest.mark.parametrize("place", [0, 999, 2050])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_nan_score_is_refused(place: int, order: str) -> None:
    scores = np.zeros((2, 2051), order=order)
    scores[1, place] = np.nan
    with pytest.raises(ValueError, match="got NaN"):
        top_k(scores, 3)


def test_films_without_ratings_are_no_candidates(write_csv: Callable[..., Path]) -> None:
    ratings = read_ratings(write_csv("1,1,4.0,1", "2,3,4.0,1"))
    assert candidates(ratings).allowed.tolist() == [True, False, True, False]


def test_filters_by_genre_year_and_id(write_csv: Callable[..., Path]) -> None:
    rows = [f"1,{item},4.0,1" for item in (1, 2, 3, 4)]
    ratings = read_ratings(write_csv(*rows))

    def allowed(**filters: object) -> list[bool]:
        return candidates(ratings, **filters).allowed.tolist()

    assert allowed(genres=["Drama"]) == [True, False, False, True]
    assert allowed(genres=["War", "Comedy"]) == [True, True, False, False]
    assert allowed(genres=[]) == [False, False, False, False]
    assert allowed(years=(1967, 1994)) == [True, False, True, False]
    assert allowed(allow=["2", "4"]) == [False, True, False, True]
    assert allowed(deny=["2", "4"]) == [True, False, True, False]
    assert allowed(allow=["2", "4"], deny=["4"], years=(2001, 2001)) == [False, True, False, False]


def test_invalid_filters_are_refused(sample_ratings: Ratings) -> None:
    with pytest.raises(InputError, match=r"expected genres among .*, got 'Nonsense'"):
        candidates(sample_ratings, genres=["Nonsense"])
    with pytest.raises(InputError, match="expected years from first to last, got 2000 to 1990"):
        candidates(sample_ratings, years=(2000, 1990))
    for name in ("allow", "deny"):
        with pytest.raises(InputError, match="expected the id of one of 300 films"):
            candidates(sample_ratings, **{name: ["none"]})


def test_a_genre_in_another_case_gets_a_suggestion(sample_ratings: Ratings) -> None:
    with pytest.raises(InputError, match=r"got 'comedy'; did you mean 'Comedy'\?$"):
        candidates(sample_ratings, genres=["comedy"])
