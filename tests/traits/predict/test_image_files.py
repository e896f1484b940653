from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lacunar.errors import InputError
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.image_cache import load_images
from lacunar.traits.data.image_sources import find_images
from lacunar.traits.model import TraitsModel, predict_traits
from lacunar.traits.predict.image_files import predict_files
from lacunar.traits.predict.onnx_predictor import OnnxTraits


def test_a_file_gets_what_the_same_image_of_a_data_set_gets(
    people_model: TraitsModel, people: LabelledImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacunar.traits.predict.predictor._BLOCK", 10)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    told: list[tuple[int, int]] = []
    found = predict_files(
        people_model, people.paths, progress=lambda done, n: told.append((done, n))
    )
    images = load_images(people, height=40, width=24)
    for output, expected in zip(found, predict_traits(people_model, images), strict=True):
        np.testing.assert_allclose(output, expected, rtol=1e-4)
    assert told == [(10, 24), (20, 24), (24, 24)]


def test_one_path_and_paths_as_text_are_taken(
    people_model: TraitsModel, people: LabelledImages
) -> None:
    expected = predict_files(people_model, people.paths[:2])
    for files in (str(people.paths[0]), people.paths[0], [str(people.paths[0])]):
        for output, both in zip(predict_files(people_model, files), expected, strict=True):
            np.testing.assert_allclose(output, both[:1], rtol=1e-4)


def test_images_in_memory_get_what_their_files_get(
    people_model: TraitsModel, people: LabelledImages
) -> None:
    files = people.paths[:3]
    expected = predict_files(people_model, files)
    pixels = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    for images in (pixels, [Image.open(file) for file in files], map(Path.read_bytes, files)):
        for output, of_files in zip(predict_files(people_model, images), expected, strict=True):
            assert np.array_equal(output, of_files)


def test_an_onnx_file_answers_as_its_model_does(
    people_model: TraitsModel, people_onnx: Path, people: LabelledImages
) -> None:
    ours = predict_files(OnnxTraits(people_onnx), people.paths)
    for output, expected in zip(ours, predict_files(people_model, people.paths), strict=True):
        np.testing.assert_allclose(output, expected, atol=1e-4)


def test_a_file_that_is_no_image_is_named(people_model: TraitsModel, tmp_path: Path) -> None:
    Image.new("RGB", (20, 40)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("hello")
    with pytest.raises(InputError, match=r"b\.png: expected a JPEG, PNG, WEBP or BMP image"):
        predict_files(people_model, find_images([tmp_path]))


def test_no_file_gets_no_answer(people_model: TraitsModel) -> None:
    assert [output.shape for output in predict_files(people_model, [])][:3] == [
        (0, 2), (0, 2), (0, 11),
    ]  # fmt: skip
