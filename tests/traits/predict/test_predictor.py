from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lacunar.errors import InputError
from lacunar.traits.data.image_sources import ImageContent, ImageFile
from lacunar.traits.data.images import fit_into, read_image
from lacunar.traits.data.schema import Schema
from lacunar.traits.predict.predictor import predict_images


@pytest.fixture(autouse=True)
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make images come in parts of the same size on every machine."""
    monkeypatch.setattr("os.cpu_count", lambda: 2)


class Means:
    """Answers with the mean colour, which tells one image from another."""

    height, width = 10, 8

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.thresholds = (0.0,) * len(schema.attributes)
        self.fit = "pad"
        self.shares = None
        self.asked: list[int] = []

    def probabilities(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
        self.asked.append(len(pixels))
        means = pixels.mean(axis=(1, 2))  # (B, 3)
        return [means, means[:, :2]]


def write(folder: Path, n: int) -> list[ImageFile]:
    files = []
    for row in range(n):
        path = folder / f"{row:03d}.png"
        Image.new("RGB", (10 + row % 7, 12), (row % 256, row // 2 % 256, 9)).save(path)
        files.append(ImageFile(path.name, path, f"line {row}"))
    return files


def test_answers_come_in_order_and_are_those_of_each_image(coats: Schema, tmp_path: Path) -> None:
    files = write(tmp_path, 150)
    told: list[tuple[int, int]] = []
    means = Means(coats)
    parts = list(predict_images(means, files, progress=lambda *done: told.append(done)))
    names = [name for part in parts for name in part.images]
    assert names == [file.name for file in files]
    found = np.concatenate([part.probabilities[0] for part in parts])
    expected = [fit_into(read_image(f.path), 10, 8).mean(axis=(0, 1)) for f in files]
    assert np.allclose(found, expected)
    assert told[-1] == (150, 150)
    assert sum(means.asked) == 150


def test_the_first_broken_image_ends_it_unless_skipped(coats: Schema, tmp_path: Path) -> None:
    files = write(tmp_path, 40)
    files[30].path.write_text("hello")
    files[7].path.unlink()
    with pytest.raises(InputError, match="line 7: expected an image file, got none"):
        list(predict_images(Means(coats), files))


def test_skipped_images_keep_their_place_their_reason_and_no_answer(
    coats: Schema, tmp_path: Path
) -> None:
    files = write(tmp_path, 40)
    whole = next(predict_images(Means(coats), files))
    files[30].path.write_text("hello")
    files[7].path.unlink()
    (found,) = predict_images(Means(coats), files, skip_broken=True)
    assert found.images == whole.images
    assert [row for row, reason in enumerate(found.reasons) if reason] == [7, 30]
    assert str(found.reasons[30]).startswith("line 30: expected a JPEG, PNG, WEBP or BMP image")
    for output, expected in zip(found.probabilities, whole.probabilities, strict=True):
        assert np.isnan(output[[7, 30]]).all()
        kept = np.delete(np.arange(40), [7, 30])
        assert np.array_equal(output[kept], expected[kept])


def test_a_predictor_is_not_asked_about_nothing(coats: Schema, tmp_path: Path) -> None:
    means = Means(coats)
    gone = ImageFile("a", tmp_path / "a", "a")
    (found,) = predict_images(means, [gone], skip_broken=True)
    assert means.asked == []
    assert found.reasons == ("a: expected an image file, got none",)
    assert list(predict_images(means, [])) == []


def test_memory_does_not_grow_with_the_images(
    coats: Schema, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacunar.traits.predict.predictor._BLOCK", 4)
    (file,) = write(tmp_path, 1)

    class Large(Means):
        height, width = 200, 200

    def peak(n: int) -> int:
        tracemalloc.start()
        try:
            for _ in predict_images(Large(coats), [file] * n):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    block = 4 * 200 * 200 * 3
    assert peak(400) < peak(100) + 2 * block


def test_contents_of_files_are_answered_as_the_files_are(coats: Schema, tmp_path: Path) -> None:
    files = write(tmp_path, 40)
    files[7].path.write_text("hello")
    contents = [ImageContent(file.name, file.path.read_bytes()) for file in files]
    (expected,) = predict_images(Means(coats), files, skip_broken=True)
    (found,) = predict_images(Means(coats), contents, skip_broken=True, threads=1)
    assert found.images == expected.images
    for one, other in zip(found.probabilities, expected.probabilities, strict=True):
        assert np.array_equal(one, other, equal_nan=True)
    broken = [reason for reason in found.reasons if reason is not None]
    assert len(broken) == 1
    assert broken[0].startswith("007.png: expected a JPEG, PNG, WEBP or BMP image")
