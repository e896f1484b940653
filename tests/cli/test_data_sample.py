from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lacunar.cli.commands import app
from lacunar.errors import InputError
from lacunar.taste.data.reading import read_ratings
from lacunar.traits.data.dataset import read_layout

runner = CliRunner()


def test_a_sample_can_be_read_again(tmp_path: Path) -> None:
    options = ["--users", "30", "--movies", "200", "--seed", "2"]
    done = runner.invoke(app, ["data", "sample", "tastes", "-o", str(tmp_path / "s"), *options])
    assert done.exit_code == 0, done.output
    ratings = read_ratings(tmp_path / "s")
    assert (ratings.n_users, ratings.n_items) == (30, 200)
    assert (tmp_path / "s" / "groups.csv").exists()


def test_a_sample_prints_one_document(tmp_path: Path) -> None:
    options = ["--users", "30", "--movies", "200", "--seed", "2", "--json"]
    done = runner.invoke(app, ["data", "sample", "tastes", "-o", str(tmp_path / "s"), *options])
    document = json.loads(done.stdout)
    rows = {"users": 30, "films": 200, "ratings": document["rows"]["ratings"]}
    assert document == {
        "sample": "tastes",
        "directory": str(tmp_path / "s"),
        "seed": 2,
        "rows": rows,
    }
    assert read_ratings(tmp_path / "s").intake.rows == rows["ratings"]
    options = ["--train", "6", "--test", "4", "--duplicates", "1", "--json"]
    done = runner.invoke(app, ["data", "sample", "people", "-o", str(tmp_path / "p"), *options])
    assert json.loads(done.stdout)["rows"] == {
        "training_images": 6,
        "test_images": 4,
        "planted_faults": 1,
    }


def test_people_of_a_sample_can_rate_less(tmp_path: Path) -> None:
    rows = []
    for median in ("70", "30"):
        options = ["--users", "30", "--movies", "200", "--median-ratings", median]
        words = ["data", "sample", "tastes", "-o", str(tmp_path / median), *options]
        assert runner.invoke(app, words).exit_code == 0
        rows.append(len(read_ratings(tmp_path / median).log))
    assert rows[1] < 0.8 * rows[0]


def test_a_parquet_sample_holds_the_same(tmp_path: Path) -> None:
    for layout in ("csv", "parquet"):
        options = ["--users", "30", "--movies", "200", "--layout", layout]
        runner.invoke(app, ["data", "sample", "tastes", "-o", str(tmp_path / layout), *options])
    csv, parquet = (read_ratings(tmp_path / layout) for layout in ("csv", "parquet"))
    assert csv.log.equals(parquet.log)
    assert csv.items.equals(parquet.items)


def test_people_can_be_read_again(tmp_path: Path) -> None:
    options = ["--train", "6", "--test", "4", "--seed", "2"]
    done = runner.invoke(app, ["data", "sample", "people", "-o", str(tmp_path / "p"), *options])
    assert done.exit_code == 0, done.output
    train, test = read_layout(tmp_path / "p")
    assert test is not None
    assert (len(train), len(test)) == (6, 4)
    assert not (tmp_path / "p" / "planted.json").exists()


def test_planted_errors_are_listed(tmp_path: Path) -> None:
    options = ["--train", "8", "--test", "4"]
    faults = ["--wrong-labels", "2", "--bad-images", "1", "--duplicates", "1"]
    words = ["data", "sample", "people", "-o", str(tmp_path / "p"), *options, *faults]
    assert runner.invoke(app, words).exit_code == 0
    truth = json.loads((tmp_path / "p" / "planted.json").read_text())
    assert {kind: len(found) for kind, found in truth.items()} == {
        "wrong_labels": 2,
        "bad_images": 1,
        "duplicates": 1,
    }
    assert len(read_layout(tmp_path / "p")[0]) == 8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["songs", "-o", "OUT"], "expected the sample tastes or people, got 'songs'"),
        (["tastes", "-o", "OUT", "--layout", "xls"], "--layout: expected csv or parquet"),
        (["tastes", "-o", "FULL"], "--force"),
        (["people", "-o", "FULL"], "--force"),
        (["people", "-o", "OUT", "--users", "3"], "--users: expected options of the sample people"),
        (["tastes", "-o", "OUT", "--train", "3"], "--train: expected options of the sample tastes"),
        (["tastes", "-o", "OUT", "--groups", "999"], "--groups: expected 1 to 610 for 610 users"),
        (["people", "-o", "OUT", "--seed", "-1"], "--seed: expected 0 or more, got -1"),
        (["people", "-o", "OUT", "--bad-images", "999"], "got faults for 999"),
    ],
)
def test_bad_input_is_refused(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "FULL").mkdir()
    (tmp_path / "FULL" / "file").touch()
    placed = [str(tmp_path / word) if word in {"OUT", "FULL"} else word for word in arguments]
    done = runner.invoke(app, ["data", "sample", *placed])
    assert isinstance(done.exception, InputError)
    assert message in str(done.exception)
    assert not (tmp_path / "OUT").exists()
