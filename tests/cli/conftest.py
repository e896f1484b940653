"""The command line as a process, and a model made by it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
RunJson = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def run() -> Run:
    def run_command(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "lacunar", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run_command


@pytest.fixture(scope="session")
def run_json(run: Run) -> RunJson:
    """Run a command that prints one JSON document and nothing else on stdout."""

    def run_command(*arguments: object) -> dict[str, Any]:
        done = run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("\n") == 1
        document = json.loads(done.stdout)
        assert isinstance(document, dict)
        return document

    return run_command


@pytest.fixture(scope="session")
def model(run: Run, sample_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "model"
    options = ["--min-components", 3, "--max-components", 3, "--n-seeds", 4]
    done = run("taste", "fit", sample_directory, "-o", path, *options)
    assert done.returncode == 0, done.stderr
    assert "Mean rating by segment" in done.stdout
    assert "cells are unknown" in done.stderr
    return path
