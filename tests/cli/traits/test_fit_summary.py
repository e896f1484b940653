from __future__ import annotations

from dataclasses import replace

import pytest

from lacunar.cli.traits.fit_summary import print_summary
from lacunar.traits.config import TraitsConfig
from lacunar.traits.model import TraitsModel


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"schedule": "one-cycle"}, "kept the last weights.\n  One network.\n\n"),
        (
            {"schedule": "one-cycle", "folds": 4, "refit": 0},
            "4 networks, each without 1 of 4 folds: for scores and predictions.\n\n",
        ),
        (
            {"schedule": "one-cycle", "folds": 4, "refit": 3},
            "3 networks on all images: for predictions.\n\n",
        ),
        ({}, "which has the lowest validation loss ("),
    ],
)
def test_a_sentence_describes_the_training(
    people_model: TraitsModel,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, object],
    expected: str,
) -> None:
    config = TraitsConfig.model_validate(people_model.config.model_dump() | changes)
    print_summary(replace(people_model, config=config))
    text = capsys.readouterr().out
    assert expected in text
    assert max(map(len, text.splitlines())) <= 80
