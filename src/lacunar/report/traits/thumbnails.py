"""Small images of a page, each of its own, so that there can be words under it."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from lacunar.report.traits.contact_sheet import embedded

_HEIGHT, _WIDTH = 128, 160


def thumbnail(pixels: NDArray[np.uint8], *, alt: str) -> Markup:
    """Write an image into a page so that it fills a frame of 160 x 128 one way, aspect kept.

    Parameters
    ----------
    pixels : uint8 array of shape (height, width, 3)
    alt : str
        What it shows, in words.

    Examples
    --------
    >>> thumbnail(np.zeros((256, 96, 3), np.uint8), alt="Black")[:55]
    Markup('<img alt="Black" width="48" height="128" src="data:imag')
    """
    height, width = pixels.shape[:2]
    scale = min(_HEIGHT / height, _WIDTH / width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    resized = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)
    return embedded(np.asarray(resized), alt=alt)
