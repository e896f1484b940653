from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest
import typer

from lacunar.cli.traits_processes import check_workers, speaking_as_one, warn_of_restarts
from lacunar.errors import InputError
from lacunar.traits import parallel
from lacunar.traits.parallel import ALONE, World

pytest.importorskip("torch")
from torch.distributed import HashStore


def test_one_process_alone_says_what_is_wrong() -> None:
    with speaking_as_one() as world:
        assert world is ALONE
    with pytest.raises(InputError, match="no good"), speaking_as_one():
        raise InputError("no good")


def test_of_all_that_fail_the_first_says_why_and_the_others_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notes = HashStore()
    for rank, expected in ((1, InputError), (0, typer.Exit)):
        world = World(rank, 2, store=notes)
        monkeypatch.setattr(parallel, "joined", partial(nullcontext, world))
        with pytest.raises(expected) as caught, speaking_as_one():
            raise InputError("no good")
    assert caught.value.exit_code == 2


def test_processes_that_train_together_have_no_workers() -> None:
    check_workers(4, ALONE)
    check_workers(1, World(1, 2))
    check_workers(None, World(1, 2))
    with pytest.raises(InputError, match=r"expected none under torchrun.*got 4"):
        check_workers(4, World(1, 2))


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
