"""Shared output of the commands: JSON documents, tables, progress bars, error messages."""

from __future__ import annotations

import json
import math
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from lacunar.aliases import StageProgress
from lacunar.cli.stopping import advise
from lacunar.errors import InputError
from lacunar.progress import shown_progress

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
ForceFlag = Annotated[bool, typer.Option("--force", help="Replace existing output.")]

# No markup: titles and ids may have brackets.
out = Console(highlight=False, markup=False, soft_wrap=False)
#: For notes and progress; ``--quiet`` silences it.
err = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
#: For what went wrong.
errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


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
    errors.print(f"lacunar: {error}", style="bold red")


def progress(*, shown: bool = True) -> AbstractContextManager[StageProgress]:
    """Show progress on stderr: bars in a terminal, elsewhere a line per stage.

    Parameters
    ----------
    shown : bool
        False in all but one of several processes that share a terminal.
    """
    return shown_progress(shown and not err.quiet, console=err)


def is_stdout(path: Path | None) -> bool:
    """Whether a path is "-", which stands for stdout."""
    return path is not None and str(path) == "-"


def check_file_destination(path: Path, *, force: bool) -> None:
    """Check that a file can be written: a free path, or ``force``, in an existing directory.

    "-" is stdout.

    Raises
    ------
    InputError
    """
    if is_stdout(path):
        return
    if path.is_dir():
        raise InputError(f"{path}: expected the path of a file, got a directory")
    if not path.parent.is_dir():
        raise InputError(f"{path}: expected an existing parent directory, got none")
    if path.exists() and not force:
        raise InputError(f"{path}: the file already exists; pass --force to replace it")


def check_checkpoint(checkpoint_dir: Path | None, output: Path) -> None:
    """Check that the checkpoint directory can be written and is outside the model directory.

    If the command is stopped from now on, it says what a checkpoint does.

    Raises
    ------
    InputError
    """
    if checkpoint_dir is None:
        advise("With --checkpoint DIR, a fit that was stopped continues where it stopped.")
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
    advise(f"The same command continues from {checkpoint_dir}.")


def print_report_path(path: Path, *, json: bool) -> None:
    """Print the path of a written report: as a sentence, or as JSON with its size."""
    if is_stdout(path):
        return
    if json:
        emit_json({"file": str(path), "bytes": path.stat().st_size})
        return
    out.print(f"Report written to {path}", soft_wrap=True)


def write_text(path: Path, text: str) -> None:
    """Write a file atomically, or to stdout."""
    if is_stdout(path):
        typer.echo(text, nl=False)
        return
    from lacunar.files.atomic import replace_file

    replace_file(path, [text.encode()])
