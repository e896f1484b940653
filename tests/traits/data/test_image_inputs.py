from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lacunar.errors import InputError
from lacunar.traits.data.image_inputs import listed_images
from lacunar.traits.data.image_sources import ImageContent, ImageFile

PHOTO = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)


def test_one_image_is_a_list_of_one() -> None:
    content = ImageContent("a", PHOTO)
    file = ImageFile("b.png", Path("b.png"), "line 7, b.png")
    for image, name in [
        ("a.png", "a.png"), (Path("a.png"), "a.png"), (b"...", "image 0"), (PHOTO, "image 0"),
        (PHOTO[..., 0], "image 0"), (Image.fromarray(PHOTO), "image 0"), (content, "a"),
        (file, "b.png"),
    ]:  # fmt: skip
        one: Any = image
        assert [found.name for found in listed_images(one)] == [name]
        assert [found.name for found in listed_images([one])] == [name]
    assert listed_images([content, file]) == [content, file]
    assert listed_images([]) == []


@pytest.mark.parametrize("many", [tuple, iter, pd.Series, np.array])
def test_many_images_come_in_any_sequence(many: Any) -> None:
    found = listed_images(many(["b.png", "a.png"]))
    assert found == [ImageFile(name, Path(name), name) for name in ("b.png", "a.png")]


def test_an_array_of_images_is_many_images() -> None:
    found = listed_images(np.stack([PHOTO, 255 - PHOTO]))
    assert [image.name for image in found] == ["image 0", "image 1"]
    assert np.array_equal([image.read() for image in found], [PHOTO, 255 - PHOTO])


def test_a_folder_is_its_image_files(tmp_path: Path) -> None:
    for name in ("b.png", "a.JPG", "notes.txt"):
        (tmp_path / name).touch()
    with pytest.warns(UserWarning, match=r"left out 1 other \(1 \.txt\)$"):
        alone = listed_images(str(tmp_path))
    assert [Path(image.name).name for image in alone] == ["a.JPG", "b.png"]
    (tmp_path / "notes.txt").unlink()
    names = [image.name for image in listed_images([tmp_path, PHOTO])]
    assert names == [str(tmp_path / "a.JPG"), str(tmp_path / "b.png"), "image 2"]


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (7, "expected images or paths of images, got int"),
        (None, "expected images or paths of images, got NoneType"),
        ([PHOTO, 7], "image 1: expected a path, a Pillow image or a uint8 array, got int"),
        (np.float64(7), "expected images or paths of images, got float64"),
        (
            [PHOTO, PHOTO / 255],
            "image 1: expected a uint8 array of shape (height, width, 3) or (height, width),"
            " got float64 of shape (20, 30, 3)",
        ),
        (
            PHOTO[..., :2],
            "image 0: expected a uint8 array of shape (height, width, 3) or (height, width),"
            " got uint8 of shape (20, 30, 2)",
        ),
    ],
)
def test_anything_else_gets_one_sentence(images: Any, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        listed_images(images)
    assert str(caught.value) == sentence
