"""Decoded images as a memory-mapped array that is read in batches."""

from __future__ import annotations

import mmap
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.reprs import short_repr


@dataclass(frozen=True, slots=True)
class ImageArray:
    """N images in frames of H x W pixels.

    Parameters
    ----------
    key : str
        SHA-256 of everything that determines the pixels: the image files in their order, the size
        of the frame and the preprocessing.
    pixels : uint8 array of shape (N, H, W, 3)
        RGB, padded with 0. When it is mapped from a file, :meth:`read` keeps memory use small.

    Examples
    --------
    >>> images = ImageArray("", np.zeros((9, 4, 2, 3), np.uint8))
    >>> len(images), images.read(np.array([7, 0])).shape
    (9, (2, 4, 2, 3))
    """

    key: str
    pixels: NDArray[np.uint8]

    def __repr__(self) -> str:
        n, height, width, _ = self.pixels.shape
        return short_repr("ImageArray", [f"{n:,} images of {height} x {width} pixels"])

    def __len__(self) -> int:
        return len(self.pixels)

    def read(self, rows: NDArray[np.intp]) -> NDArray[np.uint8]:
        """Copy some images, shape (n, H, W, 3), and release the memory pages that were read."""
        copied: NDArray[np.uint8] = np.asarray(self.pixels)[rows]
        # Without this, pages count as memory of this process until the system runs short of it.
        mapping: object = self.pixels.base
        if isinstance(mapping, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            mapping.madvise(mmap.MADV_DONTNEED)
        return copied
