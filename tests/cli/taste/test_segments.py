from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_json_is_the_only_thing_on_stdout(
    run_json: Callable[..., dict[str, Any]], model: Path
) -> None:
    assert run_json("taste", "segments", model)["users"] == 120
    assert run_json("taste", "user", model, "--user", 7)["user"] == 7
    assert len(run_json("taste", "recommend", model, "--user", 7, "--top", 4)["items"]) == 4


def test_people_get_tables_and_sentences(run: Run, model: Path) -> None:
    assert "users" in run("taste", "segments", model).stdout
    assert "ratings" in run("taste", "user", model, "--user", 7).stdout
    recommended = run("taste", "recommend", model, "--user", 7, "--by", "segment").stdout
    assert "users of the segment rated it above" in recommended
