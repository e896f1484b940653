from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lacunar.cli.commands import app
from lacunar.cli.traits.explain import is_onnx_file
from lacunar.errors import InputError
from lacunar.store import save_traits
from lacunar.traits.model import TraitsModel


@pytest.fixture(scope="module")
def model(people_model: TraitsModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "model"
    save_traits(people_model, path)
    return path


@pytest.fixture
def photos(people_directory: Path, tmp_path: Path) -> Path:
    """Three images, of which the second is broken."""
    folder = tmp_path / "photos"
    folder.mkdir()
    images = sorted((people_directory / "Test_Data" / "Originals").iterdir())[:3]
    for name, image in zip("abc", images, strict=True):
        shutil.copy(image, folder / f"{name}.png")
    (folder / "b.png").write_text("hello")
    return folder


def predict(*words: object) -> Result:
    return CliRunner().invoke(app, ["traits", "predict", *map(str, words)])


def test_the_page_says_what_the_answers_say(model: Path, photos: Path, tmp_path: Path) -> None:
    page = tmp_path / "p.html"
    done = predict(model, photos, "--explain", page, "--json")
    assert done.exit_code == 3
    predictions = json.loads(done.stdout)["predictions"]
    assert done.stdout == predict(model, photos, "--json").stdout
    text = page.read_text()
    rows = text.split('<div class="look">')[1:]
    assert len(rows) == len(predictions) == 2
    for row, prediction in zip(rows, predictions, strict=True):
        assert f">{prediction['image']}</h3>" in row
        found = re.findall(r"<figcaption>(.*?)</figcaption>", row)[1:]
        for caption, (name, answer) in zip(found, prediction["attributes"].items(), strict=True):
            assert caption.startswith(f"{name.replace('_', ' ')}: <b>{answer['label']}</b>, ")
            shown = re.search(r'<data value="([^"]*)">', caption)
            assert shown
            assert float(shown[1]) == pytest.approx(answer["probability"], abs=1e-5)
            assert ("kept back" in caption) is answer["abstain"]


def test_it_is_written_beside_a_file_of_answers(model: Path, photos: Path, tmp_path: Path) -> None:
    answers, page = tmp_path / "a.csv", tmp_path / "p.html"
    done = predict(model, photos / "a.png", "-o", answers, "--explain", page)
    assert done.exit_code == 0, done.output
    assert f"Heat maps written to {page}" in done.stdout
    assert answers.read_text().count("\n") == 2
    assert page.read_text().count("<img") == 1 + 6
    done = predict(model, photos / "a.png", "-o", answers, "--explain", page, "--force", "--json")
    assert json.loads(done.stdout)["explain"] == str(page)


def test_sixty_images_are_shown_and_all_are_answered(
    model: Path, photos: Path, tmp_path: Path
) -> None:
    page = tmp_path / "p.html"
    done = predict(model, *[photos / "a.png"] * 62, photos / "b.png", "--json", "--explain", page)
    assert done.exit_code == 3
    assert len(json.loads(done.stdout)["predictions"]) == 62
    assert page.read_text().count('<div class="look">') == 60
    assert "Answers were given for 2 images more" in page.read_text()
    assert page.stat().st_size < 2_000_000


def test_a_page_is_replaced_only_by_force(model: Path, photos: Path, tmp_path: Path) -> None:
    page = tmp_path / "p.html"
    page.write_text("mine")
    done = predict(model, photos / "a.png", "--explain", page)
    assert isinstance(done.exception, InputError)
    assert "--force" in str(done.exception)
    assert (done.stdout, page.read_text()) == ("", "mine")
    assert predict(model, photos / "a.png", "--explain", page, "--force").exit_code == 0
    assert "<html" in page.read_text()


def test_without_answers_there_is_no_page(model: Path, photos: Path, tmp_path: Path) -> None:
    page = tmp_path / "p.html"
    done = predict(model, photos / "b.png", "--explain", page)
    assert isinstance(done.exception, InputError)
    assert not page.exists()


def test_a_page_that_fails_leaves_nothing(
    model: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> str:
        raise InputError("no page")

    monkeypatch.setattr("lacunar.report.traits.explained.explained_page", fail)
    answers, page = tmp_path / "a.csv", tmp_path / "p.html"
    done = predict(model, photos / "a.png", "-o", answers, "--explain", page)
    assert isinstance(done.exception, InputError)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos"]


def test_an_onnx_file_is_refused_in_a_sentence(
    people_onnx: Path, photos: Path, tmp_path: Path
) -> None:
    done = predict(people_onnx, photos, "--explain", tmp_path / "p.html")
    assert isinstance(done.exception, InputError)
    assert "an ONNX file has no gradients" in str(done.exception)
    assert done.stdout == ""
    assert not (tmp_path / "p.html").exists()


def test_an_onnx_file_is_recognised_by_its_name_but_no_directory_is_one(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").mkdir()
    assert not is_onnx_file(tmp_path / "model.onnx")
    assert is_onnx_file(tmp_path / "other.ONNX")
    assert not is_onnx_file(tmp_path / "model")
