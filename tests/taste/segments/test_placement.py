from __future__ import annotations

import numpy as np
import pytest

from lacunar.taste.config import TasteConfig
from lacunar.taste.data.histories import Histories, histories_of, new_history
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.model import TasteModel
from lacunar.taste.segments import placement as module
from lacunar.taste.segments.fit import fit_segments
from lacunar.taste.segments.placement import make_placer


@pytest.mark.parametrize("fitted", ["sample_model", "source_model"])
def test_users_of_the_log_get_their_responsibilities_of_the_fit(
    fitted: str, request: pytest.FixtureRequest
) -> None:
    model: TasteModel = request.getfixturevalue(fitted)
    found = model.placer.responsibilities(histories_of(model.ratings))
    assert found == pytest.approx(model.segments.responsibilities, abs=1e-9)


@pytest.mark.parametrize(
    ("view", "gaps", "noise", "covariance_type"),
    [
        ("means", "keep", True, "full"),
        ("relative", "keep", False, "diag"),
        ("log-shares", "keep", True, "diag"),
        ("means", "zero", False, "full"),
    ],
)
def test_every_view_places_users_as_in_the_fit(
    sample_ratings: Ratings, view: str, gaps: str, noise: bool, covariance_type: str
) -> None:
    config = TasteConfig(
        view=view,
        gaps=gaps,
        noise=noise,
        covariance_type=covariance_type,
        min_components=2,
        max_components=2,
        n_seeds=2,
        max_iter=20,
    )
    fit = fit_segments(sample_ratings, config)
    found = fit.placer(sample_ratings, config).responsibilities(histories_of(sample_ratings))
    assert found == pytest.approx(fit.segments.responsibilities, abs=1e-7)


@pytest.mark.parametrize("fitted", ["sample_model", "source_model"])
def test_users_without_ratings_get_the_weights_of_segments(
    fitted: str, request: pytest.FixtureRequest
) -> None:
    model: TasteModel = request.getfixturevalue(fitted)
    log = histories_of(model.ratings)
    two = Histories(
        np.array([0, 0, log.starts[1]]), log.item[: log.starts[1]], log.rating[: log.starts[1]]
    )
    found = model.placer.responsibilities(two)
    assert found[0].tolist() == model.segments.mixture.weights[0].tolist()
    assert found[1] == pytest.approx(model.segments.responsibilities[0], abs=1e-9)


def test_films_of_an_unknown_period_are_ignored(sample_model: TasteModel) -> None:
    ratings = sample_model.ratings
    some = make_placer(
        ratings,
        sample_model.config,
        sample_model.segments.mixture,
        periods=("1066-1070", *sample_model.periods.periods[1:]),
        rating_variance=sample_model.profiles.rating_variance,
    )
    first = sample_model.periods.periods[0]
    old = ratings.years < 1970
    assert first == "before 1970"
    assert old.any()
    assert not some.item_periods.toarray()[old].any()


def test_probabilities_sum_to_one(sample_model: TasteModel) -> None:
    some = new_history(sample_model.ratings, {str(sample_model.ratings.items["item_id"][0]): 5.0})
    found = sample_model.placer.responsibilities(some)
    assert found.shape == (1, sample_model.segments.n_segments)
    assert found.sum() == pytest.approx(1.0)


def test_responsibilities_of_short_histories_are_tempered(sample_model: TasteModel) -> None:
    log = histories_of(sample_model.ratings)
    weights = sample_model.segments.mixture.weights[0]
    sure = sample_model.placer.responsibilities(log)
    found = sample_model.placer.cautious_responsibilities(log)
    n = log.n_ratings[:, np.newaxis]
    expected = weights * (np.maximum(sure, 1e-300) / weights) ** (n / (n + 8))
    expected /= expected.sum(axis=1, keepdims=True)
    assert found == pytest.approx(expected, abs=1e-9)
    nobody = sample_model.placer.cautious_responsibilities(new_history(sample_model.ratings, {}))
    assert nobody[0] == pytest.approx(weights)


def test_batches_of_users_get_the_same_responsibilities(
    sample_model: TasteModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = histories_of(sample_model.ratings)
    expected = sample_model.placer.responsibilities(everybody)
    monkeypatch.setattr(module, "_USERS_AT_ONCE", 33)
    found = sample_model.placer.responsibilities(everybody)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("view", ["log-shares", "log-shares+periods", "means+log-shares"])
def test_a_user_of_genres_that_the_model_lacks_is_unknown(
    sample_ratings: Ratings, view: str
) -> None:
    config = TasteConfig(view=view, min_components=2, max_components=2, n_seeds=1, max_iter=5)
    placer = fit_segments(sample_ratings, config).placer(sample_ratings, config)
    profiles, periods = placer.profiles(new_history(sample_ratings, {}))
    belongs, known = placer.rule.responsibilities(profiles, periods)
    assert known.tolist() == [False]
    assert belongs[0].tolist() == placer.rule.mixture.weights[0].tolist()
