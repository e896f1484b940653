"""All commands, and the end of one that fails."""

from __future__ import annotations

import errno
import logging
import sys
import time
from typing import Annotated

import typer

from lacunar.cli import data, demo, models, serve, stopping
from lacunar.cli.console import err, fail
from lacunar.cli.option_names import OptionNames
from lacunar.cli.taste.commands import app as taste_app
from lacunar.cli.traits.commands import app as traits_app
from lacunar.errors import InputError
from lacunar.version import __version__

# Errors of a full or read-only disk and of missing permissions.
_NOT_WRITABLE = {errno.EACCES, errno.EDQUOT, errno.EFBIG, errno.ENOSPC, errno.EPERM, errno.EROFS}

app = typer.Typer(
    cls=OptionNames,
    name="lacunar",
    help="Learn tastes and traits of people from incomplete data.",
    epilog="Example: `lacunar demo -o demo` shows both on generated data.",
    no_args_is_help=True,
    # Commands inherit it.
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.add_typer(data.app, name="data")
app.add_typer(taste_app, name="taste")
app.add_typer(traits_app, name="traits")
app.command("demo")(demo.demo)
app.command("info", epilog="Example: `lacunar info model --json`")(models.info)
app.command("verify", epilog="Example: `lacunar verify model`")(models.verify)
app.command("serve", epilog="Example: `lacunar serve --taste model --traits traits-model`")(
    serve.serve
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"lacunar {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version."
        ),
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option("-q", "--quiet", help="Print no progress and no notes: only the result."),
    ] = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Print what is done, with times.")
    ] = False,
) -> None:
    del version
    if quiet and verbose:
        raise InputError("expected --quiet or --verbose, got both")
    err.quiet = quiet
    if verbose:
        _print_log()


class _LogLines(logging.Handler):
    """Prints log records as lines with the time, above progress bars."""

    def emit(self, record: logging.LogRecord) -> None:
        err.print(f"{time.strftime('%H:%M:%S')} {record.getMessage()}")


def _print_log() -> None:
    log = logging.getLogger("lacunar")
    log.setLevel(logging.INFO)
    log.addHandler(_LogLines())


def run() -> None:
    """Run a command; print bad input as one sentence and exit with status 2."""
    try:
        app(prog_name="lacunar")
    except InputError as error:
        stopping.leave_if_stopped()
        fail(error)
        sys.exit(2)
    except OSError as error:
        if error.errno not in _NOT_WRITABLE:
            raise
        stopping.leave_if_stopped()
        place = f" for {error.filename}" if error.filename else ""
        fail(InputError(f"expected a place to write{place}, got: {error.strerror}"))
        sys.exit(2)
