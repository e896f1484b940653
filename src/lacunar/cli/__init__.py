"""The command line. ``main`` imports the commands; they import heavy libraries when they run."""

from __future__ import annotations

from lacunar.cli import stopping


def main() -> None:
    """Run the command line; print bad input as one sentence and exit with status 2.

    Ctrl-C and SIGTERM end it within a second, with status 130 and 143.
    """
    stopping.catch_signals()
    try:
        from lacunar.cli.commands import run

        run()
    except BaseException:
        # Some libraries replace the exception of a signal by one of their own.
        stopping.leave_if_stopped()
        raise
