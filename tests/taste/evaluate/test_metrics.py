from __future__ import annotations

from math import log, log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import pdist
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score

from lacunar.taste.data.histories import Histories
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate.metrics import (
    coverage,
    genre_diversity,
    hit_rate,
    miscalibration,
    ndcg_at,
    novelty,
    recall_at,
    reciprocal_rank,
)

N_FILMS, N_GENRES = 30, 6


@st.composite
def lists_of_films(draw: st.DrawFn) -> NDArray[np.intp]:
    """Lists of up to 12 films for up to 5 users, some cut short."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n_users, length = draw(st.integers(1, 5)), draw(st.integers(1, 12))
    lists = np.array([rng.permutation(N_FILMS)[:length] for _ in range(n_users)])
    for row in lists:
        row[draw(st.integers(0, length)) :] = -1
    return lists


@pytest.fixture(scope="module")
def genres() -> NDArray[np.float64]:
    found = (np.random.default_rng(4).random((N_FILMS, N_GENRES)) < 0.3).astype(float)
    found[found.sum(axis=1) == 0, 0] = 1
    return found


def listed(row: NDArray[np.intp], k: int = 10) -> list[int]:
    return [film for film in row[:k].tolist() if film >= 0]


def test_ndcg_of_full_lists_equals_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    relevant, scores = rng.random((40, 60)) < 0.2, rng.random((40, 60))
    hits = np.take_along_axis(relevant, np.argsort(-scores, axis=1), axis=1)
    ours = ndcg_at(hits, relevant.sum(axis=1), k=10)
    assert ours.mean() == pytest.approx(ndcg_score(relevant * 1.0, scores, k=10), abs=1e-12)


def test_missing_ranks_of_short_lists_gain_nothing() -> None:
    hits = np.array([[True, False], [True, True]])
    assert ndcg_at(hits, np.array([5, 2])) == pytest.approx(
        [1 / sum(1 / log2(i + 1) for i in range(1, 6)), 1.0]
    )


def test_recall_divides_by_the_possible_hits() -> None:
    hits = np.ones((2, 30), dtype=bool)
    hits[1, 10:] = False
    assert recall_at(hits, np.array([50, 12])).tolist() == [1.0, 10 / 12]


def test_the_reciprocal_rank_of_one_relevant_film_is_its_average_precision() -> None:
    rng = np.random.default_rng(1)
    scores, relevant = rng.random((50, 10)), np.zeros((50, 10), dtype=bool)
    relevant[np.arange(50), rng.integers(10, size=50)] = True
    hits = np.take_along_axis(relevant, np.argsort(-scores, axis=1), axis=1)
    peer = label_ranking_average_precision_score(relevant, scores)
    assert reciprocal_rank(hits).mean() == pytest.approx(peer, abs=1e-12)


def test_hits_after_rank_k_do_not_count() -> None:
    hits = np.zeros((1, 20), dtype=bool)
    hits[0, 10] = True
    for value in (ndcg_at(hits, np.array([1])), reciprocal_rank(hits), hit_rate(hits)):
        assert value.tolist() == [0.0]
    assert recall_at(hits, np.array([1])).tolist() == [1.0]


@given(lists_of_films())
def test_novelty_equals_a_plain_loop(lists: NDArray[np.intp]) -> None:
    share = np.linspace(0.01, 1, N_FILMS)
    for row, found in zip(lists, novelty(lists, share), strict=True):
        bits = [-log2(share[film]) for film in listed(row)]
        expected = sum(bits) / len(bits) if bits else float("nan")
        assert found == pytest.approx(expected, nan_ok=True)


@given(lists=lists_of_films())
def test_diversity_equals_jaccard_distances_pair_by_pair(
    genres: NDArray[np.float64], lists: NDArray[np.intp]
) -> None:
    for row, found in zip(lists, genre_diversity(lists, genres), strict=True):
        distances = pdist(genres[listed(row)].astype(bool), "jaccard")
        expected = distances.mean() if len(distances) else float("nan")
        assert found == pytest.approx(expected, nan_ok=True)


@given(lists=lists_of_films(), n_rated=st.lists(st.integers(0, 8), min_size=5, max_size=5))
def test_miscalibration_equals_the_formula_genre_by_genre(
    genres: NDArray[np.float64], lists: NDArray[np.intp], n_rated: list[int]
) -> None:
    rng = np.random.default_rng(0)
    films = [np.sort(rng.permutation(N_FILMS)[:n]) for n in n_rated[: len(lists)]]
    starts = np.concatenate([[0], np.cumsum([len(own) for own in films])])
    items = np.concatenate(films).astype(np.int32)
    histories = Histories(starts, items, np.full(len(items), 4.0))

    def shares(own: list[int]) -> list[float]:
        return [sum(genres[f, g] / genres[f].sum() for f in own) / len(own)
                for g in range(N_GENRES)]  # fmt: skip

    for row, own, found in zip(lists, films, miscalibration(lists, histories, genres), strict=True):
        if not listed(row) or not len(own):
            assert np.isnan(found)
            continue
        p, q = shares(own.tolist()), shares(listed(row))
        expected = sum(a * log(a / (0.99 * b + 0.01 * a)) for a, b in zip(p, q, strict=True) if a)
        assert found == pytest.approx(expected, abs=1e-12)


def test_a_list_with_the_genres_of_the_history_is_calibrated(genres: NDArray[np.float64]) -> None:
    films = np.arange(10)
    history = Histories(np.array([0, 10]), films.astype(np.int32), np.full(10, 3.0))
    # Sums of tenths leave a rounding error.
    np.testing.assert_allclose(miscalibration(films[None, ::-1], history, genres), 0, atol=1e-12)


def test_coverage_counts_films_in_training(sample_ratings: Ratings) -> None:
    known = np.unique(sample_ratings.item)
    lists = np.array([[known[0], known[1], -1], [known[1], known[2], known[3]]])
    assert coverage(lists, sample_ratings, k=2) == 3 / len(known)
    assert coverage(np.full((2, 3), -1), sample_ratings) == 0
