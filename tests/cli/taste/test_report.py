from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_a_report_is_written_once_and_again_by_force(
    run: Run, run_json: Callable[..., dict[str, Any]], model: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    assert run("taste", "report", model, "-o", page, "--user", 7).returncode == 0
    assert "<html" in page.read_text()
    again = run("taste", "report", model, "-o", page)
    assert again.returncode == 2
    assert "--force" in again.stderr
    document = run_json("taste", "report", model, "-o", page, "--force")
    assert document == {"file": str(page), "bytes": page.stat().st_size}


def test_a_report_takes_an_evaluation_of_its_own_log_alone(
    run: Run, model: Path, sample_directory: Path, tmp_path: Path
) -> None:
    found = tmp_path / "evaluation.json"
    options = ["--method", "popularity", "--seeds", 1, "-o", found]
    assert run("taste", "evaluate", sample_directory, *options).returncode == 0
    page = tmp_path / "page.html"
    done = run("taste", "report", model, "-o", page, "--evaluation", found)
    assert done.returncode == 0, done.stderr
    assert "How good the recommendations are" in page.read_text()
    document = json.loads(found.read_text())
    found.write_text(json.dumps(document | {"fingerprint": "another"}))
    refused = run("taste", "report", model, "-o", tmp_path / "no.html", "--evaluation", found)
    assert refused.returncode == 2
    assert "expected an evaluation of the model's log" in " ".join(refused.stderr.split())
    assert not (tmp_path / "no.html").exists()


def test_a_dash_is_stdout(run: Run, model: Path) -> None:
    done = run("taste", "report", model, "-o", "-")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("<!DOCTYPE html>") or done.stdout.startswith("<!doctype html>")
    assert done.stdout.rstrip().endswith("</html>")
