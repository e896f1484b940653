from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from lacunar.errors import InputError
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.rating_scale import RatingScale


def test_the_source_preset_is_that_of_the_source_report() -> None:
    config = TasteConfig.of_preset("source")
    assert (config.min_components, config.max_components, config.n_seeds) == (1, 10, 51)
    assert (config.gaps, config.covariance_type, config.reg_covar) == ("row-mean", "full", 1e-6)
    assert (config.view, config.noise, config.criterion) == ("means", False, "vote")


def test_a_preset_can_be_changed_in_part() -> None:
    config = TasteConfig.of_preset("source", n_seeds=3)
    assert (config.preset, config.n_seeds, config.gaps) == ("source", 3, "row-mean")
    assert TasteConfig.of_preset("default", n_seeds=3) == TasteConfig(n_seeds=3)


def test_the_order_of_the_parts_of_a_view_does_not_matter() -> None:
    assert TasteConfig(view="periods+shares") == TasteConfig(view="shares+periods")


@pytest.mark.parametrize(
    "settings",
    [
        {"n_seed": 3},
        {"preset": "best"},
        {"view": "colours"},
        {"min_components": 5, "max_components": 4},
        {"gaps": "zero"},
        {"criterion": "held-out"},
        {"folds": 1},
        {"prior_users": float("inf")},
        {"liked_above": float("nan")},
        {"search_users": 100, "sample_users": 101},
        {"seed": 2**32 - 3, "n_seeds": 4},
    ],
)
def test_inconsistent_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises((ValidationError, InputError)):
        TasteConfig.model_validate(settings)


def test_a_sample_of_users_is_seeded_and_in_order() -> None:
    config = TasteConfig(search_users=50, sample_users=20)
    assert config.sample(50) is None
    found = config.sample(51)
    assert found is not None
    assert len(set(found.tolist())) == 20
    assert (np.diff(found) > 0).all()
    assert 0 <= found.min() <= found.max() < 51
    assert np.array_equal(found, config.sample(51))
    assert not np.array_equal(found, config.model_copy(update={"seed": 1}).sample(51))


@pytest.mark.parametrize(("preset", "share"), [("default", 0.7), ("source", 0.8)])
def test_a_scale_below_zero_has_likes_too(preset: str, share: float) -> None:
    config = TasteConfig.of_preset(preset)
    assert config.liked_above_on(RatingScale(-5, 0, 1)) == pytest.approx(5 * share - 5)
    assert config.liked_above_on(RatingScale(-10, 10)) == pytest.approx(20 * share - 10)
    for scale in (RatingScale(), RatingScale(1, 10, 1), RatingScale(0, 1, 1)):
        assert config.liked_above_on(scale) == share * scale.maximum
