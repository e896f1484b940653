"""Decoded images as an array, mostly on disk: read in batches, masked, never wholly in memory."""

from __future__ import annotations

import mmap
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ImageArray:
    """N images that fit a frame of H x W pixels, and the maps of P body parts.

    Parameters
    ----------
    key : str
        SHA-256 of all that decides the content: the image files in their order, the size of the
        frame and how images are prepared.
    pixels : uint8 array of shape (N, H, W, 3)
        RGB, padded with 0. Where it is mapped from a file, :meth:`read` keeps memory small.
    boxes : int16 array of shape (N, 4)
        Top, left, bottom and right of the image within its frame.
    packed_maps : uint8 array of shape (N, P, H, ceil(W / 8)), optional
        Eight pixels to a byte; None where the data has no maps.
    map_known : bool array of shape (N, P), optional
        Which images have a map of which part.
    """

    key: str
    pixels: NDArray[np.uint8]
    boxes: NDArray[np.int16]
    packed_maps: NDArray[np.uint8] | None = None
    map_known: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.pixels)

    def read(self, rows: NDArray[np.intp]) -> NDArray[np.uint8]:
        """Copy some images, shape (n, H, W, 3), and give back the memory of reading them."""
        return _read(self.pixels, rows)

    def valid_mask(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which pixels of some images are not padding, shape (n, H, W)."""
        top, left, bottom, right = self.boxes[rows].T[:, :, np.newaxis]
        y, x = np.arange(self.pixels.shape[1]), np.arange(self.pixels.shape[2])
        in_height, in_width = (top <= y) & (y < bottom), (left <= x) & (x < right)
        mask: NDArray[np.bool_] = in_height[:, :, np.newaxis] & in_width[:, np.newaxis, :]
        return mask

    def part_maps(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Body-part maps of some images, shape (n, P, H, W); False where there is no map."""
        assert self.packed_maps is not None, "the data has maps"
        packed = _read(self.packed_maps, rows)
        return np.unpackbits(packed, axis=-1, count=self.pixels.shape[2]).astype(np.bool_)


def _read(array: NDArray[np.uint8], rows: NDArray[np.intp]) -> NDArray[np.uint8]:
    copied: NDArray[np.uint8] = np.asarray(array)[rows]
    # Pages once read would count as this process's memory until the system runs short of it.
    mapping: object = array.base
    if isinstance(mapping, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapping.madvise(mmap.MADV_DONTNEED)
    return copied
