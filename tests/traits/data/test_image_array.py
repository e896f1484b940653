from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from lacunar.traits.data.image_array import ImageArray


def mapped(path: Path, array: np.ndarray) -> np.memmap:
    np.save(path, array)
    return np.load(path, mmap_mode="r")


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (9, 5, 11, 3), np.uint8)


def test_rows_are_copied_in_any_order(tmp_path: Path, pixels: np.ndarray) -> None:
    images = ImageArray("key", mapped(tmp_path / "p.npy", pixels), np.zeros((9, 4), np.int16))
    rows = np.array([7, 0, 7, 3])
    found = images.read(rows)
    assert np.array_equal(found, pixels[rows])
    assert type(found) is np.ndarray
    found[:] = 0
    assert np.array_equal(images.read(rows), pixels[rows])
    assert len(images) == 9


def test_a_mask_is_the_inside_of_its_box(tmp_path: Path, pixels: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    top, left = rng.integers(0, 4, 9), rng.integers(0, 10, 9)
    boxes = np.stack([top, left, rng.integers(top + 1, 6), rng.integers(left + 1, 12)], axis=1)
    images = ImageArray("key", mapped(tmp_path / "p.npy", pixels), boxes.astype(np.int16))
    rows = np.array([8, 2, 2])
    expected = np.zeros((3, 5, 11), np.bool_)
    for at, row in enumerate(rows):
        y0, x0, y1, x1 = boxes[row]
        expected[at, y0:y1, x0:x1] = True
    assert np.array_equal(images.valid_mask(rows), expected)


def test_maps_are_unpacked(tmp_path: Path, pixels: np.ndarray) -> None:
    maps = np.random.default_rng(2).random((9, 2, 5, 11)) < 0.5
    images = ImageArray(
        "key",
        mapped(tmp_path / "p.npy", pixels),
        np.zeros((9, 4), np.int16),
        mapped(tmp_path / "m.npy", np.packbits(maps, axis=-1)),
        np.ones((9, 2), np.bool_),
    )
    rows = np.array([4, 1])
    assert np.array_equal(images.part_maps(rows), maps[rows])


def resident_file_bytes() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssFile"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the kernel tells of no RssFile")


@pytest.mark.skipif(sys.platform != "linux", reason="measures with /proc")
def test_reading_everything_keeps_nothing_in_memory(tmp_path: Path) -> None:
    n = 4000
    pixels = mapped(tmp_path / "p.npy", np.ones((n, 50, 60, 3), np.uint8))
    images = ImageArray("key", pixels, np.zeros((n, 4), np.int16))
    before = resident_file_bytes()
    for start in range(0, n, 50):
        images.read(np.arange(start, start + 50))
    assert resident_file_bytes() - before < pixels.nbytes / 5
