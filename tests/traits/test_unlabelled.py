from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lacunar.errors import InputError
from lacunar.traits.cache import load_images
from lacunar.traits.dataset import LabelledImages
from lacunar.traits.model import TraitsModel, predict_traits
from lacunar.traits.unlabelled import find_images, predict_files


def test_files_come_as_named_and_folders_by_name(tmp_path: Path) -> None:
    for name in ("b.png", "a.JPG", "c.txt", "inner/d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = find_images([tmp_path / "c.txt", tmp_path])
    assert [path.name for path in found] == ["c.txt", "a.JPG", "b.png"]


def test_places_without_images_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected files ending in .bmp, .jpeg"):
        find_images([tmp_path])
    with pytest.raises(InputError, match="expected an image file or a folder of them"):
        find_images([tmp_path / "no.png"])


def test_a_file_gets_what_the_same_image_of_a_data_set_gets(
    people_model: TraitsModel, people: LabelledImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacunar.traits.unlabelled._AT_ONCE", 10)
    told: list[tuple[int, int]] = []
    found = predict_files(
        people_model, people.paths, progress=lambda done, n: told.append((done, n))
    )
    images = load_images(people, height=40, width=24)
    for output, expected in zip(found, predict_traits(people_model, images), strict=True):
        np.testing.assert_allclose(output, expected, rtol=1e-4)
    assert told == [(10, 24), (20, 24), (24, 24)]


def test_a_file_that_is_no_image_is_named(people_model: TraitsModel, tmp_path: Path) -> None:
    Image.new("RGB", (20, 40)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("hello")
    with pytest.raises(InputError, match=r"b\.png: expected a JPEG, PNG, WEBP or BMP image"):
        predict_files(people_model, find_images([tmp_path]))
