from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lacunar.cli import app
from lacunar.errors import InputError
from lacunar.taste.ratings import read_ratings

runner = CliRunner()


def test_a_sample_can_be_read_again(tmp_path: Path) -> None:
    options = ["--users", "30", "--movies", "200", "--seed", "2"]
    done = runner.invoke(app, ["data", "sample", "tastes", "-o", str(tmp_path / "s"), *options])
    assert done.exit_code == 0, done.output
    ratings = read_ratings(tmp_path / "s")
    assert (ratings.n_users, ratings.n_items) == (30, 200)
    assert (tmp_path / "s" / "groups.csv").exists()


def test_a_parquet_sample_holds_the_same(tmp_path: Path) -> None:
    for layout in ("csv", "parquet"):
        options = ["--users", "30", "--movies", "200", "--layout", layout]
        runner.invoke(app, ["data", "sample", "tastes", "-o", str(tmp_path / layout), *options])
    csv, parquet = (read_ratings(tmp_path / layout) for layout in ("csv", "parquet"))
    assert csv.log.equals(parquet.log)
    assert csv.items.equals(parquet.items)


def test_the_list_names_what_can_be_fetched() -> None:
    done = runner.invoke(app, ["data", "list", "--json"])
    names = [row["name"] for row in json.loads(done.output)["datasets"]]
    assert names == ["ml-latest-small", "ml-25m", "tastes"]
    told = runner.invoke(app, ["data", "list"]).output
    assert "lacunar data fetch ml-25m -o DIR" in told
    assert "lacunar data sample tastes -o DIR" in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sample", "songs", "-o", "OUT"], "expected the sample tastes, got 'songs'"),
        (["sample", "tastes", "-o", "OUT", "--layout", "xls"], "--layout: expected csv or parquet"),
        (["sample", "tastes", "-o", "FULL"], "--force"),
        (["fetch", "ml-100g", "-o", "OUT"], "ml-100g"),
    ],
)
def test_bad_input_is_refused(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "FULL").mkdir()
    (tmp_path / "FULL" / "file").touch()
    placed = [str(tmp_path / word) if word in {"OUT", "FULL"} else word for word in arguments]
    done = runner.invoke(app, ["data", *placed])
    assert isinstance(done.exception, InputError)
    assert message in str(done.exception)
    assert not (tmp_path / "OUT").exists()
