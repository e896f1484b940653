from __future__ import annotations

import pytest

from lacunar.errors import InputError
from lacunar.taste.config import TasteConfig
from lacunar.traits.config import TraitsConfig


@pytest.mark.parametrize("config", [TasteConfig, TraitsConfig])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seeds": 3}, "seeds: expected no such setting, got 3; did you mean 'seed'?"),
        ({"seed": -1}, "seed: expected greater than or equal to 0, got -1"),
    ],
)
def test_invalid_settings_get_one_sentence(config, settings, message) -> None:
    with pytest.raises(InputError) as caught:
        config(**settings)
    assert str(caught.value) == message
    assert caught.value.field == next(iter(settings))


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        TasteConfig().seed = 3
