from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from lacunar.errors import InputError
from lacunar.traits.data.schema import Attribute, Schema
from lacunar.traits.predict.prediction_files import (
    AnswerForm,
    check_predictions,
    writing_predictions,
)
from lacunar.traits.predict.predictor import Answers

NAN = np.nan
FIRST = Answers(
    ("a.png", "b, c.png"),
    (None, None),
    [np.array([[0.2, 0.7, 0.1], [0.5, 0.3, 0.2]]), np.array([[1.0, 0.0], [0.4, 0.6]])],
)
SECOND = Answers(
    ("gone.png", "ü.png"),
    ("gone.png: expected one, got none", None),
    [np.array([[NAN, NAN, NAN], [0.1, 0.1, 0.8]]), np.array([[NAN, NAN], [0.25, 0.75]])],
)


@pytest.fixture
def form(coats: Schema) -> AnswerForm:
    return AnswerForm(coats, (0.6, 0.0))


def write(path: Path, form: AnswerForm, *parts: Answers) -> Path:
    with writing_predictions(path, form) as give:
        for part in parts:
            give(part)
    return path


def test_a_csv_file_has_a_row_per_image_also_of_a_broken_one(
    form: AnswerForm, tmp_path: Path
) -> None:
    assert write(tmp_path / "a.csv", form, FIRST, SECOND).read_text(encoding="utf-8") == (
        "image,coat,coat_probability,coat_abstain,hat,hat_probability,hat_abstain,broken\n"
        "a.png,closed,0.7,false,off,1.0,false,\n"
        '"b, c.png",open,0.5,true,on,0.6,false,\n'
        'gone.png,,,,,,,"gone.png: expected one, got none"\n'
        "ü.png,none,0.8,false,on,0.75,false,\n"
    )


def test_a_parquet_file_has_the_same_rows_in_their_types(form: AnswerForm, tmp_path: Path) -> None:
    with writing_predictions(tmp_path / "a.parquet", form) as give:
        give(FIRST)
        give(SECOND)
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.column_names == form.columns
    kinds = ["string", "string", "double", "bool", "string", "double", "bool", "string"]
    assert [str(kind) for kind in table.schema.types] == kinds
    rows = [[row[name] for name in form.columns] for row in table.to_pylist()]
    assert rows == [*form.rows(FIRST), *form.rows(SECOND)]
    assert rows[2] == ["gone.png", *[None] * 6, "gone.png: expected one, got none"]


def test_rows_of_a_parquet_file_come_in_groups(
    form: AnswerForm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacunar.traits.predict.prediction_files._GROUP", 4)
    path = write(tmp_path / "a.parquet", form, *[FIRST] * 5)
    metadata = pq.read_metadata(path)
    sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
    assert sizes == [4, 4, 2]


def test_a_json_file_is_one_document_that_names_the_broken(
    form: AnswerForm, tmp_path: Path
) -> None:
    document = json.loads(write(tmp_path / "a.json", form, FIRST, SECOND).read_bytes())
    assert [row["image"] for row in document["predictions"]] == ["a.png", "b, c.png", "ü.png"]
    assert document["predictions"][1]["attributes"] == {
        "coat": {"label": "open", "probability": 0.5, "abstain": True},
        "hat": {"label": "on", "probability": 0.6, "abstain": False},
    }
    assert document["broken"] == [
        {"image": "gone.png", "reason": "gone.png: expected one, got none"}
    ]


def test_the_document_in_memory_is_that_of_the_file(form: AnswerForm, tmp_path: Path) -> None:
    written = json.loads(write(tmp_path / "a.json", form, FIRST, SECOND).read_bytes())
    assert form.document([FIRST, SECOND]) == written
    assert form.document([]) == {"predictions": [], "broken": []}


def test_json_lines_are_a_document_per_image(form: AnswerForm, tmp_path: Path) -> None:
    text = write(tmp_path / "a.jsonl", form, FIRST, SECOND).read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["image"] for line in lines] == ["a.png", "b, c.png", "gone.png", "ü.png"]
    assert lines[2] == {"image": "gone.png", "broken": "gone.png: expected one, got none"}


@pytest.mark.parametrize("suffix", [".csv", ".json", ".jsonl", ".parquet"])
def test_an_error_leaves_the_old_file(form: AnswerForm, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text("old")

    def write_half() -> None:
        with writing_predictions(path, form) as give:
            give(FIRST)
            raise InputError("no more")

    with pytest.raises(InputError, match="no more"):
        write_half()
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("suffix", [".csv", ".json", ".jsonl", ".parquet"])
def test_no_answers_make_an_empty_file_of_the_kind(
    form: AnswerForm, tmp_path: Path, suffix: str
) -> None:
    path = write(tmp_path / f"a{suffix}", form)
    if suffix == ".json":
        assert json.loads(path.read_bytes()) == {"predictions": [], "broken": []}
    elif suffix == ".parquet":
        assert pq.read_table(path).num_rows == 0
    else:
        assert path.read_text().count("\n") == (suffix == ".csv")


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet"])
def test_all_probabilities_are_told_on_request(coats: Schema, tmp_path: Path, suffix: str) -> None:
    form = AnswerForm(coats, (0.0, 0.0), all_probabilities=True)
    path = write(tmp_path / f"a{suffix}", form, FIRST, SECOND)
    if suffix == ".json":
        answers = json.loads(path.read_bytes())["predictions"][0]["attributes"]
        found = [*answers["coat"]["probabilities"].values()]
    else:
        row = (
            next(csv.DictReader(path.read_text().splitlines()))
            if suffix == ".csv"
            else pq.read_table(path).to_pylist()[0]
        )
        found = [float(row[f"coat_probability_{name}"]) for name in ("open", "closed", "none")]
        assert float(row["hat_probability_on"]) == 0.0
    assert found == [0.2, 0.7, 0.1]


def test_cells_that_a_spreadsheet_would_run_get_a_quote_on_request(tmp_path: Path) -> None:
    schema = Schema((Attribute("=coat", ("@open", "-closed")),), image_column="file")
    answers = Answers(
        ("=cmd.png", "+a.png", "plain.png"),
        (None, "-1: expected an image", None),
        [np.array([[0.9, 0.1], [NAN, NAN], [0.2, 0.8]])],
    )
    paths = [
        write(tmp_path / f"{safe}.csv", AnswerForm(schema, (0.0,), spreadsheet_safe=safe), answers)
        for safe in (False, True)
    ]
    plain, safe = ([*csv.reader(path.read_text().splitlines())] for path in paths)
    assert plain[1][:2] == ["=cmd.png", "@open"]
    assert safe == [
        ["image", "'=coat", "'=coat_probability", "'=coat_abstain", "broken"],
        ["'=cmd.png", "'@open", "0.9", "false", ""],
        ["'+a.png", "", "", "", "'-1: expected an image"],
        ["plain.png", "'-closed", "0.8", "false", ""],
    ]


def test_what_cannot_be_written_is_refused_early(form: AnswerForm, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ending in \.csv, \.json, \.jsonl, \.parquet"):
        check_predictions(tmp_path / "a.xlsx", form)
    safe = AnswerForm(form.schema, form.thresholds, spreadsheet_safe=True)
    with pytest.raises(InputError, match="spreadsheet_safe: expected a CSV file to write"):
        check_predictions(tmp_path / "a.json", safe)
    twice = Schema(
        (Attribute("coat", ("a", "b")), Attribute("coat_abstain", ("a", "b"))), image_column="file"
    )
    with pytest.raises(InputError, match="got 'coat_abstain' twice; write JSON instead"):
        check_predictions(tmp_path / "a.csv", AnswerForm(twice, (0.0, 0.0)))
    check_predictions(tmp_path / "a.json", AnswerForm(twice, (0.0, 0.0)))


def test_a_form_with_factors_writes_the_favoured_classes(coats: Schema, tmp_path: Path) -> None:
    favoured = AnswerForm(coats, (0.0, 0.0), factors=(np.array([1.0, 1.0, 9.0]), np.ones(2)))
    text = write(tmp_path / "a.csv", favoured, FIRST, SECOND).read_text(encoding="utf-8")
    cells = [line.split(",")[-7:-4] for line in text.splitlines()[1:]]
    assert cells[0] == ["none", "0.1", "false"]
    assert cells[1] == ["none", "0.2", "false"]
