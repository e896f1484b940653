from __future__ import annotations

import json

from lacunar.traits.history import Epoch, Score, best_epoch, is_over


def epochs(*losses: float) -> list[Epoch]:
    return [
        Epoch(n, Score(9.0, {"coat": 9.0}, {"coat": 0.5}), Score(loss, {"coat": loss}, {}))
        for n, loss in enumerate(losses, start=1)
    ]


def test_json_gives_the_same_epoch_back() -> None:
    epoch = Epoch(3, Score(0.1 + 0.2, {"coat": 1 / 3}, {"coat": None}), Score(1e-17, {}, {}))
    assert Epoch.from_dict(json.loads(json.dumps(epoch.to_dict()))) == epoch


def test_the_best_epoch_is_the_first_of_the_lowest_validation_losses() -> None:
    assert best_epoch(epochs(3, 1, 2, 1)).epoch == 2


def test_training_ends_once_patience_is_spent() -> None:
    history = epochs(3, 1, 2, 1, 4)
    ends = [is_over(history[:n], max_epochs=99, patience=3) for n in range(len(history) + 1)]
    assert ends == [False, False, False, False, False, True]


def test_training_ends_with_its_last_epoch() -> None:
    assert not is_over(epochs(3, 2), max_epochs=3, patience=9)
    assert is_over(epochs(3, 2, 1), max_epochs=3, patience=9)
