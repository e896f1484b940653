from __future__ import annotations

import pytest
from pydantic import ValidationError

from lacunar.errors import InputError
from lacunar.traits.config import Augmentation, TraitsConfig


def test_the_source_preset_is_that_of_the_source_report() -> None:
    config = TraitsConfig.of_preset("source")
    assert (config.height, config.width, config.batch, config.patience) == (100, 60, 64, 25)
    assert (config.network, config.validation, config.stratify) == ("source", 120, False)
    assert (config.schedule, config.learning_rate, config.weight_decay) == ("constant", 1e-3, 0)
    assert (config.averaging, config.label_smoothing, config.mirror) == (0, 0, False)
    assert (config.fit, config.folds, config.max_epochs) == ("pad", 0, 100)
    assert config.augmentation == Augmentation(
        rotation=12, shift=0.07, shear=10, zoom=0.10, flip=True, gamma=0, contrast=0
    )


@pytest.mark.parametrize("preset", ["default", "source"])
def test_no_preset_favours_rare_classes(preset: str) -> None:
    config = TraitsConfig.of_preset(preset)
    assert (config.class_weights, config.logit_adjustment) == (0, 0)


def test_a_preset_can_be_changed_in_part() -> None:
    config = TraitsConfig.of_preset("source", batch=32, augmentation={"flip": False})
    assert (config.preset, config.batch, config.validation) == ("source", 32, 120)
    assert config.augmentation == Augmentation(flip=False)
    assert TraitsConfig.of_preset("default", seed=3) == TraitsConfig(seed=3)


def test_json_gives_the_same_settings_back() -> None:
    config = TraitsConfig(augmentation=None, validation=30, seed=2**53 - 1)
    assert TraitsConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(
    ("validation", "n", "size"), [(120, 520, 120), (0.23, 520, 120), (0.01, 20, 1), (1, 2, 1)]
)
def test_validation_is_a_number_or_a_share(validation: float, n: int, size: int) -> None:
    assert TraitsConfig(validation=validation).validation_size(n) == size


def test_some_images_are_left_to_train_on() -> None:
    for validation, n in ((120, 120), (0.5, 1), (0.99, 3)):
        with pytest.raises(InputError, match="expected more than"):
            TraitsConfig(validation=validation).validation_size(n)


@pytest.mark.parametrize(
    "settings",
    [
        {"epoch": 3},
        {"preset": "best"},
        {"height": 8},
        {"network": "vgg"},
        {"dropout": 1},
        {"learning_rate": 0},
        {"start": "photographs"},
        {"start": "pedestrians", "filters": 24},
        {"start": "pedestrians", "network": "source"},
        {"class_weights": 1.1},
        {"class_weights": -0.1},
        {"logit_adjustment": 2.1},
        {"logit_adjustment": -1},
        {"learning_rate": float("nan")},
        {"validation": 0},
        {"folds": 1},
        {"fit": "crop"},
        {"validation": 1.5},
        {"seed": -1},
        {"augmentation": {"zoom": 1}},
        {"augmentation": {"hue": 0.1}},
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TraitsConfig.model_validate(settings)


@pytest.mark.parametrize(
    ("settings", "start", "rate"),
    [
        ({}, "pedestrians", 0.0015),
        ({"start": "random"}, "random", 0.003),
        ({"filters": 24}, "random", 0.003),
        ({"network": "shared-dense"}, "random", 0.003),
        ({"learning_rate": 0.01}, "pedestrians", 0.01),
    ],
)
def test_pretrained_weights_are_used_if_they_fit_with_a_lower_rate(
    settings: dict[str, object], start: str, rate: float
) -> None:
    config = TraitsConfig(**settings)
    assert (config.starts_from, config.highest_rate) == (start, rate)


def test_the_source_preset_starts_from_random_weights() -> None:
    assert TraitsConfig.of_preset("source").starts_from == "random"
