"""Habits of all commands: help, completion, --quiet and --verbose, warnings."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lacunar.cli.commands import app
from lacunar.cli.console import err

Run = Callable[..., subprocess.CompletedProcess[str]]

FIT = ["--max-components", 2, "--n-seeds", 2]


@pytest.mark.parametrize("command", [[], ["taste"], ["traits", "fit"], ["data", "sample"]])
def test_help_has_a_short_name(command: list[str]) -> None:
    short, long = (CliRunner().invoke(app, [*command, name]) for name in ("-h", "--help"))
    assert short.exit_code == 0
    assert short.stdout == long.stdout


@pytest.mark.parametrize("command", ["taste fit", "traits fit", "traits predict", "serve"])
def test_help_is_shorter_than_eighty_lines_of_eighty_columns(command: str) -> None:
    done = CliRunner().invoke(app, [*command.split(), "-h"], env={"COLUMNS": "80"})
    assert len(done.stdout.splitlines()) < 80


def test_the_shell_completes_commands_and_options() -> None:
    def complete(words: str) -> list[str]:
        asked = {
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
            "_LACUNAR_COMPLETE": "complete_bash",
        }
        code = "from lacunar.cli import main; main()"
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | asked
        )
        return done.stdout.split()

    assert complete("lacunar ta") == ["taste"]
    assert complete("lacunar taste fit --check") == ["--checkpoint"]


def test_quiet_prints_the_result_and_no_notes(
    run: Run, sample_directory: Path, tmp_path: Path
) -> None:
    done = run("-q", "taste", "fit", sample_directory, "-o", tmp_path / "m", *FIT)
    assert done.returncode == 0
    assert "Model written to" in done.stdout
    assert done.stderr == ""
    refused = run("-q", "taste", "fit", sample_directory, "-o", tmp_path / "m", *FIT)
    assert "--force" in refused.stderr


def test_without_a_terminal_stages_are_lines_and_verbose_adds_their_times(
    run: Run, sample_directory: Path, tmp_path: Path
) -> None:
    done = run("-v", "taste", "fit", sample_directory, "-o", tmp_path / "m", *FIT)
    lines = done.stderr.splitlines()
    for stage in ("ratings", "mixtures", "refits", "map", "recommender", "item model", "saving"):
        assert lines.count(f"{stage} ...") == 1
    assert any("mixtures: " in line and line.endswith(" s") for line in lines)


def test_quiet_and_verbose_exclude_each_other(run: Run) -> None:
    done = run("-q", "-v", "data", "list")
    assert done.returncode == 2
    assert done.stderr == "lacunar: expected --quiet or --verbose, got both\n"


def test_a_log_without_likes_is_noted_in_one_line_that_names_options(
    run: Run, sample_directory: Path, tmp_path: Path
) -> None:
    low = tmp_path / "low"
    low.mkdir()
    (low / "movies.csv").write_bytes((sample_directory / "movies.csv").read_bytes())
    head, *rows = (sample_directory / "ratings.csv").read_text().splitlines()
    cells = (row.split(",") for row in rows)
    lower = [
        ",".join([user, item, f"{float(r) / 2 // 0.5 * 0.5 + 0.5}", t])
        for user, item, r, t in cells
    ]
    (low / "ratings.csv").write_text("\n".join([head, *lower]) + "\n")
    done = run("taste", "fit", low, "-o", tmp_path / "m", *FIT, "--liked-above", 4.5)
    [line] = [line for line in done.stderr.splitlines() if "is a like" in line]
    assert line.startswith("No rating is a like: the highest is 3")
    assert "UserWarning" not in done.stderr
    assert "a lower --liked-above" in line


@pytest.fixture(autouse=True)
def loud() -> None:
    """Calls in this process share the console."""
    err.quiet = False
