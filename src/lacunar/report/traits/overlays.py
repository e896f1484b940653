"""Images with heat maps, readable in grey."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FADED = 0.25
_EDGE = 0.5
_LUMA = np.array([0.299, 0.587, 0.114])


def overlay(image: NDArray[np.uint8], shown: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Keep an image where the heat map is high; fade it to pale grey where it is low.

    A line surrounds the pixels with a value of at least 0.5.

    Parameters
    ----------
    image : uint8 array of shape (H, W, 3)
    shown : float array of shape (H, W)
        From 0 to 1.

    Returns
    -------
    uint8 array of shape (H, W, 3)

    Examples
    --------
    >>> image = np.zeros((4, 4, 3), np.uint8)
    >>> overlay(image, np.zeros((4, 4)))[0, 0].tolist()
    [191, 191, 191]
    """
    colours = image.astype(np.float64)
    faded = 255 + _FADED * ((colours @ _LUMA)[..., np.newaxis] - 255)
    weights = shown[..., np.newaxis]
    mixed: NDArray[np.float64] = weights * colours + (1 - weights) * faded
    inner, outer = _edges(shown >= _EDGE)
    # White next to black is visible on every background.
    mixed[outer] = 255
    mixed[inner] = 0
    return np.rint(mixed).astype(np.uint8)


def _edges(inside: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Pixels inside that touch the outside, and vice versa; the image border is neither."""
    return inside & _touched(~inside), ~inside & _touched(inside)


def _touched(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether one of the four neighbours is inside."""
    wide = np.pad(inside, 1)
    return wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]
