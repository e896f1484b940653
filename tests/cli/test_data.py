from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lacunar.cli.commands import app
from lacunar.errors import InputError

runner = CliRunner()


def test_the_list_names_what_can_be_fetched() -> None:
    done = runner.invoke(app, ["data", "list", "--json"])
    names = [row["name"] for row in json.loads(done.output)["datasets"]]
    assert names == ["ml-latest-small", "ml-25m", "tastes", "people"]
    output = runner.invoke(app, ["data", "list"]).output
    assert "lacunar data fetch ml-25m -o DIR" in output
    assert "lacunar data sample tastes -o DIR" in output
    assert "lacunar data sample people -o DIR" in output


def test_a_fetch_prints_one_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(name: str, directory: Path, **options: object) -> Path:
        directory.mkdir()
        for file in ("ratings.csv", "movies.csv"):
            (directory / file).touch()
        return directory

    monkeypatch.setattr("lacunar.datasets.movielens.fetch", fetch)
    place = tmp_path / "ml"
    done = runner.invoke(app, ["data", "fetch", "ml-latest-small", "-o", str(place), "--json"])
    assert json.loads(done.stdout) == {
        "name": "ml-latest-small",
        "directory": str(place),
        "files": ["movies.csv", "ratings.csv"],
    }


def test_an_unknown_data_set_is_refused(tmp_path: Path) -> None:
    done = runner.invoke(app, ["data", "fetch", "ml-100g", "-o", str(tmp_path / "out")])
    assert isinstance(done.exception, InputError)
    assert "ml-100g" in str(done.exception)
    assert not (tmp_path / "out").exists()
