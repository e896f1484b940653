from __future__ import annotations

import pytest

from lacunar.cli.traits.epoch_log import EpochLog
from lacunar.traits.training.history import Epoch, Score

NAMES = ["coat", "a_long_name", "c", "d", "e", "f", "g"]


def epoch(number: int, loss: float) -> Epoch:
    score = Score(loss, dict.fromkeys(NAMES, loss / 7), dict.fromkeys(NAMES, 0.5))
    return Epoch(number, score, score)


def test_a_line_per_epoch_tells_losses_and_the_best(capsys: pytest.CaptureFixture[str]) -> None:
    steps: list[tuple[str, int, int]] = []
    log = EpochLog(NAMES, 9, lambda *progress: steps.append(progress))
    for number, loss in enumerate((7.0, 1.4, 2.1), start=1):
        log(0, epoch(number, loss))
    _, head, *lines = capsys.readouterr().err.splitlines()
    assert head.split() == ["epoch", "train", "valid", "coat", "a_long_n", "c", "d", "e", "f"]
    assert [line.split()[1] for line in lines] == ["7.000", "1.400", "2.100"]
    assert [line.endswith("*") for line in lines] == [True, True, False]
    assert max(map(len, (head, *lines))) <= 80
    assert steps == [("epochs", 1, 9), ("epochs", 2, 9), ("epochs", 3, 9)]


def test_a_run_that_goes_on_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    EpochLog(NAMES, 9, lambda stage, done, total: None)(0, epoch(5, 1.0))
    assert capsys.readouterr().err.startswith("Continuing after epoch 4, from the checkpoint.")


def test_of_several_networks_each_has_a_line_once_it_is_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps: list[tuple[str, int, int]] = []
    log = EpochLog(NAMES, 2, lambda *progress: steps.append(progress), networks=3)
    for network in range(3):
        for number in (1, 2):
            log(network, epoch(number, 7.0 * number))
    _, head, *lines = capsys.readouterr().err.splitlines()
    assert head.split()[0] == "network"
    assert [line.split()[:2] for line in lines] == [[str(n), "14.000"] for n in (1, 2, 3)]
    assert max(map(len, (head, *lines))) <= 80
    assert steps == [("epochs", done, 6) for done in range(1, 7)]


def test_going_on_within_a_later_network_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    EpochLog(NAMES, 9, lambda stage, done, total: None, networks=5)(2, epoch(5, 1.0))
    assert capsys.readouterr().err.startswith("Continuing after epoch 4 of network 3, from")


def test_a_network_that_nothing_validates_has_no_validation_loss(
    capsys: pytest.CaptureFixture[str],
) -> None:
    nothing = Score(0.0, dict.fromkeys(NAMES, 0.0), dict.fromkeys(NAMES))
    log = EpochLog(NAMES, 1, lambda stage, done, total: None, networks=2)
    log(1, Epoch(1, epoch(1, 2.5).train, nothing))
    assert capsys.readouterr().err.splitlines()[-1].split() == ["2", "2.500"] + ["none"] * 7


def test_networks_that_train_at_once_are_steps_as_they_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps: list[tuple[str, int, int]] = []
    log = EpochLog(NAMES, 2, lambda *progress: steps.append(progress), networks=2)
    for network, number in ((1, 1), (0, 1), (1, 2), (0, 2)):
        log(network, epoch(number, 7.0))
    lines = capsys.readouterr().err.splitlines()
    assert not lines[0].startswith("Continuing")
    assert [line.split()[0] for line in lines[2:]] == ["2", "1"]
    assert steps[-1] == ("epochs", 4, 4)


def test_a_network_that_ends_early_has_its_line_and_counts_whole(
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps: list[tuple[str, int, int]] = []
    log = EpochLog(NAMES, 9, lambda *progress: steps.append(progress), networks=2, patience=2)
    for number, loss in enumerate((7.0, 1.4, 2.1, 2.8), start=1):
        log(0, epoch(number, loss))
    _, _, line = capsys.readouterr().err.splitlines()
    assert line.split()[:2] == ["1", "2.800"]
    assert steps[-1] == ("epochs", 9, 18)
