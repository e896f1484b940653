"""What holds of every recommender, whatever its rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lacunar.store import load_taste, save_taste
from lacunar.taste.config import RECOMMENDERS, RecommenderName
from lacunar.taste.data.histories import Histories, histories_at, histories_of, new_history
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.base import Recommendation, Recommender
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.ranking import best_films, recommend
from lacunar.taste.recommend.rerank import Controls

pytestmark = pytest.mark.parametrize("by", RECOMMENDERS)

NO_RATINGS = Histories(np.array([0, 0]), np.empty(0, dtype=np.int32), np.empty(0))


def of_users(model: TasteModel, *users: int) -> Histories:
    return histories_at(model.ratings, np.array(users))


def items_and_scores(films: list[Recommendation]) -> list[tuple[int, float]]:
    return [(film.item, film.score) for film in films]


def test_no_seen_film_and_no_duplicate_is_recommended(
    sample_model: TasteModel, by: RecommenderName
) -> None:
    ratings = sample_model.ratings
    for user in range(0, ratings.n_users, 17):
        [films] = sample_model.recommend_lists(
            of_users(sample_model, user), ListRequest(k=10**6, by=by)
        )
        items = [film.item for film in films]
        seen = set(ratings.item[ratings.rows_of(user)].tolist())
        assert items
        assert not seen & set(items)
        assert len(set(items)) == len(items)


def test_scores_fall_and_no_more_than_k_come(sample_model: TasteModel, by: RecommenderName) -> None:
    [films] = sample_model.recommend_lists(of_users(sample_model, 3), ListRequest(k=7, by=by))
    scores = [film.score for film in films]
    assert len(films) == 7
    assert scores == sorted(scores, reverse=True)


def test_a_batch_equals_single_calls(sample_model: TasteModel, by: RecommenderName) -> None:
    users = range(sample_model.ratings.n_users)
    together = sample_model.recommend_lists(
        histories_of(sample_model.ratings), ListRequest(k=10, by=by)
    )
    for user in users:
        [alone] = sample_model.recommend_lists(
            of_users(sample_model, user), ListRequest(k=10, by=by)
        )
        assert [film.item for film in alone] == [film.item for film in together[user]]
        assert [film.score for film in alone] == pytest.approx(
            [film.score for film in together[user]], rel=1e-9
        )


def test_the_same_call_gives_the_same_bytes(sample_model: TasteModel, by: RecommenderName) -> None:
    recommender = sample_model.recommender(by)
    histories = histories_of(sample_model.ratings)
    first, again = recommender.score(histories), recommender.score(histories)
    assert first.tobytes() == again.tobytes()


def test_a_new_user_with_the_ratings_of_a_known_one_gets_the_same(
    sample_model: TasteModel, by: RecommenderName
) -> None:
    ratings = sample_model.ratings
    known = of_users(sample_model, 5)
    ids = [str(ratings.items["item_id"][item]) for item in known.item.tolist()]
    new = new_history(ratings, dict(zip(reversed(ids), known.rating[::-1].tolist(), strict=True)))
    expected, found = (
        sample_model.recommend_lists(h, ListRequest(k=5, by=by))[0] for h in (known, new)
    )
    assert items_and_scores(found) == items_and_scores(expected)


def test_a_user_without_ratings_gets_films(sample_model: TasteModel, by: RecommenderName) -> None:
    [films] = sample_model.recommend_lists(NO_RATINGS, ListRequest(k=5, by=by))
    assert len(films) == 5
    scores = sample_model.recommender(by).score(NO_RATINGS)
    assert scores.shape == (1, sample_model.ratings.n_items)
    assert not np.isnan(scores).any()


@pytest.mark.parametrize("n", [1, 3])
def test_a_few_ratings_are_enough(sample_model: TasteModel, by: RecommenderName, n: int) -> None:
    ratings = sample_model.ratings
    stars = {str(ratings.items["item_id"][item]): 5.0 for item in range(n)}
    [films] = sample_model.recommend_lists(new_history(ratings, stars), ListRequest(k=5, by=by))
    assert len(films) == 5
    assert not {film.item for film in films} & set(range(n))


def test_a_user_who_has_seen_every_film_gets_none(
    sample_model: TasteModel, by: RecommenderName
) -> None:
    n = sample_model.ratings.n_items
    everything = Histories(np.array([0, n]), np.arange(n, dtype=np.int32), np.full(n, 4.0))
    assert sample_model.recommend_lists(everything, ListRequest(k=5, by=by)) == [[]]
    again = ListRequest(k=5, by=by, include_seen=True)
    assert len(sample_model.recommend_lists(everything, again)[0]) == 5


def test_a_large_k_gives_all_films(sample_model: TasteModel, by: RecommenderName) -> None:
    rated = np.unique(sample_model.ratings.item)
    [films] = sample_model.recommend_lists(NO_RATINGS, ListRequest(k=10**9, by=by))
    items = {film.item for film in films}
    assert items <= set(rated.tolist())
    if by != "segment":  # the source report's rule knows only films that a member liked
        assert len(items) == len(rated)


def test_filters_combine(sample_model: TasteModel, by: RecommenderName) -> None:
    ratings = sample_model.ratings
    [free] = sample_model.recommend_lists(NO_RATINGS, ListRequest(k=30, by=by))
    ids = [str(ratings.items["item_id"][film.item]) for film in free]
    request = ListRequest(
        k=30,
        by=by,
        allow=tuple(ids),
        deny=tuple(ids[:3]),
        genres=("Drama", "Comedy"),
        first_year=1985,
        last_year=2005,
    )
    [films] = sample_model.recommend_lists(NO_RATINGS, request)
    expected = [
        film.item
        for film in free[3:]
        if {"Drama", "Comedy"} & set(sample_model.ratings.genres_of_items[film.item])
        and 1985 <= ratings.years[film.item] <= 2005
    ]
    assert expected
    assert [film.item for film in films] == expected


def test_parts_sum_to_the_score(sample_model: TasteModel, by: RecommenderName) -> None:
    recommender = sample_model.recommender(by)
    generator = np.random.default_rng(0)
    histories = histories_of(sample_model.ratings)
    scores = recommender.score(histories)
    for user in range(0, sample_model.ratings.n_users, 9):
        items = generator.choice(np.flatnonzero(np.isfinite(scores[user])), 20).tolist()
        seen = sample_model.ratings.item[sample_model.ratings.rows_of(user)]
        unseen = [item for item in items if item not in seen]
        parts = recommender.decompose(histories.take(np.array([user])), unseen)
        sums = [sum(part.value for part in of_film) for of_film in parts]
        assert sums == pytest.approx(scores[user, unseen].tolist(), abs=1e-9)


@pytest.mark.parametrize(
    "controls", [Controls(), Controls(favourites=0.5), Controls(diversity=0.5)]
)
def test_the_shown_score_is_the_sum_of_its_parts(
    sample_model: TasteModel, by: RecommenderName, controls: Controls
) -> None:
    recommender, history = sample_model.recommender(by), of_users(sample_model, 11)
    request = ListRequest(k=8, controls=controls)
    items, scores, costs = best_films(recommender, sample_model.ratings, history, request)
    [films] = recommend(recommender, sample_model.ratings, history, request)
    assert [film.item for film in films] == items[0].tolist()
    for film, score, cost in zip(films, scores[0], costs[0], strict=True):
        assert film.score == pytest.approx(score - cost, abs=1e-9)
        assert film.reasons
        kinds = {part.kind for part in film.parts}
        assert ("reranking" in kinds) == bool(cost)


def test_a_saved_model_recommends_the_same(
    sample_model: TasteModel, tmp_path: Path, by: RecommenderName
) -> None:
    save_taste(sample_model, tmp_path / "model")
    loaded = load_taste(tmp_path / "model")
    histories = of_users(sample_model, 0, 40, 80)
    for before, after in zip(
        sample_model.recommend_lists(histories, ListRequest(k=6, by=by)),
        loaded.recommend_lists(histories, ListRequest(k=6, by=by)),
        strict=True,
    ):
        assert items_and_scores(after) == items_and_scores(before)
        assert [film.reasons for film in after] == [film.reasons for film in before]


def test_fitting_returns_the_recommender_itself(
    sample_model: TasteModel, by: RecommenderName
) -> None:
    recommender: Recommender = sample_model._recommenders._build(by)
    assert recommender.fit(sample_model.ratings) is recommender


def test_the_caller_may_overwrite_scores(sample_model: TasteModel, by: RecommenderName) -> None:
    recommender, history = sample_model.recommender(by), of_users(sample_model, 2)
    first = recommender.score(history)
    kept = first.copy()
    first[:] = -7.0
    assert (recommender.score(history) == kept).all()
