"""A command that several processes run at once and that speaks as one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from lacunar.cli.console import err
from lacunar.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from lacunar.traits.parallel import World


@contextmanager
def speaking_as_one() -> Iterator[World]:
    """Meet the other processes, if there are any; of all that fail only the first says why."""
    from lacunar.traits.parallel import joined

    with joined() as world:
        try:
            yield world
        except InputError:
            if world.is_first_to_fail():
                raise
            raise typer.Exit(2) from None


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
