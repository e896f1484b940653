"""How alike two images are once they are laid on each other as well as possible."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_HEIGHT, _WIDTH = 96, 48
# Furthest move that is tried, in pixels of the common frame: 4 % of the height, 8 % of the width.
_REACH = 4
# Copies reach more even at half the size and in grey; what does not is not looked at closer.
_HOPELESS = 0.8


def to_frame(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Resize an image to the frame that images are compared in, shape (96, 48, 3)."""
    size = (_WIDTH, _HEIGHT)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def aligned_correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Correlation of two images where one of them is moved to fit best.

    The core of the first image is laid on the places of the second that are at most 4 pixels
    off, first at half the size and in grey, then, around the best, as it is. Each colour is
    taken from its mean, so that other light changes little.

    Parameters
    ----------
    one, other : uint8 array of shape (96, 48, 3)
        See :func:`to_frame`.

    Returns
    -------
    float
        From -1 to 1; 0 where one is flat. Under .8 it is that of the images in grey and at half
        the size.

    Examples
    --------
    >>> patches = np.random.default_rng(0).integers(0, 200, (12, 6, 3), np.uint8)
    >>> image = patches.repeat(8, axis=0).repeat(8, axis=1)
    >>> round(aligned_correlation(image, np.roll(image, (2, -1), axis=(0, 1)) + 20), 3)
    1.0
    """
    best, down, right = _best_place(_halved(one), _halved(other), 0, 0, _REACH // 2, _REACH // 2)
    if best < _HOPELESS:
        return best
    floats = one.astype(np.float32), other.astype(np.float32)
    return _best_place(*floats, 2 * down, 2 * right, _REACH, 1)[0]


def _best_place(
    one: NDArray[np.float32],
    other: NDArray[np.float32],
    down: int,
    right: int,
    reach: int,
    around: int,
) -> tuple[float, int, int]:
    """Largest correlation, and the move it is at, among the moves around one of them.

    Images have shape (H, W, channels); no move is further than ``reach``.
    """
    height, width = one.shape[0] - 2 * reach, one.shape[1] - 2 * reach
    core = _centred(one[reach : reach + height, reach : reach + width])
    length = np.linalg.norm(core)
    best = (-1.0, down, right)
    for y in range(max(down - around, -reach), min(down + around, reach) + 1):
        for x in range(max(right - around, -reach), min(right + around, reach) + 1):
            place = other[reach + y : reach + y + height, reach + x : reach + x + width]
            moved = _centred(place)
            lengths = length * np.linalg.norm(moved)
            found = float(np.vdot(core, moved) / lengths) if lengths else 0.0
            best = max(best, (found, y, x))
    return best


def _halved(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Grey at half the size, shape (H / 2, W / 2, 1)."""
    floats = pixels.reshape(_HEIGHT // 2, 2, _WIDTH // 2, 2, 3).astype(np.float32)
    halved: NDArray[np.float32] = floats.mean(axis=(1, 3, 4))[..., np.newaxis]
    return halved


def _centred(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    centred: NDArray[np.float32] = pixels - pixels.mean(axis=(0, 1))
    return centred
