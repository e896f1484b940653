from __future__ import annotations

import pytest
from pydantic import ValidationError

from lacunar.taste.config import TasteConfig


def test_the_defaults_are_those_of_the_source_report() -> None:
    config = TasteConfig()
    assert (config.min_components, config.max_components, config.n_seeds) == (1, 10, 51)
    assert (config.gaps, config.covariance_type, config.reg_covar) == ("row-mean", "full", 1e-6)


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ValidationError):
        TasteConfig.model_validate({"n_seed": 3})
