from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

import pytest
import typer

from lacunar.cli.traits.processes import (
    check_in_first,
    check_workers,
    speaking_as_one,
    tell_beginning,
    warn_of_restarts,
)
from lacunar.errors import InputError
from lacunar.traits.training import distributed
from lacunar.traits.training.checkpoint import Checkpoint, write_checkpoint
from lacunar.traits.training.distributed import SINGLE_PROCESS, ProcessGroup

pytest.importorskip("torch")
from torch.distributed import HashStore


def test_one_process_alone_says_what_is_wrong() -> None:
    with speaking_as_one() as processes:
        assert processes is SINGLE_PROCESS
    with pytest.raises(InputError, match="no good"), speaking_as_one():
        raise InputError("no good")


def test_of_all_that_fail_the_first_says_why_and_the_others_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notes = HashStore()
    for rank, expected in ((1, InputError), (0, typer.Exit)):
        processes = ProcessGroup(rank, 2, store=notes)
        monkeypatch.setattr(distributed, "joined", partial(nullcontext, processes))
        with pytest.raises(expected) as caught, speaking_as_one():
            raise InputError("no good")
    assert caught.value.exit_code == 2


def test_a_process_lost_at_the_very_end_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def losing(processes: ProcessGroup) -> Iterator[ProcessGroup]:
        yield processes
        raise InputError("lost one")

    notes = HashStore()
    for rank, expected in ((0, InputError), (1, typer.Exit)):
        monkeypatch.setattr(
            distributed, "joined", partial(losing, ProcessGroup(rank, 2, store=notes))
        )
        with pytest.raises(expected), speaking_as_one():
            pass


@pytest.mark.parametrize("rank", [0, 1])
def test_what_the_first_may_not_write_all_refuse(
    monkeypatch: pytest.MonkeyPatch, rank: int
) -> None:
    def refuse() -> None:
        assert rank == 0
        raise InputError("no place")

    monkeypatch.setattr(ProcessGroup, "broadcast", lambda processes, value: "no place")
    with pytest.raises(InputError, match="no place"):
        check_in_first(ProcessGroup(rank, 2), refuse)
    monkeypatch.setattr(ProcessGroup, "broadcast", lambda processes, value: value)
    check_in_first(ProcessGroup(rank, 2), lambda: None)


def test_several_processes_that_find_no_epoch_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(checkpoint: Path | None, processes: ProcessGroup) -> str:
        tell_beginning(checkpoint, processes)
        return capsys.readouterr().err

    together = ProcessGroup(0, 2)
    assert said(tmp_path / "run", together) == (
        f"{tmp_path / 'run'} holds no epoch: the fit begins at the first.\n"
    )
    assert said(tmp_path / "run", SINGLE_PROCESS) == said(None, together) == ""
    own = tmp_path / "run" / "network-1"
    write_checkpoint(own, Checkpoint("key", {}, {}, {}, {}, [{"epoch": 1}]))
    assert said(tmp_path / "run", together) == said(own, together) == ""


def test_processes_that_train_together_have_no_workers() -> None:
    check_workers(4, SINGLE_PROCESS)
    check_workers(1, ProcessGroup(1, 2))
    check_workers(None, ProcessGroup(1, 2))
    with pytest.raises(InputError, match=r"expected none under torchrun.*got 4"):
        check_workers(4, ProcessGroup(1, 2))


@pytest.mark.parametrize(
    ("restarts", "checkpoint", "told"),
    [("3", None, True), ("0", None, False), (None, None, False), ("3", Path("c"), False)],
)
def test_restarts_without_a_checkpoint_are_told(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    restarts: str | None,
    checkpoint: Path | None,
    told: bool,
) -> None:
    monkeypatch.delenv("TORCHELASTIC_MAX_RESTARTS", raising=False)
    if restarts is not None:
        monkeypatch.setenv("TORCHELASTIC_MAX_RESTARTS", restarts)
    warn_of_restarts(checkpoint)
    assert ("begins from the start" in capsys.readouterr().err) == told
