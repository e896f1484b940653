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

    from lacunar.traits.training.distributed import World


@contextmanager
def speaking_as_one() -> Iterator[World]:
    """Meet the other processes, if there are any; of all that fail only the first says why."""
    from lacunar.traits.training.distributed import ALONE, joined

    world = ALONE
    try:
        with joined() as world:
            yield world
    except InputError:
        if world.is_first_to_fail():
            raise
        raise typer.Exit(2) from None


def check_in_first(world: World, check: Callable[[], None]) -> None:
    """Check in the first process, which alone writes, where it may; what it refuses, all refuse.

    Raises
    ------
    InputError
    """
    refused = None
    if world.rank == 0:
        try:
            check()
        except InputError as error:
            refused = str(error)
    refused = world.from_first(refused)
    if refused is not None:
        raise InputError(refused)


def check_workers(workers: int | None, world: World) -> None:
    """Refuse two kinds of sharing at once.

    Raises
    ------
    InputError
    """
    if world.size > 1 and (workers or 1) > 1:
        raise InputError(
            "--workers: expected none under torchrun, whose processes train each network together,"
            f" got {workers}"
        )


def warn_of_restarts(checkpoint: Path | None) -> None:
    """Say what a restart by ``torchrun`` costs without a checkpoint: everything."""
    if checkpoint is None and os.environ.get("TORCHELASTIC_MAX_RESTARTS", "0") != "0":
        err.print("Without --checkpoint a restart begins from the start, with the same result.")


def tell_beginning(checkpoint: Path | None, world: World) -> None:
    """Say that several processes find no epoch to go on from; if they do, the epochs' log says so.

    After a restart the first of them may be on another machine, with another disk.
    """
    from lacunar.traits.fit import has_checkpoints

    if world.size > 1 and checkpoint is not None and not has_checkpoints(checkpoint):
        err.print(f"{checkpoint} holds no epoch: the fit begins at the first.", markup=False)
