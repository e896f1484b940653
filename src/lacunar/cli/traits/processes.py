"""A command that several processes run at once and that speaks as one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from lacunar.cli.console import err
from lacunar.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from lacunar.traits.training.distributed import ProcessGroup


@contextmanager
def speaking_as_one() -> Iterator[ProcessGroup]:
    """Meet the other processes, if there are any; of all that fail only the first says why."""
    from lacunar.traits.training.distributed import SINGLE_PROCESS, joined

    processes = SINGLE_PROCESS
    try:
        with joined() as processes:
            yield processes
    except InputError:
        if processes.is_first_to_fail():
            raise
        raise typer.Exit(2) from None


def check_in_first(processes: ProcessGroup, check: Callable[[], None]) -> None:
    """Check in the first process, which alone writes, where it may; what it refuses, all refuse.

    Raises
    ------
    InputError
    """
    refused = None
    if processes.rank == 0:
        try:
            check()
        except InputError as error:
            refused = str(error)
    refused = processes.broadcast(refused)
    if refused is not None:
        raise InputError(refused)


def check_workers(workers: int | None, processes: ProcessGroup) -> None:
    """Refuse two kinds of sharing at once.

    Raises
    ------
    InputError
    """
    if processes.size > 1 and (workers or 1) > 1:
        raise InputError(
            "--workers: expected none under torchrun, whose processes train each network together,"
            f" got {workers}"
        )


def warn_of_restarts(checkpoint: Path | None) -> None:
    """Say what a restart by ``torchrun`` costs without a checkpoint: everything."""
    if checkpoint is None and os.environ.get("TORCHELASTIC_MAX_RESTARTS", "0") != "0":
        err.print("Without --checkpoint a restart begins from the start, with the same result.")


def tell_beginning(checkpoint: Path | None, processes: ProcessGroup) -> None:
    """Say that several processes find no epoch to go on from; if they do, the epochs' log says so.

    After a restart the first of them may be on another machine, with another disk.
    """
    from lacunar.traits.fit import has_checkpoints

    if processes.size > 1 and checkpoint is not None and not has_checkpoints(checkpoint):
        err.print(f"{checkpoint} holds no epoch: the fit begins at the first.", markup=False)
