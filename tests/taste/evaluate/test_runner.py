from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from lacunar.errors import InputError
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate import runner as module
from lacunar.taste.evaluate.new_users import cold_start
from lacunar.taste.evaluate.protocols import splits_of
from lacunar.taste.evaluate.runner import Method, Training, compare, compare_groups
from lacunar.taste.evaluate.segment_quality import ranking_quality
from lacunar.taste.evaluate.split import Split
from lacunar.taste.recommend.base import Recommender
from lacunar.taste.recommend.popularity import PopularityRecommender


def popularity(training: Training) -> Recommender:
    return PopularityRecommender().fit(training.ratings)


class Recorder(PopularityRecommender):
    """Popularity that remembers what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.fitted: list[Ratings] = []
        self.shown: list[Histories] = []

    def fit(self, ratings: Ratings) -> Recorder:
        self.fitted.append(ratings)
        return super().fit(ratings)

    def score(self, histories: Histories) -> np.ndarray:
        self.shown.append(histories)
        return super().score(histories)

    def as_method(self, training: Training) -> Recommender:
        return self.fit(training.ratings)


def test_values_belong_to_the_users_of_each_split(sample_ratings: Ratings) -> None:
    splits = splits_of(sample_ratings, "random-20", range(2))
    found = compare({"popularity": popularity}, splits)
    for split, users, shown, values in zip(
        splits, found.users, found.n_ratings, found.results["popularity"].values, strict=True
    ):
        np.testing.assert_array_equal(users, split.users)
        np.testing.assert_array_equal(shown, split.histories.n_ratings)
        liked = split.train.item[split.train.rating >= 4]
        popular = np.bincount(liked, minlength=split.train.n_items).astype(float)
        expected = ranking_quality(lambda u, p=popular: np.tile(p, (len(u), 1)), split)
        np.testing.assert_array_equal(values, np.column_stack(list(expected.values())))


def test_the_comparison_is_of_the_library_of_the_log(sample_ratings: Ratings) -> None:
    ratings = replace(sample_ratings, frame_kind="polars")
    found = compare({"popularity": popularity}, splits_of(ratings, "random-20", [0]))
    assert isinstance(found.to_frame(), pl.DataFrame)


def test_a_recommender_gets_only_training_and_histories(sample_ratings: Ratings) -> None:
    recorder = Recorder()
    (split,) = splits_of(sample_ratings, "global-time", [])
    compare({"recorded": recorder.as_method}, [split])
    assert recorder.fitted == [split.train]
    np.testing.assert_array_equal(
        np.concatenate([histories.item for histories in recorder.shown]), split.histories.item
    )


def test_a_method_is_fitted_once_per_training_log(
    sample_ratings: Ratings,
) -> None:
    recorder = Recorder()
    splits = [cold_start(sample_ratings, seed=seed) for seed in range(2)]
    found = compare_groups({"recorded": recorder.as_method}, splits)
    assert len(recorder.fitted) == 2
    assert {given: len(one.users) for given, one in found.items()} == dict.fromkeys(splits[0], 2)
    # How much is shown makes no difference to popularity.
    means = {one.summary()["recorded"]["ndcg@10"].mean for one in found.values()}
    assert len(means) == 1


def test_progress_counts_all_fits(sample_ratings: Ratings) -> None:
    steps: list[tuple[int, int]] = []
    methods: dict[str, Method] = {"one": popularity, "two": popularity}
    splits = splits_of(sample_ratings, "random-20", range(2))
    compare(methods, splits, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(done, 4) for done in range(5)]


def test_shared_fits_count_for_each_method_that_uses_them(
    sample_ratings: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sharing(training: Training) -> Recommender:
        training.seconds_saved += 100
        return popularity(training)

    methods: dict[str, Method] = {"first": popularity, "second": sharing, "third": sharing}
    found = compare(methods, splits_of(sample_ratings, "random-20", [0])).results
    assert found["first"].seconds.fit < 100
    assert 100 <= found["second"].seconds.fit < 200
    assert 100 <= found["third"].seconds.fit < 200


SMALL = TasteConfig(min_components=2, max_components=2, n_seeds=2)


def test_equal_configs_are_fitted_once_and_saved_seconds_are_counted(split: Split) -> None:
    training = Training(split.train)
    first = training.placer(SMALL)
    assert training.seconds_saved == 0
    assert training.placer(SMALL.model_copy()) is first
    assert training.seconds_saved > 0


def test_different_configs_are_fitted_separately(split: Split) -> None:
    training = Training(split.train)
    found = [training.placer(SMALL.model_copy(update={"min_components": k, "max_components": k}))
             for k in (2, 3)]  # fmt: skip
    assert [placer.n_segments for placer in found] == [2, 3]
    assert training.seconds_saved == 0


def test_segments_use_only_the_training_log(split: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    fit = module.fit_segments
    monkeypatch.setattr(
        module, "fit_segments", lambda ratings, config: seen.append(ratings) or fit(ratings, config)
    )
    Training(split.train).placer(SMALL)
    assert len(seen) == 1
    assert seen[0] is split.train


def test_a_log_too_small_for_segments_is_refused(split: Split) -> None:
    with pytest.raises(InputError, match="at least 200 users"):
        Training(split.train).placer(TasteConfig(min_components=200, max_components=200))
