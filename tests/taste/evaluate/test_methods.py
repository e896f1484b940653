from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.histories import Histories, histories_at
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.evaluate import methods as module
from lacunar.taste.evaluate.cold_start import cold_start
from lacunar.taste.evaluate.methods import METHODS, evaluate_recommenders, methods_named
from lacunar.taste.evaluate.protocols import splits_of
from lacunar.taste.evaluate.runner import Training, compare
from lacunar.taste.evaluate.tuning import Tuning
from lacunar.taste.recommend.personal import PersonalOptions
from lacunar.taste.segments.fit import SegmentFit, fit_segments


def small(config: TasteConfig) -> TasteConfig:
    """The same config with few restarts."""
    return config.model_copy(update={"n_seeds": 2, "min_components": 3, "max_components": 3})


@pytest.fixture(scope="module")
def fits() -> list[TasteConfig]:
    """Configs that segments were fitted with."""
    return []


@pytest.fixture(scope="module")
def training(sample_ratings: Ratings, fits: list[TasteConfig]) -> Iterator[Training]:
    def fit(ratings: Ratings, config: TasteConfig) -> SegmentFit:
        fits.append(config)
        return fit_segments(ratings, small(config))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lacunar.taste.evaluate.runner.fit_segments", fit)
        yield Training(cold_start(sample_ratings, seed=0)[0].train)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_scores_all_films_for_known_and_new_users(
    training: Training, sample_ratings: Ratings, name: str
) -> None:
    recommender = METHODS[name](training)
    known = recommender.score(histories_at(training.ratings, np.arange(4)))
    nobody = Histories(np.zeros(2, dtype=np.intp), np.empty(0, dtype=np.int32), np.empty(0))
    for scores, n_users in ((known, 4), (recommender.score(nobody), 1)):
        assert scores.shape == (n_users, sample_ratings.n_items)
        assert not np.isnan(scores).any()
        assert not np.isposinf(scores).any()


def test_methods_on_the_default_segments_share_a_fit(
    training: Training, fits: list[TasteConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    untuned = Tuning(PersonalOptions(), ())
    monkeypatch.setattr(module, "tune_personal", lambda *arguments, **options: untuned)
    for name in METHODS:
        METHODS[name](training)
    assert sorted(config.preset for config in fits) == ["default", "source"]


def test_only_strictly_more_than_four_stars_are_liked_in_segments(training: Training) -> None:
    ratings = training.ratings
    scores = METHODS["segment-source"](training).score(histories_at(ratings, np.array([0])))
    best = np.bincount(ratings.item[ratings.rating > 4], minlength=ratings.n_items)
    assert (np.floor(scores[0]) <= best).all()


def test_names_select_in_the_order_of_the_registry() -> None:
    assert list(methods_named([])) == list(METHODS)
    assert list(methods_named(["personal", "segment", "personal"])) == ["segment", "personal"]


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(InputError, match=r"a method of popularity, .*, got 'magic'"):
        methods_named(["popularity", "magic"])


def test_tuning_uses_only_the_training_log(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def watched(ratings: Ratings, *arguments: object, **options: object) -> Tuning:
        seen.append(ratings)
        return Tuning(PersonalOptions(), ())

    monkeypatch.setattr(module, "tune_personal", watched)
    fits = {key: fit for key, fit in training._fits.items() if key != "personal"}
    monkeypatch.setattr(training, "_fits", fits)
    METHODS["personal"](training)
    assert seen == [training.ratings]


def test_an_evaluation_is_the_comparison_on_the_splits_of_the_protocol(
    sample_ratings: Ratings,
) -> None:
    steps: list[tuple[int, int]] = []
    found = evaluate_recommenders(
        sample_ratings,
        ["popularity"],
        seeds=[3, 4],
        progress=lambda done, total: steps.append((done, total)),
    )
    expected = compare(
        methods_named(["popularity"]), splits_of(sample_ratings, "random-20", [3, 4])
    )
    assert found.summary() == expected.summary()
    assert steps[-1] == (2, 2)


def test_an_evaluation_takes_functions_that_fit(sample_ratings: Ratings) -> None:
    found = evaluate_recommenders(
        sample_ratings, {"mine": METHODS["popularity"]}, protocol="global-time"
    )
    assert list(found.results) == ["mine"]
    assert len(found.users) == 1


def test_an_evaluation_needs_known_names(sample_ratings: Ratings) -> None:
    with pytest.raises(InputError, match="expected a method of popularity, segment-source"):
        evaluate_recommenders(sample_ratings, ["magic"])
    with pytest.raises(InputError, match="expected a protocol of random-20, leave-last-out"):
        evaluate_recommenders(sample_ratings, ["popularity"], protocol="magic")


@pytest.mark.parametrize("columns", [["user", "item"], ["user", "item", "rating"]])
def test_all_methods_work_without_items(
    sample_ratings: Ratings, columns: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacunar.taste.evaluate.runner.fit_segments", fit_segments)
    ratings = read_ratings(sample_ratings.log.select(columns), user="user", item="item")
    summary = evaluate_recommenders(ratings, seeds=[0]).summary()
    assert list(summary) == list(METHODS)
    assert summary["personal"]["ndcg@10"].mean > summary["popularity"]["ndcg@10"].mean
    # All users are in one segment.
    assert summary["segment-posterior"]["ndcg@10"] == summary["popularity"]["ndcg@10"]
    with pytest.raises(InputError, match="expected ratings of different times"):
        evaluate_recommenders(ratings, ["popularity"], protocol="global-time")


def test_one_method_may_be_a_name_and_only_ratings_are_evaluated(sample_ratings: Ratings) -> None:
    assert list(evaluate_recommenders(sample_ratings, "popularity", seeds=[0]).results) == [
        "popularity"
    ]
    with pytest.raises(InputError, match=r"^ratings: expected what `read_ratings` returns"):
        evaluate_recommenders("shop", "popularity")  # type: ignore[arg-type]
