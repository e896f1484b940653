from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from lacunar.cli.commands import app
from lacunar.errors import InputError
from lacunar.store import save_traits
from lacunar.traits.audit import unseen_predictions
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.to_json import audit_document
from lacunar.traits.data.dataset import read_dataset
from lacunar.traits.model import TraitsModel


def call(*words: object) -> Result:
    return CliRunner().invoke(app, ["traits", *map(str, words)])


@pytest.fixture
def model(
    people_model: TraitsModel,
    flawed_probabilities: Sequence[np.ndarray],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A saved model whose predictions of the flawed people are those that a good one would make."""

    def unseen(*data: object, **options: object) -> object:
        return flawed_probabilities, None

    monkeypatch.setattr(unseen_predictions, "unseen_probabilities", unseen)
    save_traits(people_model, tmp_path / "model")
    return tmp_path / "model"


def test_json_is_the_document_of_the_findings(
    flawed_directory: Path, model: Path, flawed_findings: AuditFindings
) -> None:
    done = call("audit", flawed_directory, "--model", model, "--json")
    assert done.exit_code == 0, done.output
    assert done.stdout.count("\n") == 1
    assert json.loads(done.stdout) == json.loads(json.dumps(audit_document(flawed_findings)))


def test_without_a_model_one_line_says_what_is_left_out(flawed_directory: Path) -> None:
    done = call("audit", flawed_directory)
    assert done.exit_code == 0, done.output
    assert "Wrong and missing labels are not checked without --model." in done.stderr
    assert "Likely wrong" not in done.stdout
    assert json.loads(call("audit", flawed_directory, "--json").stdout)["predictions"] is False


def test_tables_fit_eighty_columns_and_files_are_written(
    flawed_directory: Path, model: Path, tmp_path: Path
) -> None:
    page, sheet = tmp_path / "a.html", tmp_path / "a.csv"
    words = ("audit", flawed_directory, "--model", model, "-o", page, "--corrections", sheet)
    done = call(*words, "--top", 3)
    assert done.exit_code == 0, done.output
    for text in (
        "Likely wrong labels",
        "Missing labels worth filling",
        "Copies",
        "in both parts",
    ):
        assert text in done.stdout
    shown = done.stdout.replace(str(tmp_path), "")
    assert max(map(len, shown.splitlines())) <= 80
    assert page.read_text().startswith("<!doctype html>")
    assert sheet.read_text().startswith("part,image,attribute,given,suggested,confidence,corrected")
    again = call(*words)
    assert isinstance(again.exception, InputError)
    assert "--force" in str(again.exception)
    assert call(*words, "--force").exit_code == 0


def fill(text: str, decide: Callable[[dict[str, str]], str]) -> str:
    rows = list(csv.DictReader(io.StringIO(text)))
    file = io.StringIO()
    writer = csv.DictWriter(file, rows[0])
    writer.writeheader()
    writer.writerows({**row, "corrected": decide(row)} for row in rows)
    return file.getvalue()


def test_a_filled_sheet_becomes_a_label_file_that_reads_back(
    flawed_directory: Path, model: Path, tmp_path: Path
) -> None:
    data = copytree(flawed_directory, tmp_path / "data")
    sheet, new = tmp_path / "sheet.csv", data / "Train_Data" / "New.csv"
    assert call("audit", data, "--model", model, "--corrections", sheet).exit_code == 0
    rows = list(csv.DictReader(io.StringIO(sheet.read_text())))
    first = rows[0]
    sheet.write_text(fill(sheet.read_text(), lambda row: "suggested" if row == first else ""))
    done = call("correct", data, sheet, "-o", new)
    assert done.exit_code == 0, done.output
    assert "1 labels changed in the train part." in done.stdout
    before, after = read_dataset(data), read_dataset(new)
    ((row, column),) = np.argwhere(before.labels != after.labels).tolist()
    attribute = before.schema.attributes[column]
    assert (before.names[row], attribute.name) == (first["image"], first["attribute"])
    assert attribute.classes[after.labels[row, column]] == first["suggested"]
    again = call("correct", data, sheet, "-o", new)
    assert isinstance(again.exception, InputError)
    found = json.loads(call("correct", data, sheet, "-o", new, "--force", "--json").stdout)
    assert found == {"part": "train", "decided": 1, "changed": 1, "other_part": 0}


def test_decisions_of_the_other_part_are_counted_and_not_written(
    flawed_directory: Path, tmp_path: Path
) -> None:
    test = read_dataset(flawed_directory, part="test")
    row = int(np.flatnonzero(test.labels[:, 1] == 0)[0])
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(
        "part,image,attribute,given,suggested,confidence,corrected,reason\n"
        f"test,{test.names[row]},torso_type,0,,,1,\n"
    )
    done = call("correct", flawed_directory, sheet, "-o", tmp_path / "train.csv")
    assert "1 decisions are for the other part" in done.stdout
    source = flawed_directory / "Train_Data" / "Train.csv"
    assert (tmp_path / "train.csv").read_text() == source.read_text()
    done = call("correct", flawed_directory, sheet, "-o", tmp_path / "test.csv", "--part", "test")
    assert "1 labels changed in the test part." in done.stdout
    refused = call("correct", flawed_directory, sheet, "-o", tmp_path / "x.csv", "--part", "val")
    assert str(refused.exception) == "--part: expected train or test, got 'val'"


def test_a_model_of_other_data_is_refused(
    people_model: TraitsModel, flawed_directory: Path, tmp_path: Path
) -> None:
    save_traits(people_model, tmp_path / "model")
    done = call("audit", flawed_directory, "--model", tmp_path / "model")
    assert isinstance(done.exception, InputError)


@pytest.mark.parametrize("command", ["audit", "correct"])
def test_help_has_an_example(command: str) -> None:
    assert f"lacunar traits {command} people" in call(command, "--help").stdout.replace("\n", " ")
