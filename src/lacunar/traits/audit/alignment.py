"""Correlation of two images after alignment by translation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_HEIGHT, _WIDTH = 96, 48
# Largest shift in pixels of the common frame: 4 % of the height, 8 % of the width.
_REACH = 4
# Copies correlate more than this even at half size in grey; other pairs are not refined.
_HOPELESS = 0.8


def to_frame(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Resize an image to the common frame of all comparisons, shape (96, 48, 3)."""
    size = (_WIDTH, _HEIGHT)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def aligned_correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Correlation of two images at the best shift of one of them.

    The centre of the first image is compared with the second at shifts of at most 4 pixels: first
    at half size in grey, then, around the best shift, at full size in colour. The mean of each
    colour is subtracted, so that a difference in brightness has little effect.

    Parameters
    ----------
    one, other : uint8 array of shape (96, 48, 3)
        See :func:`to_frame`.

    Returns
    -------
    float
        From -1 to 1; 0 if an image is flat. A value below .8 is that of half size in grey.

    Examples
    --------
    >>> patches = np.random.default_rng(0).integers(0, 200, (12, 6, 3), np.uint8)
    >>> image = patches.repeat(8, axis=0).repeat(8, axis=1)
    >>> round(aligned_correlation(image, np.roll(image, (2, -1), axis=(0, 1)) + 20), 3)
    1.0
    """
    best, down, right = _best_shift(_halved(one), _halved(other), 0, 0, _REACH // 2, _REACH // 2)
    if best < _HOPELESS:
        return best
    floats = one.astype(np.float32), other.astype(np.float32)
    return _best_shift(*floats, 2 * down, 2 * right, _REACH, 1)[0]


def _best_shift(
    one: NDArray[np.float32],
    other: NDArray[np.float32],
    down: int,
    right: int,
    reach: int,
    around: int,
) -> tuple[float, int, int]:
    """Largest correlation, and its shift, among the shifts around a given one.

    Images have shape (H, W, channels); no shift exceeds ``reach``.
    """
    height, width = one.shape[0] - 2 * reach, one.shape[1] - 2 * reach
    core = _centred(one[reach : reach + height, reach : reach + width])
    length = np.linalg.norm(core)
    best = (-1.0, down, right)
    for y in range(max(down - around, -reach), min(down + around, reach) + 1):
        for x in range(max(right - around, -reach), min(right + around, reach) + 1):
            window = other[reach + y : reach + y + height, reach + x : reach + x + width]
            moved = _centred(window)
            lengths = length * np.linalg.norm(moved)
            correlation = float(np.vdot(core, moved) / lengths) if lengths else 0.0
            best = max(best, (correlation, y, x))
    return best


def _halved(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The image in grey at half size, shape (H / 2, W / 2, 1)."""
    floats = pixels.reshape(_HEIGHT // 2, 2, _WIDTH // 2, 2, 3).astype(np.float32)
    halved: NDArray[np.float32] = floats.mean(axis=(1, 3, 4))[..., np.newaxis]
    return halved


def _centred(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    centred: NDArray[np.float32] = pixels - pixels.mean(axis=(0, 1))
    return centred
