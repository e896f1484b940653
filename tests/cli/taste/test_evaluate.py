from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lacunar.cli.commands import app
from lacunar.errors import InputError
from lacunar.taste.evaluate import evaluate_recommenders
from lacunar.taste.model import TasteModel

Evaluate = Callable[..., Result]
FAST = ("--method", "popularity", "--method", "segment-source", "--seeds", "1")


@pytest.fixture
def evaluate(sample_directory: Path) -> Evaluate:
    def run(*options: object) -> Result:
        words = ["taste", "evaluate", str(sample_directory), *map(str, options)]
        return CliRunner().invoke(app, words)

    return run


def test_tables_and_sentences_fit_eighty_columns(evaluate: Evaluate, tmp_path: Path) -> None:
    done = evaluate(*FAST, "--cold-start", "-o", tmp_path / "e.json")
    assert done.exit_code == 0, done.output
    for words in (
        "Protocol random-20: a random fifth of each user's ratings held out.",
        "One split.",
        "of 120 users",
        "nDCG@10",
        "miscali-",
        "Compared with segment-source",
        "by number of training ratings",
        "new users, by number of ratings given",
    ):
        assert words in done.stdout
    shown = done.stdout.replace(str(tmp_path), "")
    assert max(len(line) for line in shown.splitlines()) <= 80
    written = json.loads((tmp_path / "e.json").read_text())
    assert list(written["methods"]) == ["popularity", "segment-source"]
    assert list(written["cold_start"]) == ["0", "1", "3", "5", "10"]


@pytest.mark.parametrize(
    ("options", "seeds"),
    [
        (["--seeds", 2], [0, 1]),
        (["--protocol", "leave-last-out"], []),
        (["--protocol", "global-time", "--cold-start", "--seeds", 2], [0, 1]),
    ],
)
def test_json_is_the_only_thing_on_stdout(
    evaluate: Evaluate, options: list[object], seeds: list[int]
) -> None:
    done = evaluate("--method", "popularity", *options, "--json")
    assert done.exit_code == 0, done.output
    assert done.stdout.count("\n") == 1
    document = json.loads(done.stdout)
    assert document["seeds"] == seeds
    assert list(document["methods"]) == ["popularity"]
    assert ("cold_start" in document) == ("--cold-start" in options)


def test_one_method_alone_is_compared_with_nothing(evaluate: Evaluate) -> None:
    done = evaluate("--method", "popularity", "--protocol", "leave-last-out")
    assert "One split, not random" in done.stdout
    assert "Compared with" not in done.stdout


def test_a_file_is_written_once_and_again_by_force(evaluate: Evaluate, tmp_path: Path) -> None:
    place = tmp_path / "e.json"
    place.write_text("mine")
    options = ("--method", "popularity", "-o", place)
    refused = evaluate(*options)
    assert isinstance(refused.exception, InputError)
    assert "--force" in str(refused.exception)
    assert place.read_text() == "mine"
    assert evaluate(*options, "--force").exit_code == 0
    assert json.loads(place.read_text())["protocol"] == "random-20"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--protocol", "x"], "expected a protocol of random-20, leave-last-out, global-time"),
        (["--method", "x"], "expected a method of popularity, segment-source"),
        (["--scale", "x"], "--scale: expected a rating scale"),
    ],
)
def test_bad_input_is_one_sentence(evaluate: Evaluate, options: list[str], message: str) -> None:
    done = evaluate(*options)
    assert isinstance(done.exception, InputError)
    assert str(done.exception).startswith(message)
    assert "\n" not in str(done.exception)
    assert done.stdout == ""


def test_the_settings_of_a_model_are_evaluated(
    evaluate: Evaluate, sample_model_directory: Path, sample_model: TasteModel
) -> None:
    options = ("--method", "segment", "--seeds", 1, "--like", sample_model_directory)
    document = json.loads(evaluate(*options, "--json").stdout)
    assert document["config"] == sample_model.config.model_dump(mode="json")
    expected = evaluate_recommenders(
        sample_model.ratings, ["segment"], seeds=[0], config=sample_model.config
    ).summary()["segment"]["ndcg@10"]
    assert document["methods"]["segment"]["ndcg@10"]["mean"] == expected.mean
    assert "Settings of the model" in evaluate("--method", "popularity", *options[2:]).stdout
