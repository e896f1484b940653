"""Images with a map laid over them, for pages that may be printed in grey."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FADED = 0.25
_EDGE = 0.5
_LUMA = np.array([0.299, 0.587, 0.114])


def overlay(image: NDArray[np.uint8], shown: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Leave an image as it is where a map is high, and let it fade to pale grey where it is low.

    A line goes round what is at least half as high as the highest place.

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
    # White beside black is seen on any ground.
    mixed[outer] = 255
    mixed[inner] = 0
    return np.rint(mixed).astype(np.uint8)


def _edges(inside: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Places inside that touch the outside, and the other way round; the image's rim is neither."""
    return inside & _touched(~inside), ~inside & _touched(inside)


def _touched(heat_map: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether one of the four neighbours is among places."""
    wide = np.pad(heat_map, 1)
    return wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]
