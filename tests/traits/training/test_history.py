from __future__ import annotations

import json

from lacunar.traits.config import TraitsConfig
from lacunar.traits.training.history import Epoch, Score, is_over, kept_epoch, mean_history


def epochs(*losses: float) -> list[Epoch]:
    return [
        Epoch(n, Score(9.0, {"coat": 9.0}, {"coat": 0.5}), Score(loss, {"coat": loss}, {}))
        for n, loss in enumerate(losses, start=1)
    ]


def test_json_gives_the_same_epoch_back() -> None:
    epoch = Epoch(3, Score(0.1 + 0.2, {"coat": 1 / 3}, {"coat": None}), Score(1e-17, {}, {}))
    assert Epoch.from_dict(json.loads(json.dumps(epoch.to_dict()))) == epoch


def constant(max_epochs: int, patience: int) -> TraitsConfig:
    return TraitsConfig(schedule="constant", max_epochs=max_epochs, patience=patience)


def test_a_constant_schedule_keeps_the_first_lowest_validation_loss() -> None:
    assert kept_epoch(epochs(3, 1, 2, 1), constant(9, 9)).epoch == 2


def test_one_cycle_keeps_the_last_epoch() -> None:
    assert kept_epoch(epochs(3, 1, 2, 5), TraitsConfig()).epoch == 4


def test_training_ends_after_patience() -> None:
    history = epochs(3, 1, 2, 1, 4)
    ends = [is_over(history[:n], constant(99, 3)) for n in range(len(history) + 1)]
    assert ends == [False, False, False, False, False, True]


def test_one_cycle_has_no_early_stopping() -> None:
    cycle = TraitsConfig(max_epochs=5, patience=1)
    assert [is_over(epochs(*range(n)), cycle) for n in range(6)] == [False] * 5 + [True]


def test_training_ends_with_its_last_epoch() -> None:
    assert not is_over(epochs(3, 2), constant(3, 9))
    assert is_over(epochs(3, 2, 1), constant(3, 9))


def test_mean_history_averages_every_number() -> None:
    mean = mean_history([epochs(3, 1), epochs(5, 4, 2)])
    assert [epoch.validation.loss for epoch in mean] == [4, 2.5, 2]
    assert [epoch.validation.losses["coat"] for epoch in mean] == [4, 2.5, 2]
    assert mean[0].train.accuracies == {"coat": 0.5}


def test_mean_history_ignores_missing_accuracies() -> None:
    scores = [Score(1.0, {"coat": 1.0}, {"coat": value}) for value in (None, 0.5, 1.0)]
    (known,) = mean_history([[Epoch(1, score, score)] for score in scores])
    assert known.train.accuracies == {"coat": 0.75}
    (unknown,) = mean_history([[Epoch(1, scores[0], scores[0])]])
    assert unknown.train.accuracies == {"coat": None}
