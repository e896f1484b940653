from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lacunar.cli.commands import app
from lacunar.errors import InputError
from lacunar.store import save_traits
from lacunar.traits.model import TraitsModel
from lacunar.traits.to_json import (
    confidence_document,
    evaluation_document,
    operating_points_document,
)


@pytest.fixture(scope="module")
def model(people_model: TraitsModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "model"
    save_traits(people_model, path)
    return path


def evaluate(model: Path, data: Path, *words: object) -> Result:
    arguments = ["traits", "evaluate", str(model), str(data), *map(str, words)]
    return CliRunner().invoke(app, arguments)


def test_json_is_what_the_fit_found_on_the_test_images(
    model: Path, people_directory: Path, people_model: TraitsModel
) -> None:
    done = evaluate(model, people_directory, "--json")
    assert done.exit_code == 0, done.output
    assert done.stdout.count("\n") == 1
    document = json.loads(done.stdout)
    assert (document.pop("part"), document.pop("images")) == ("test", 12)
    assert document.pop("confidence") == confidence_document(people_model.confidences["test"])
    points = operating_points_document(people_model.schema, people_model.operating_points["test"])
    assert document.pop("operating_points") == points
    assert document == evaluation_document(people_model.evaluations["test"])


def test_the_training_images_come_with_a_warning(model: Path, people_directory: Path) -> None:
    done = evaluate(model, people_directory, "--part", "train")
    assert "Images of Train.csv: 24." in done.stdout
    assert "scores of new images are lower" in done.stdout


def test_tables_fit_eighty_columns_and_a_file_is_written(
    model: Path, people_directory: Path, tmp_path: Path
) -> None:
    place = tmp_path / "e.json"
    done = evaluate(model, people_directory, "--confusion", "-o", place)
    assert done.exit_code == 0, done.output
    for words in (
        "Images of Test.csv: 12.",
        "The model itself uses tau = 0,",
        "Operating points, means over the outputs",
        "ECE before",
        "Scores of each class",
        "rows are labels, columns are predictions",
    ):
        assert words in done.stdout
    shown = done.stdout.replace(str(tmp_path), "")
    assert max(map(len, shown.splitlines())) <= 80
    assert json.loads(place.read_text())["images"] == 12
    again = evaluate(model, people_directory, "-o", place)
    assert isinstance(again.exception, InputError)
    assert "--force" in str(again.exception)


def test_a_file_without_a_schema_is_read_with_the_models(
    model: Path, people_directory: Path
) -> None:
    # Images lie where the schema of the model says: in Originals beside the file.
    file = people_directory / "Test_Data" / "Test.csv"
    assert json.loads(evaluate(model, file, "--json").stdout)["images"] == 12


def test_data_without_test_images_are_evaluated_on_all(
    model: Path, people_directory: Path, tmp_path: Path
) -> None:
    (tmp_path / "Train_Data").symlink_to(people_directory / "Train_Data")
    assert json.loads(evaluate(model, tmp_path, "--json").stdout)["part"] == "train"


def test_data_of_other_attributes_are_refused(
    model: Path, people_directory: Path, tmp_path: Path
) -> None:
    schema = tmp_path / "schema.toml"
    schema.write_text(
        'image_column = "filename"\nimages = "Originals"\n'
        '[[attributes]]\nname = "who"\nclasses = ["man", "woman"]\ncolumn = "gender"\n'
    )
    done = evaluate(model, people_directory, "--schema", schema)
    assert isinstance(done.exception, InputError)
    assert "expected the attributes and classes that were trained on" in str(done.exception)
