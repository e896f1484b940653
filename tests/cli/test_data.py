from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from lacunar.cli import app
from lacunar.errors import InputError

runner = CliRunner()


def test_the_list_names_what_can_be_fetched() -> None:
    done = runner.invoke(app, ["data", "list", "--json"])
    names = [row["name"] for row in json.loads(done.output)["datasets"]]
    assert names == ["ml-latest-small", "ml-25m", "tastes", "people"]
    told = runner.invoke(app, ["data", "list"]).output
    assert "lacunar data fetch ml-25m -o DIR" in told
    assert "lacunar data sample tastes -o DIR" in told
    assert "lacunar data sample people -o DIR" in told


def test_a_data_set_that_is_not_known_is_refused(tmp_path: Path) -> None:
    done = runner.invoke(app, ["data", "fetch", "ml-100g", "-o", str(tmp_path / "out")])
    assert isinstance(done.exception, InputError)
    assert "ml-100g" in str(done.exception)
    assert not (tmp_path / "out").exists()
