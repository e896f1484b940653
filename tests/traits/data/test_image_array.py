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
    images = ImageArray("key", mapped(tmp_path / "p.npy", pixels))
    rows = np.array([7, 0, 7, 3])
    found = images.read(rows)
    assert np.array_equal(found, pixels[rows])
    assert type(found) is np.ndarray
    found[:] = 0
    assert np.array_equal(images.read(rows), pixels[rows])
    assert len(images) == 9


def resident_file_bytes() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssFile"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the kernel tells of no RssFile")


@pytest.mark.skipif(sys.platform != "linux", reason="measures with /proc")
def test_reading_releases_memory(tmp_path: Path) -> None:
    n = 4000
    pixels = mapped(tmp_path / "p.npy", np.ones((n, 50, 60, 3), np.uint8))
    images = ImageArray("key", pixels)
    before = resident_file_bytes()
    for start in range(0, n, 50):
        images.read(np.arange(start, start + 50))
    assert resident_file_bytes() - before < pixels.nbytes / 5
