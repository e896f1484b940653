from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lacunar.cli import app
from lacunar.store import save_traits
from lacunar.traits.model import TraitsModel


@pytest.fixture(scope="module")
def model(people_model: TraitsModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "model"
    save_traits(people_model, path)
    return path


def predict(model: Path, *words: object) -> Result:
    return CliRunner().invoke(app, ["traits", "predict", str(model), *map(str, words)])


def test_json_tells_every_attribute_of_every_image(
    model: Path, people_directory: Path, people_model: TraitsModel
) -> None:
    folder = people_directory / "Test_Data" / "Originals"
    first = min(folder.iterdir())
    done = predict(model, first, folder, "--json")
    assert done.exit_code == 0, done.output
    assert done.stdout.count("\n") == 1
    found = json.loads(done.stdout)["predictions"]
    assert [row["image"] for row in found[:2]] == [str(first), str(first)]
    assert len(found) == 13
    for attribute in people_model.schema.attributes:
        answer = found[0]["attributes"][attribute.name]
        assert answer["label"] in attribute.classes
        assert 1 / len(attribute.classes) <= answer["probability"] <= 1
        assert answer["abstain"] is False


def test_people_get_a_line_per_attribute(model: Path, people_directory: Path) -> None:
    image = min((people_directory / "Test_Data" / "Originals").iterdir())
    lines = predict(model, image).stdout.splitlines()
    assert lines[0] == str(image)
    assert [line.split()[0] for line in lines[1:3]] == ["gender", "torso_type"]
    assert len(lines) == 7
