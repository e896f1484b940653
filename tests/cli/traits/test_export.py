from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lacunar.cli.commands import app
from lacunar.errors import InputError
from lacunar.store import save_traits
from lacunar.traits.model import TraitsModel
from lacunar.traits.predict.onnx_predictor import OnnxTraits


@pytest.fixture(scope="module")
def model(people_model: TraitsModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "model"
    save_traits(people_model, path)
    return path


def export(model: Path, *words: object) -> Result:
    return CliRunner().invoke(app, ["traits", "export", str(model), *map(str, words)])


def test_a_model_is_written_as_one_file_that_knows_where_it_came_from(
    model: Path, people_model: TraitsModel, tmp_path: Path
) -> None:
    path = tmp_path / "people.onnx"
    done = export(model, "-o", path)
    assert done.exit_code == 0, done.output
    assert str(path) in done.stdout
    assert [file.name for file in tmp_path.iterdir()] == ["people.onnx"]
    written = OnnxTraits(path)
    assert written.schema == people_model.schema
    assert written.metadata.fingerprint == people_model.fingerprint
    assert written.shares == people_model.shares
    assert people_model.versions.items() <= written.metadata.versions.items()


def test_a_file_is_replaced_only_by_force_and_by_the_same_bytes(
    model: Path, tmp_path: Path
) -> None:
    path = tmp_path / "people.onnx"
    document = json.loads(export(model, "-o", path, "--json").stdout)
    assert document["file"] == str(path)
    assert document["bytes"] == path.stat().st_size
    assert 0 <= document["largest_difference"] <= 1e-4
    first = path.read_bytes()
    again = export(model, "-o", path)
    assert isinstance(again.exception, InputError)
    assert "--force" in str(again.exception)
    assert export(model, "-o", path, "--force").exit_code == 0
    assert path.read_bytes() == first
