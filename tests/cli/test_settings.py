from __future__ import annotations

from functools import partial

import pytest

from lacunar.cli.settings import validated
from lacunar.errors import InputError
from lacunar.taste.config import TasteConfig
from lacunar.traits.config import TraitsConfig


def test_options_that_were_not_named_keep_their_defaults() -> None:
    assert validated(TasteConfig, n_seeds=None, seed=3) == TasteConfig(seed=3)


def test_an_error_carries_the_setting_it_is_about() -> None:
    with pytest.raises(InputError, match=r"^n_seeds: expected greater than .* got 0$") as caught:
        validated(TasteConfig, n_seeds=0)
    assert caught.value.field == "n_seeds"


def test_an_error_of_our_own_validator_keeps_its_words() -> None:
    with pytest.raises(InputError, match=r"^validation: expected a whole number .* got 1\.5$"):
        validated(TraitsConfig, validation=1.5)
    with pytest.raises(InputError, match=r"^view: expected a view of [^']*'\+', got 'foo'$"):
        validated(TasteConfig, view="foo")


def test_settings_that_clash_are_refused_without_an_option() -> None:
    with pytest.raises(InputError, match=r"^`noise` needs `gaps` keep"):
        validated(partial(TasteConfig.of_preset, "default"), gaps="zero")


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("view", "genres", "a view of means"),
        ("covariance_type", "tie", "'"),
        ("max_components", 0, "greater than or equal to 1"),
    ],
)
def test_an_error_says_once_what_was_expected_and_what_came(
    setting: str, value: object, expected: str
) -> None:
    with pytest.raises(InputError) as caught:
        validated(TasteConfig, **{setting: value})
    message = str(caught.value)
    assert message.startswith(f"{setting}: expected {expected}")
    assert message.endswith(f", got {value!r}")
    assert message.count(", got ") == 1
