"""What every command does alike: one JSON document, tables, progress, and the way to fail."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from lacunar.errors import InputError

JsonFlag = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout and nothing else.")
]
ForceFlag = Annotated[bool, typer.Option("--force", help="Replace what is there.")]

out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Report(Protocol):
    """Takes the progress of a long piece of work: stage, steps done, steps in all."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


def emit_json(document: Any) -> None:
    """Print a document as JSON, the only thing on stdout."""
    typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))


def figure(value: float, form: str = ".3f") -> str:
    """Write a number without the zero before the point; a dash where there is none.

    Examples
    --------
    >>> figure(0.64), figure(-0.5, "+.2f"), figure(1.0), figure(float("nan"))
    ('.640', '-.50', '1.000', '-')
    """
    if math.isnan(value):
        return "-"
    whole, point, places = format(value, form).partition(".")
    return (whole.removesuffix("0") if whole in {"0", "+0", "-0"} else whole) + point + places


def fail(error: InputError) -> None:
    """Print the one sentence of bad input."""
    err.print(f"lacunar: {error}", style="bold red", markup=False)


@contextmanager
def progress(*, shown: bool = True) -> Iterator[Report]:
    """Show progress bars on stderr, one per stage, gone once the work is done.

    Each has the time it took and the time it will take at this pace.

    Parameters
    ----------
    shown : bool
        Off in all but one of several processes that share a terminal.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("left"),
        # Over minutes, because the steps of a stage may be few and long.
        TimeRemainingColumn(),
    )
    with Progress(
        *columns,
        console=err,
        transient=True,
        disable=not (shown and err.is_terminal),
        speed_estimate_period=600,
    ) as bars:
        stages: dict[str, TaskID] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in stages:
                stages[stage] = bars.add_task(stage, total=total)
            bars.update(stages[stage], completed=done, total=total)

        yield report


def check_file_destination(path: Path, *, force: bool) -> None:
    """Refuse to write a file where one is, or where there is no directory.

    Raises
    ------
    InputError
    """
    if path.is_dir():
        raise InputError(f"{path}: expected a place for a file, got a directory")
    if not path.parent.is_dir():
        raise InputError(f"{path}: expected an existing parent directory, got none")
    if path.exists() and not force:
        raise InputError(f"{path}: a file is there already; pass --force to replace it")


def check_checkpoint(checkpoint: Path | None, output: Path) -> None:
    """Refuse a folder of checkpoints that cannot be one, or that the model would replace.

    Raises
    ------
    InputError
    """
    if checkpoint is None:
        return
    if checkpoint.exists() and not checkpoint.is_dir():
        raise InputError(f"--checkpoint: expected a place for a directory, got {checkpoint}")
    if checkpoint.resolve().is_relative_to(output.resolve()):
        raise InputError(
            f"--checkpoint: expected a directory outside the model {output}, got {checkpoint}"
        )


def tell_report(path: Path, *, json: bool) -> None:
    """Say where a report was written: in a sentence, or with its size as a document."""
    if json:
        emit_json({"file": str(path), "bytes": path.stat().st_size})
        return
    out.print(f"Report written to {path}", markup=False, soft_wrap=True)


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    from lacunar.files.atomic import replace_file

    replace_file(path, [text.encode()])
