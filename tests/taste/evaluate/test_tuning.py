from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lacunar.taste.config import TasteConfig, draw_users
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.evaluate import tuning
from lacunar.taste.evaluate.split import Split
from lacunar.taste.evaluate.tuning import Tuning, _climb, tune_personal
from lacunar.taste.fit import fit_taste
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.personal import PersonalOptions


def test_the_chosen_settings_are_the_best_of_the_trials(sample_model: TasteModel) -> None:
    tuning = sample_model.tuning
    best = max(trial.ndcg for trial in tuning.trials)
    [chosen] = [trial for trial in tuning.trials if trial.ndcg == best]
    assert replace(tuning.options, slide=chosen.options.slide) == chosen.options
    assert len(tuning.trials) > 3


def test_tuning_repeats_with_its_seed(sample_ratings: Ratings, sample_model: TasteModel) -> None:
    first, again, other = (
        tune_personal(sample_ratings, sample_model.placer, seed=seed) for seed in (4, 4, 5)
    )
    assert first == again
    assert first.trials != other.trials


def test_tuning_samples_many_users(sample_ratings: Ratings, sample_model: TasteModel) -> None:
    placer, sample = sample_model.placer, draw_users(120, 70, seed=4)
    found = tune_personal(sample_ratings, placer, seed=4, max_users=70)
    assert found == tune_personal(sample_ratings.of_users(sample), placer, seed=4)
    assert found.trials != tune_personal(sample_ratings, placer, seed=4, max_users=120).trials


@pytest.mark.parametrize(("judged", "splits"), [(119, 1), (120, 3)])
def test_few_users_are_tested_on_several_splits(
    sample_ratings: Ratings,
    sample_model: TasteModel,
    monkeypatch: pytest.MonkeyPatch,
    judged: int,
    splits: int,
) -> None:
    seeds = set()
    inner = tuning.random_split

    def split(ratings: Ratings, *, seed: int) -> Split:
        seeds.add(seed)
        return inner(ratings, seed=seed)

    monkeypatch.setattr(tuning, "random_split", split)
    monkeypatch.setattr(tuning, "_MAX_USERS", judged)
    tune_personal(sample_ratings, sample_model.placer, seed=7)
    assert seeds == set(range(7, 7 + splits))


def test_a_climb_stops_where_quality_falls_on_both_sides() -> None:
    tried: list[float] = []

    def quality(options: PersonalOptions) -> float:
        tried.append(options.penalty)
        return -((options.penalty - 400) ** 2)

    grid = (50.0, 100.0, 200.0, 400.0, 800.0, 1600.0)
    found = _climb(PersonalOptions(), "penalty", grid, quality, {})
    assert found.penalty == 400
    assert sorted(tried) == [50, 100, 200, 400, 800]


def test_a_log_too_small_to_hold_out_ratings_keeps_the_defaults(
    write_csv: Callable[..., Path],
) -> None:
    ratings = read_ratings(write_csv("1,1,4.0,1", "2,2,3.0,1", "3,1,5.0,2"))
    model = fit_taste(ratings, TasteConfig(max_components=1, n_seeds=1, refits=0))
    assert model.tuning == Tuning(PersonalOptions(), ())
    assert str(model.tuning).endswith("(untested)")


def test_the_text_of_a_tuning_has_its_settings(sample_model: TasteModel) -> None:
    text = str(sample_model.tuning)
    assert f"penalty {sample_model.tuning.options.penalty:g}" in text
    assert f"on held-out ratings, {len(sample_model.tuning.trials)} trials and the slide" in text


def test_progress_counts_the_settings(sample_ratings: Ratings, sample_model: TasteModel) -> None:
    steps: list[tuple[int, int]] = []
    tune_personal(
        sample_ratings,
        sample_model.placer,
        seed=0,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert steps == [(done, 4) for done in range(5)]


@pytest.mark.parametrize("name", ["penalty", "content", "grade"])
def test_trials_move_one_setting_at_a_time(sample_model: TasteModel, name: str) -> None:
    assert len({getattr(trial.options, name) for trial in sample_model.tuning.trials}) > 1
