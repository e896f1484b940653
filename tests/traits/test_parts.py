from __future__ import annotations

import pytest

from lacunar.traits.config import TraitsConfig
from lacunar.traits.parts import whose_figures

SOURCE = TraitsConfig.of_preset("source")


@pytest.mark.parametrize(
    ("part", "config", "chose"),
    [
        ("validation", SOURCE, True),
        ("validation", TraitsConfig(folds=0), False),
        ("out-of-fold", TraitsConfig(), False),
        ("out-of-fold", SOURCE.model_copy(update={"folds": 3}), True),
        ("test", SOURCE, False),
        ("test", TraitsConfig(), False),
    ],
)
def test_figures_are_said_to_flatter_where_the_images_chose_the_epoch(
    part: str, config: TraitsConfig, chose: bool
) -> None:
    told = whose_figures(part, config)
    assert ("figures of new images lie somewhat lower" in told) == chose
    assert told.startswith("the training images" if part == "out-of-fold" else f"the {part} images")
