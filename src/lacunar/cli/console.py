"""Shared output of the commands: JSON documents, tables, progress bars, error messages."""

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

JsonFlag = Annotated[bool, typer.Option("--json", help="Print only one JSON document on stdout.")]
ForceFlag = Annotated[bool, typer.Option("--force", help="Replace existing output.")]

# No markup: titles and ids may have brackets.
out = Console(highlight=False, markup=False, soft_wrap=False)
err = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


class Report(Protocol):
    """A progress callback: name of the stage, steps done, total steps."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


def emit_json(document: Any) -> None:
    """Print a document as JSON on stdout."""
    typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))


def figure(value: float, form: str = ".3f") -> str:
    """Format a number without the zero before the point, NaN as a dash.

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
    """Print an error as one sentence."""
    err.print(f"lacunar: {error}", style="bold red")


@contextmanager
def progress(*, shown: bool = True) -> Iterator[Report]:
    """Show progress bars on stderr, one per stage, and remove them at the end.

    Each has the elapsed and the estimated remaining time.

    Parameters
    ----------
    shown : bool
        False in all but one of several processes that share a terminal.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("left"),
        # Estimated over minutes, because a stage may have few, long steps.
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
    """Check that a file can be written: a free path, or ``force``, in an existing directory.

    Raises
    ------
    InputError
    """
    if path.is_dir():
        raise InputError(f"{path}: expected the path of a file, got a directory")
    if not path.parent.is_dir():
        raise InputError(f"{path}: expected an existing parent directory, got none")
    if path.exists() and not force:
        raise InputError(f"{path}: the file already exists; pass --force to replace it")


def check_checkpoint(checkpoint_dir: Path | None, output: Path) -> None:
    """Check that the checkpoint directory can be written and is outside the model directory.

    Raises
    ------
    InputError
    """
    if checkpoint_dir is None:
        return
    if checkpoint_dir.exists() and not checkpoint_dir.is_dir():
        raise InputError(
            f"expected the path of a directory, got the file {checkpoint_dir}",
            field="checkpoint_dir",
        )
    if checkpoint_dir.resolve().is_relative_to(output.resolve()):
        raise InputError(
            f"expected a directory outside the model {output}, got {checkpoint_dir}",
            field="checkpoint_dir",
        )


def print_report_path(path: Path, *, json: bool) -> None:
    """Print the path of a written report: as a sentence, or as JSON with its size."""
    if json:
        emit_json({"file": str(path), "bytes": path.stat().st_size})
        return
    out.print(f"Report written to {path}", soft_wrap=True)


def write_text(path: Path, text: str) -> None:
    """Write a file atomically."""
    from lacunar.files.atomic import replace_file

    replace_file(path, [text.encode()])
