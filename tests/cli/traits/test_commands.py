from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lacunar.cli.commands import app
from lacunar.errors import InputError
from lacunar.store import save_traits
from lacunar.traits.model import TraitsModel


@pytest.fixture(scope="module")
def model(people_model: TraitsModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "model"
    save_traits(people_model, path)
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["traits", *map(str, words)])


@pytest.mark.parametrize("command", ["fit", "evaluate", "predict", "export", "report"])
def test_help_has_an_example_and_fits_eighty_columns(command: str) -> None:
    done = run(command, "--help")
    assert f"Example: lacunar traits {command}" in " ".join(done.output.split())
    assert max(map(len, done.output.splitlines())) <= 80


def test_a_report_is_written_once_and_again_by_force(model: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert run("report", model, "-o", page).exit_code == 0
    assert "<html" in page.read_text()
    assert "<img" not in page.read_text()
    again = run("report", model, "-o", page)
    assert isinstance(again.exception, InputError)
    assert "--force" in str(again.exception)
    forced = run("report", model, "-o", page, "--force", "--json")
    assert json.loads(forced.stdout) == {"file": str(page), "bytes": page.stat().st_size}


def test_a_report_shows_images_where_the_data_are_named(
    model: Path, people_directory: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    assert run("report", model, "-o", page, "--data", people_directory).exit_code == 0
    # A sheet of moved images, and of six images one picture each and one for every attribute.
    assert page.read_text().count('src="data:image/jpeg;base64,') == 1 + 6 * (1 + 6)


BAD = {
    "no data": (["fit", "nowhere", "-o", "OUT"], "expected a directory with images or a CSV"),
    "no parent": (["fit", "DATA", "-o", "OUT/deep"], "expected an existing parent directory"),
    "model in place": (["fit", "DATA", "-o", "MODEL"], "pass --force to replace it"),
    "preset": (["fit", "DATA", "-o", "OUT", "--preset", "x"], "--preset: "),
    "network": (["fit", "DATA", "-o", "OUT", "--network", "x"], "--network: "),
    "no epochs": (["fit", "DATA", "-o", "OUT", "--max-epochs", "0"], "--max-epochs: "),
    "odd validation": (["fit", "DATA", "-o", "OUT", "--validation", "1.5"], "--validation: "),
    "all validate": (
        ["fit", "DATA", "-o", "OUT", "--folds", "0", "--validation", "24"],
        "expected more than 24",
    ),
    "validation of folds": (
        ["fit", "DATA", "-o", "OUT", "--validation", "6"],
        "--validation: expected --folds of 0 with it",
    ),
    "patience of a cycle": (
        ["fit", "DATA", "-o", "OUT", "--patience", "6"],
        "--patience: expected --preset source with it",
    ),
    "wanted accuracy": (
        ["fit", "DATA", "-o", "OUT", "--wanted-accuracy", "1.5"],
        "--wanted-accuracy: ",
    ),
    "refit of the source preset": (
        ["fit", "DATA", "-o", "OUT", "--preset", "source", "--folds", "2", "--refit", "2"],
        "--refit: expected 0",
    ),
    "one fold": (["fit", "DATA", "-o", "OUT", "--folds", "1"], "--folds: "),
    "many folds": (["fit", "DATA", "-o", "OUT", "--folds", "20"], "at least 40 images for 20"),
    "device": (["fit", "DATA", "-o", "OUT", "--device", "abacus"], "--device: expected auto, cpu"),
    "schema": (["fit", "DATA", "-o", "OUT", "--schema", "none.toml"], "expected a readable file"),
    "checkpoint": (["fit", "DATA", "-o", "OUT", "--resume", "OUT"], "outside the model"),
    "checkpoint file": (
        ["fit", "DATA", "-o", "OUT", "--resume", "FILE"],
        "--checkpoint: expected the path of a directory",
    ),
    "no model": (["evaluate", "DATA", "DATA"], "expected a model directory"),
    "part": (["evaluate", "MODEL", "DATA", "--part", "x"], "--part: expected test or train"),
    "device of answers": (
        ["predict", "MODEL", "DATA/Test_Data/Originals", "--device", "abacus"],
        "--device: expected auto, cpu",
    ),
    "ends of no paths": (["predict", "MODEL", "FILE", "--null"], "--null: expected - among"),
    "column of no table": (
        ["predict", "MODEL", "FILE", "--column", "x"],
        "--column: expected a CSV file",
    ),
    "no image": (["predict", "MODEL", "nowhere.png"], "expected an image file or a folder"),
    "not an image": (["predict", "MODEL", "FILE"], "expected a JPEG, PNG, WEBP or BMP image"),
    "answers of no kind": (
        ["predict", "MODEL", "DATA/Test_Data/Originals", "-o", "OUT.xlsx"],
        "expected a file ending in .csv, .json, .jsonl, .parquet",
    ),
    "quotes for no spreadsheet": (
        ["predict", "MODEL", "FILE", "--spreadsheet-safe"],
        "--spreadsheet-safe: expected -o with a CSV file",
    ),
    "probabilities in no table": (
        ["predict", "MODEL", "FILE", "--all-probabilities"],
        "--all-probabilities: expected --json",
    ),
    "places on no page": (
        ["predict", "MODEL", "DATA/Test_Data/Originals", "--explain", "OUT"],
        "--explain: expected a file ending in .html",
    ),
    "no folder of a page": (
        ["predict", "MODEL", "DATA/Test_Data/Originals", "--explain", "OUT/p.html"],
        "expected an existing parent directory",
    ),
    "places of an ONNX file": (
        ["predict", "OUT.onnx", "FILE", "--explain", "OUT.html"],
        "--explain: expected the directory of a model, got",
    ),
    "not an ONNX file": (["export", "MODEL", "-o", "OUT"], "expected a file ending in .onnx"),
    "no folder of an ONNX file": (
        ["export", "MODEL", "-o", "OUT/a.onnx"],
        "expected an existing parent directory",
    ),
    "no ONNX file": (["predict", "OUT.onnx", "FILE"], "expected an ONNX file, got none"),
    "no folder": (["report", "MODEL", "-o", "OUT/p.html"], "expected an existing parent"),
}


@pytest.mark.parametrize(("arguments", "message"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_sentence(
    model: Path, people_directory: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "file").write_text("hello")
    places = {
        "MODEL": model,
        "DATA": people_directory,
        "OUT": tmp_path / "out",
        "FILE": tmp_path / "file",
    }
    named = [
        Path(places[first], *rest) if first in places else word.replace("OUT", str(places["OUT"]))
        for word in arguments
        for first, *rest in [word.split("/")]
    ]
    done = run(*named)
    assert isinstance(done.exception, InputError), done.output
    assert message in str(done.exception)
    assert "\n" not in str(done.exception)
    assert done.stdout == ""
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["fit", "DATA", "-o", "m"],
        ["evaluate", "m", "DATA"],
        ["predict", "m", "a.png"],
        ["export", "m", "-o", "m.onnx"],
    ],
)
def test_without_torch_a_command_says_what_to_install(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacunar.traits.environment.find_spec", lambda name: None)
    done = run(*words)
    assert isinstance(done.exception, InputError)
    assert "pip install 'lacunar[traits]'" in str(done.exception)
