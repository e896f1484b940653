from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import onnx
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from lacunar.cli.commands import app
from lacunar.errors import InputError
from lacunar.store import save_traits
from lacunar.traits.model import TraitsModel

# A command where these libraries are not installed.
BLOCKED = """
import sys
for name in ("torch", "onnx", "onnxscript"):
    sys.modules[name] = None
from lacunar.cli import main
main()
"""


@pytest.fixture(scope="module")
def model(people_model: TraitsModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "model"
    save_traits(people_model, path)
    return path


@pytest.fixture
def folder(people_directory: Path, tmp_path: Path) -> Path:
    """Four images, of which the third is broken."""
    photos = tmp_path / "photos"
    photos.mkdir()
    images = sorted((people_directory / "Test_Data" / "Originals").iterdir())[:4]
    for name, image in zip("abcd", images, strict=True):
        shutil.copy(image, photos / f"{name}.png")
    (photos / "c.png").write_text("hello")
    return photos


def predict(model: Path, *words: object, stdin: bytes | None = None) -> Result:
    arguments = ["traits", "predict", str(model), *map(str, words)]
    return CliRunner().invoke(app, arguments, input=stdin)


def test_the_other_files_of_a_folder_are_counted(model: Path, folder: Path) -> None:
    for name in ("c.gif", "d.tif", "._a.png"):
        (folder / name).write_bytes(b"x")
    (folder / "c.png").unlink()
    done = predict(model, folder, "--json")
    assert done.exit_code == 0, done.output
    assert f"{folder}: left out 2 others (1 .gif, 1 .tif)." in done.stderr
    assert len(json.loads(done.stdout)["predictions"]) == 3


def test_json_has_every_attribute_of_every_image(
    model: Path, people_directory: Path, people_model: TraitsModel
) -> None:
    folder = people_directory / "Test_Data" / "Originals"
    first = min(folder.iterdir())
    done = predict(model, first, folder, "--json")
    assert done.exit_code == 0, done.output
    assert done.stdout.count("\n") == 1
    document = json.loads(done.stdout)
    found = document["predictions"]
    assert [row["image"] for row in found[:2]] == [str(first), str(first)]
    assert len(found) == 13
    assert document["broken"] == []
    pairs = zip(people_model.schema.attributes, people_model.calibrator.thresholds, strict=True)
    for attribute, threshold in pairs:
        answer = found[0]["attributes"][attribute.name]
        assert answer["label"] in attribute.classes
        assert 1 / len(attribute.classes) <= answer["probability"] <= 1
        assert answer["abstain"] is (answer["probability"] < threshold)


def test_people_get_a_line_per_attribute(model: Path, people_directory: Path) -> None:
    image = min((people_directory / "Test_Data" / "Originals").iterdir())
    lines = predict(model, image).stdout.splitlines()
    assert lines[0] == str(image)
    assert [line.split()[0] for line in lines[1:3]] == ["gender", "torso_type"]
    assert len(lines) == 7


def test_a_model_abstains_below_its_thresholds(
    model: Path, people_model: TraitsModel, people_directory: Path
) -> None:
    folder = people_directory / "Test_Data" / "Originals"
    rows = json.loads(predict(model, folder, "--json").stdout)["predictions"]
    thresholds = dict(
        zip(people_model.schema.names, people_model.calibrator.thresholds, strict=True)
    )
    abstained = 0
    for row in rows:
        for name, answer in row["attributes"].items():
            assert answer["abstain"] is (answer["probability"] < thresholds[name])
            abstained += answer["abstain"]
    assert 0 < abstained < len(rows) * len(thresholds)


def test_an_onnx_file_predicts_as_its_model_and_abstains_below_its_thresholds(
    model: Path, people_onnx: Path, people_directory: Path
) -> None:
    folder = people_directory / "Test_Data" / "Originals"
    ours, theirs = (
        json.loads(predict(which, folder, "--json", "--all-probabilities").stdout)["predictions"]
        for which in (people_onnx, model)
    )
    assert len(ours) == 12
    for one, other in zip(ours, theirs, strict=True):
        assert one["image"] == other["image"]
        for name, answer in one["attributes"].items():
            expected = other["attributes"][name]["probabilities"]
            assert answer["probabilities"] == pytest.approx(expected, abs=1e-4)
            below = name == "gender" and answer["probability"] < 0.9
            assert answer["abstain"] is below
    assert any(row["attributes"]["gender"]["abstain"] for row in ours)
    image = ours[0]["image"]
    assert "abstains" in predict(people_onnx, image).stdout.splitlines()[1]


def test_an_onnx_file_needs_no_torch(people_onnx: Path, people_directory: Path) -> None:
    folder = people_directory / "Test_Data" / "Originals"
    words = ["traits", "predict", str(people_onnx), str(folder), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, *words], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "images ...\n")
    assert done.stdout == predict(people_onnx, folder, "--json").stdout


def test_another_device_is_refused_for_an_onnx_file(people_onnx: Path, folder: Path) -> None:
    done = predict(people_onnx, folder, "--device", "cuda")
    assert "--device: expected cpu for an ONNX file" in str(done.exception)


def test_rows_of_a_csv_file_are_named_by_their_cells(model: Path, people_directory: Path) -> None:
    table = people_directory / "Test_Data" / "Test.csv"
    done = predict(model, table, "--json")
    assert done.exit_code == 0, done.output
    cells = [line.split(",")[0] for line in table.read_text().splitlines()[1:]]
    assert [row["image"] for row in json.loads(done.stdout)["predictions"]] == cells


def test_standard_input_names_images(model: Path, folder: Path) -> None:
    names = [str(folder / name) for name in ("b.png", "a.png")]
    for end, words in (("\n", []), ("\0", ["-0"])):
        listed = "".join(f"{name}{end}" for name in names).encode()
        done = predict(model, "-", "--json", *words, stdin=listed)
        assert [row["image"] for row in json.loads(done.stdout)["predictions"]] == names


def test_a_broken_image_is_passed_over_by_name_and_status(model: Path, folder: Path) -> None:
    done = predict(model, folder, "--json")
    assert done.exit_code == 3
    document = json.loads(done.stdout)
    assert [Path(row["image"]).name for row in document["predictions"]] == [
        "a.png", "b.png", "d.png",
    ]  # fmt: skip
    (broken,) = document["broken"]
    assert broken["image"] == str(folder / "c.png")
    assert "expected a JPEG, PNG, WEBP or BMP image" in broken["reason"]
    assert broken["reason"] in done.stderr
    assert "1 of 4 images could not be read." in done.stderr
    table = predict(model, folder)
    assert table.exit_code == 3
    assert table.stdout.splitlines()[14:16] == [str(folder / "c.png"), " broken"]


def test_a_broken_image_is_an_error_on_request_and_nothing_is_printed(
    model: Path, folder: Path
) -> None:
    done = predict(model, folder, "--no-skip-broken", "--json")
    assert isinstance(done.exception, InputError)
    assert done.stdout == ""


def test_if_every_image_is_broken_the_error_is_of_the_first(
    model: Path, folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    done = predict(model, folder / "c.png", folder / "c.png", "-o", path)
    assert isinstance(done.exception, InputError)
    assert not path.exists()


def test_a_file_of_answers_is_written_once_and_again_by_force(
    model: Path, folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "answers.csv"
    done = predict(model, folder / "a.png", folder / "b.png", "-o", path)
    assert done.exit_code == 0, done.output
    assert "Predictions for 2 images written to" in done.stdout
    assert path.read_text().count("\n") == 3
    again = predict(model, folder, "-o", path)
    assert "--force" in str(again.exception)
    forced = predict(model, folder, "-o", path, "--force", "--json")
    assert forced.exit_code == 3
    summary = json.loads(forced.stdout)
    assert (summary["file"], summary["images"], len(summary["broken"])) == (str(path), 4, 1)
    assert path.read_text().count("\n") == 5


def test_every_file_format_holds_the_same(model: Path, folder: Path, tmp_path: Path) -> None:
    images = [folder / f"{name}.png" for name in "abd"]
    for suffix in ("csv", "json", "jsonl", "parquet"):
        assert predict(model, *images, "-o", tmp_path / f"a.{suffix}").exit_code == 0
    table = pq.read_table(tmp_path / "a.parquet").to_pylist()
    document = json.loads((tmp_path / "a.json").read_bytes())["predictions"]
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    rows = [line.split(",") for line in (tmp_path / "a.csv").read_text().splitlines()[1:]]
    assert lines == document
    for row, cells, prediction in zip(table, rows, document, strict=True):
        answer = prediction["attributes"]["gender"]
        assert (row["gender"], row["gender_probability"]) == (
            answer["label"],
            answer["probability"],
        )
        abstained = str(answer["abstain"]).lower()
        assert cells[:4] == [
            prediction["image"],
            answer["label"],
            str(answer["probability"]),
            abstained,
        ]


def test_a_command_without_standard_input_answers(people_onnx: Path, folder: Path) -> None:
    code = f"import sys; sys.stdin = None\n{BLOCKED}"
    words = ["traits", "predict", str(people_onnx), str(folder / "a.png"), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["predictions"]) == 1


def test_balanced_predictions_favour_rare_classes_with_their_own_probability(
    model: Path, people_model: TraitsModel, people_directory: Path
) -> None:
    folder = people_directory / "Test_Data" / "Originals"

    def answers(*words: object) -> list[dict[str, Any]]:
        done = predict(model, folder, "--json", "--all-probabilities", *words)
        assert done.exit_code == 0, done.output
        return [row["attributes"] for row in json.loads(done.stdout)["predictions"]]

    plain, none, full = answers(), answers("--balanced", 0), answers("--balanced", 1)
    assert none == plain
    moved = 0
    shares = dict(zip(people_model.schema.names, people_model.shares.shares, strict=True))
    thresholds = dict(
        zip(people_model.schema.names, people_model.calibrator.thresholds, strict=True)
    )
    for row, usual in zip(full, plain, strict=True):
        for name, answer in row.items():
            found = answer["probabilities"]
            assert found == usual[name]["probabilities"]
            quotients = {
                label: p / share
                for (label, p), share in zip(found.items(), shares[name], strict=True)
            }
            assert answer["label"] == max(quotients, key=quotients.__getitem__)
            assert answer["probability"] == found[answer["label"]]
            assert answer["abstain"] is (answer["probability"] < thresholds[name])
            moved += answer["label"] != usual[name]["label"]
    assert moved


def test_an_onnx_file_gives_the_same_balanced_answers(
    model: Path, people_onnx: Path, people_directory: Path
) -> None:
    folder = people_directory / "Test_Data" / "Originals"
    ours, theirs = (
        [
            {name: answer["label"] for name, answer in row["attributes"].items()}
            for row in json.loads(predict(which, folder, "--json", "--balanced", 0.5).stdout)[
                "predictions"
            ]
        ]
        for which in (people_onnx, model)
    )
    assert ours == theirs


def test_a_file_without_shares_cannot_be_balanced(
    people_onnx: Path, folder: Path, tmp_path: Path
) -> None:
    old = onnx.load(people_onnx)
    kept = [entry for entry in old.metadata_props if entry.key != "lacunar.balance"]
    del old.metadata_props[:]
    old.metadata_props.extend(kept)
    path = tmp_path / "old.onnx"
    onnx.save(old, path)
    done = predict(path, folder / "a.png", "--balanced", 0.5)
    assert "--balanced: expected a file with the shares of the classes" in str(done.exception)
    assert predict(path, folder / "a.png").exit_code == 0


def test_balance_out_of_reach_or_of_a_page_is_refused(
    model: Path, folder: Path, tmp_path: Path
) -> None:
    done = predict(model, folder, "--balanced", 3)
    assert "--balanced: expected a number from 0 to 2, got 3.0" in str(done.exception)
    page = tmp_path / "page.html"
    done = predict(model, folder, "--balanced", 0.5, "--explain", page)
    assert "--explain: expected predictions of the most probable classes" in str(done.exception)
