from __future__ import annotations

import io
import logging
import time

import pytest
from rich.console import Console

from lacunar import progress
from lacunar.progress import shown_progress, shown_steps


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def work(shown: object, console: Console | None = None) -> None:
    with shown_progress(shown, console=console) as report:  # type: ignore[arg-type]
        for done in range(3):
            report("mixtures", done, 2)
        report("map", 0, 1)


@pytest.mark.parametrize("shown", [False, None])
def test_without_a_terminal_nothing_is_shown_unasked(
    shown: bool | None, capsys: pytest.CaptureFixture[str]
) -> None:
    work(shown)
    assert capsys.readouterr() == ("", "")


def test_without_a_terminal_each_stage_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    work(True)
    assert capsys.readouterr() == ("", "mixtures ...\nmap ...\n")


def test_a_long_stage_has_more_lines_with_the_share_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_LINE_EVERY", 0.02)
    with shown_progress(True) as report:
        report("ratings", 1, 1)
        report("mixtures", 3, 4)
        time.sleep(0.3)
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["ratings ...", "mixtures ..."]
    assert set(lines[2:]) == {"mixtures: 75%"}


@pytest.mark.parametrize("shown", [True, None])
def test_a_terminal_gets_bars(shown: bool | None, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    work(shown)
    assert "mixtures" in terminal.getvalue()
    assert "100%" in terminal.getvalue()
    assert "\x1b[?25h" in terminal.getvalue()


def test_a_terminal_gets_nothing_where_nothing_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    work(False)
    assert not terminal.getvalue()


def test_a_callable_gets_every_step_and_blocks_may_be_nested() -> None:
    steps: list[tuple[str, int, int]] = []
    with (
        shown_progress(lambda *step: steps.append(step)) as outer,
        shown_progress(outer) as inner,
    ):
        inner("map", 1, 2)
    assert inner is outer
    assert steps == [("map", 1, 2)]


def test_the_time_of_each_stage_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "lacunar"):
        work(False)
    assert [record.message.split(":")[0] for record in caplog.records] == ["mixtures", "map"]


def test_a_callable_of_one_stage_gets_its_steps() -> None:
    steps: list[tuple[int, int]] = []
    with shown_steps("fits", lambda *step: steps.append(step)) as report:
        report(1, 2)
    assert steps == [(1, 2)]


def test_one_stage_is_shown_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_steps("fits", True) as report:
        report(1, 2)
    assert capsys.readouterr().err.splitlines() == ["fits ..."]
