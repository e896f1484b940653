"""Thumbnails embedded in a page."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from lacunar.report.traits.contact_sheet import embedded

_HEIGHT, _WIDTH = 128, 160


def thumbnail(pixels: NDArray[np.uint8], *, alt: str) -> Markup:
    """Embed an image, scaled to fit into 160 x 128 pixels with its aspect ratio.

    Parameters
    ----------
    pixels : uint8 array of shape (height, width, 3)
    alt : str
        Alternative text.

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
