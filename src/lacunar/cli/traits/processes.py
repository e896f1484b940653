"""One error message and one check of the output for a command run by several processes."""

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
def single_error() -> Iterator[ProcessGroup]:
    """Join the other processes, if any; of all that fail, only the first raises its error.

    The others exit with status 2.
    """
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
    """Run a check of the output in the first process, the only one that writes.

    An error of it is raised in every process.

    Raises
    ------
    InputError
    """
    failure = None
    if processes.rank == 0:
        try:
            check()
        except InputError as error:
            failure = error.sentence, error.field
    failure = processes.broadcast(failure)
    if failure is not None:
        sentence, field = failure
        raise InputError(sentence, field=field)


def check_workers(workers: int | None, processes: ProcessGroup) -> None:
    """Refuse worker processes under ``torchrun``.

    Raises
    ------
    InputError
    """
    if processes.size > 1 and (workers or 1) > 1:
        raise InputError(
            "expected none under torchrun, whose processes train each network together,"
            f" got {workers}",
            field="workers",
        )


def warn_of_restarts(checkpoint: Path | None) -> None:
    """Warn that a restart by ``torchrun`` loses all work if there is no checkpoint."""
    if checkpoint is None and os.environ.get("TORCHELASTIC_MAX_RESTARTS", "0") != "0":
        err.print("Without --checkpoint, a restart begins from the start, with the same result.")


def print_beginning(checkpoint: Path | None, processes: ProcessGroup) -> None:
    """Print that several processes found no saved epoch and start from the first.

    After a restart, the first process may be on another machine with another disk. If epochs are
    found, ``EpochLog`` prints it.
    """
    from lacunar.traits.fit import has_checkpoints

    if processes.size > 1 and checkpoint is not None and not has_checkpoints(checkpoint):
        err.print(f"{checkpoint} holds no epoch: the fit starts from the first.")
