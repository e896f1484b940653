from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from lacunar.cli import console
from lacunar.cli.console import check_file_destination, emit_json, progress, write_text
from lacunar.errors import InputError


def test_json_is_one_line_and_never_nan(capsys: pytest.CaptureFixture[str]) -> None:
    emit_json({"é": [1, None]})
    assert json.loads(capsys.readouterr().out) == {"é": [1, None]}
    with pytest.raises(ValueError, match="JSON compliant"):
        emit_json({"x": float("nan")})


def test_files_are_replaced_only_by_force(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    check_file_destination(page, force=False)
    write_text(page, "one")
    with pytest.raises(InputError, match="--force"):
        check_file_destination(page, force=False)
    check_file_destination(page, force=True)
    write_text(page, "two")
    assert page.read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_file_needs_a_free_path_in_a_directory(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="got a directory"):
        check_file_destination(tmp_path, force=True)
    with pytest.raises(InputError, match="existing parent"):
        check_file_destination(tmp_path / "no" / "page.html", force=True)


def test_without_a_terminal_each_stage_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as report:
        report("mixtures", 1, 2)
        report("mixtures", 2, 2)
    assert capsys.readouterr() == ("", "mixtures ...\n")


@pytest.mark.parametrize(("shown", "quiet"), [(True, False), (False, False), (True, True)])
def test_progress_is_shown_unless_another_process_shows_it_or_quiet_is_wanted(
    monkeypatch: pytest.MonkeyPatch, shown: bool, quiet: bool
) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(console, "err", Console(file=terminal, force_terminal=True, quiet=quiet))
    with progress(shown=shown) as report:
        report("mixtures", 1, 2)
    assert ("mixtures" in terminal.getvalue()) == (shown and not quiet)


def test_titles_and_genres_with_brackets_are_printed_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = Table("[/x]Genre")
    table.add_row("[bold]War[/i]")
    for screen in (console.out, console.err):
        screen.print(table)
        screen.print("[red]A (1999)")
    captured = capsys.readouterr()
    for text in (captured.out, captured.err):
        assert {"[/x]Genre", "[bold]War[/i]", "[red]A"} <= set(text.split())
