"""Progress of long work: bars in terminals and notebooks, plain lines elsewhere, or silence."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from lacunar.aliases import StageProgress, StepProgress, no_progress

if TYPE_CHECKING:
    from rich.console import Console

_log = logging.getLogger(__name__)

# Seconds between two lines of a long stage.
_LINE_EVERY = 30.0


@contextmanager
def shown_progress(
    progress: bool | StageProgress | None = None, *, console: Console | None = None
) -> Iterator[StageProgress]:
    """Show the progress of the work in a block.

    The stages and their seconds are logged too, at the level INFO.

    Parameters
    ----------
    progress : bool or callable, optional
        True: bars in a terminal or notebook, plain lines elsewhere. False: nothing. None, the
        default: bars in a terminal or notebook, nothing elsewhere. A callable gets each
        step: the name of the stage, its steps done and its steps in all.
    console : rich.console.Console, optional
        Default: stderr.

    Yields
    ------
    callable
        Call it with the name of a stage, its steps done and its steps in all.

    Examples
    --------
    >>> with shown_progress(lambda *step: print(step)) as report:
    ...     report("map", 1, 2)
    ('map', 1, 2)
    """
    if isinstance(progress, _Stages):
        yield progress
        return
    if callable(progress):
        with _logged(progress) as report:
            yield report
        return
    interactive = progress is not False and _is_interactive(console)
    shows = _bars(console) if interactive else _lines(console) if progress else _nothing()
    with shows as shown, _logged(shown) as report:
        yield report


@contextmanager
def shown_steps(stage: str, progress: bool | StepProgress | None) -> Iterator[StepProgress]:
    """Show the progress of work of one stage, as :func:`shown_progress` does.

    A callable gets each step without the stage: its steps done and its steps in all.

    Examples
    --------
    >>> with shown_steps("fits", lambda *step: print(step)) as report:
    ...     report(1, 2)
    (1, 2)
    """
    if callable(progress):
        given = progress
        with shown_progress(lambda _, done, total: given(done, total)) as report:
            yield partial(report, stage)
    else:
        with shown_progress(progress) as report:
            yield partial(report, stage)


def _is_interactive(console: Console | None) -> bool:
    if console is not None:
        return console.is_terminal
    return in_notebook() or (sys.stderr is not None and sys.stderr.isatty())


def in_notebook() -> bool:
    """Whether the code runs in a notebook that can show bars, which takes ``ipywidgets``."""
    shell = sys.modules.get("IPython")
    running = None if shell is None else shell.get_ipython()
    return type(running).__name__ == "ZMQInteractiveShell" and find_spec("ipywidgets") is not None


@contextmanager
def _nothing() -> Iterator[StageProgress]:
    yield no_progress


@contextmanager
def _bars(console: Console | None) -> Iterator[StageProgress]:
    """Show a bar per stage with elapsed and estimated remaining time; remove them at the end."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("left"),
        # Estimated over minutes, because a stage may have few, long steps.
        TimeRemainingColumn(),
    )
    console = console or Console(stderr=True)
    with Progress(*columns, console=console, transient=True, speed_estimate_period=600) as bars:
        stages: dict[str, TaskID] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in stages:
                stages[stage] = bars.add_task(stage, total=total)
            bars.update(stages[stage], completed=done, total=total)

        yield report


@contextmanager
def _lines(console: Console | None) -> Iterator[StageProgress]:
    """Print a line when a stage starts, and its share done from time to time."""
    printing = threading.Lock()
    latest: dict[str, tuple[int, int]] = {}
    ended = threading.Event()

    def say(line: str) -> None:
        if console is None:
            print(line, file=sys.stderr, flush=True)
        else:
            console.print(line, markup=False)

    def report(stage: str, done: int, total: int) -> None:
        with printing:
            if stage not in latest:
                say(f"{stage} ...")
            latest[stage] = done, total

    def repeat() -> None:
        while not ended.wait(_LINE_EVERY):
            with printing:
                for stage, (done, total) in latest.items():
                    if done < total:
                        say(f"{stage}: {done / total:.0%}")

    repeating = threading.Thread(target=repeat, daemon=True)
    repeating.start()
    try:
        yield report
    finally:
        ended.set()
        repeating.join()


class _Stages:
    """A progress callback that logs how long each stage took."""

    def __init__(self, report: StageProgress) -> None:
        self.report = report
        self.stage = ""
        self.begin = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage != self.stage:
            self.end()
            self.stage, self.begin = stage, time.perf_counter()
        self.report(stage, done, total)

    def end(self) -> None:
        """Log the stage that ran until now."""
        if self.stage:
            _log.info("%s: %.1f s", self.stage, time.perf_counter() - self.begin)


@contextmanager
def _logged(report: StageProgress) -> Iterator[StageProgress]:
    stages = _Stages(report)
    yield stages
    stages.end()
