from __future__ import annotations

import pytest

from lacunar.errors import InputError
from lacunar.taste.config import TasteConfig
from lacunar.taste.evaluate import training as module
from lacunar.taste.evaluate.split import Split
from lacunar.taste.evaluate.training import Training

SMALL = TasteConfig(min_components=2, max_components=2, n_seeds=2)


def test_equal_configs_are_fitted_once_and_the_time_saved_is_counted(split: Split) -> None:
    training = Training(split.train)
    first = training.placement(SMALL)
    assert training.seconds_saved == 0
    assert training.placement(SMALL.model_copy()) is first
    assert training.seconds_saved > 0


def test_other_configs_are_fitted_for_themselves(split: Split) -> None:
    training = Training(split.train)
    found = [training.placement(SMALL.model_copy(update={"min_components": k, "max_components": k}))
             for k in (2, 3)]  # fmt: skip
    assert [placement.n_segments for placement in found] == [2, 3]
    assert training.seconds_saved == 0


def test_segments_see_the_training_log_alone(split: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    fit = module.fit_segments
    monkeypatch.setattr(
        module, "fit_segments", lambda ratings, config: seen.append(ratings) or fit(ratings, config)
    )
    Training(split.train).placement(SMALL)
    assert len(seen) == 1
    assert seen[0] is split.train


def test_a_log_too_small_for_segments_is_refused(split: Split) -> None:
    with pytest.raises(InputError, match="at least 200 users"):
        Training(split.train).placement(TasteConfig(min_components=200, max_components=200))
