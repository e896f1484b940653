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
    print_beginning,
    single_error,
    warn_of_restarts,
)
from lacunar.errors import InputError
from lacunar.traits.training import distributed
from lacunar.traits.training.checkpoint import Checkpoint, write_checkpoint
from lacunar.traits.training.distributed import SINGLE_PROCESS, ProcessGroup

pytest.importorskip("torch")
from torch.distributed import HashStore


def test_a_single_process_raises_its_error() -> None:
    with single_error() as processes:
        assert processes is SINGLE_PROCESS
    with pytest.raises(InputError, match="no good"), single_error():
        raise InputError("no good")


def test_of_all_that_fail_only_the_first_raises_its_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notes = HashStore()
    for rank, expected in ((1, InputError), (0, typer.Exit)):
        processes = ProcessGroup(rank, 2, store=notes)
        monkeypatch.setattr(distributed, "joined", partial(nullcontext, processes))
        with pytest.raises(expected) as caught, single_error():
            raise InputError("no good")
    assert caught.value.exit_code == 2


def test_a_process_lost_at_the_very_end_gives_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def losing(processes: ProcessGroup) -> Iterator[ProcessGroup]:
        yield processes
        raise InputError("lost one")

    notes = HashStore()
    for rank, expected in ((0, InputError), (1, typer.Exit)):
        monkeypatch.setattr(
            distributed, "joined", partial(losing, ProcessGroup(rank, 2, store=notes))
        )
        with pytest.raises(expected), single_error():
            pass


@pytest.mark.parametrize("rank", [0, 1])
def test_what_the_first_may_not_write_all_refuse(
    monkeypatch: pytest.MonkeyPatch, rank: int
) -> None:
    def refuse() -> None:
        assert rank == 0
        raise InputError("no place", field="checkpoint_dir")

    failure = "no place", "checkpoint_dir"
    monkeypatch.setattr(ProcessGroup, "broadcast", lambda processes, value: value or failure)
    with pytest.raises(InputError, match="checkpoint_dir: no place"):
        check_in_first(ProcessGroup(rank, 2), refuse)
    monkeypatch.setattr(ProcessGroup, "broadcast", lambda processes, value: value)
    check_in_first(ProcessGroup(rank, 2), lambda: None)


def test_several_processes_print_that_there_is_no_saved_epoch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def printed(checkpoint: Path | None, processes: ProcessGroup) -> str:
        print_beginning(checkpoint, processes)
        return capsys.readouterr().err

    together = ProcessGroup(0, 2)
    assert printed(tmp_path / "run", together) == (
        f"{tmp_path / 'run'} holds no epoch: the fit starts from the first.\n"
    )
    assert printed(tmp_path / "run", SINGLE_PROCESS) == printed(None, together) == ""
    own = tmp_path / "run" / "network-1"
    write_checkpoint(own, Checkpoint("key", {}, {}, {}, {}, [{"epoch": 1}]))
    assert printed(tmp_path / "run", together) == printed(own, together) == ""


def test_processes_that_train_together_have_no_workers() -> None:
    check_workers(4, SINGLE_PROCESS)
    check_workers(1, ProcessGroup(1, 2))
    check_workers(None, ProcessGroup(1, 2))
    with pytest.raises(InputError, match=r"expected none under torchrun.*got 4"):
        check_workers(4, ProcessGroup(1, 2))


@pytest.mark.parametrize(
    ("restarts", "checkpoint", "warned"),
    [("3", None, True), ("0", None, False), (None, None, False), ("3", Path("c"), False)],
)
def test_restarts_without_a_checkpoint_get_a_warning(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    restarts: str | None,
    checkpoint: Path | None,
    warned: bool,
) -> None:
    monkeypatch.delenv("TORCHELASTIC_MAX_RESTARTS", raising=False)
    if restarts is not None:
        monkeypatch.setenv("TORCHELASTIC_MAX_RESTARTS", restarts)
    warn_of_restarts(checkpoint)
    assert ("begins from the start" in capsys.readouterr().err) == warned
