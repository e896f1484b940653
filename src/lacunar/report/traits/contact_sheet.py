"""Images embedded in a page."""

from __future__ import annotations

import base64
import io

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

_GAP = 4
_QUALITY = 82


def contact_sheet(images: NDArray[np.uint8], *, alt: str) -> Markup:
    """Embed images as a grid in one picture, with a space after the first column.

    Parameters
    ----------
    images : uint8 array of shape (rows, columns, H, W, 3)
    alt : str
        Alternative text.

    Examples
    --------
    >>> contact_sheet(np.zeros((2, 3, 8, 8, 3), np.uint8), alt="Black")[:55]
    Markup('<img alt="Black" width="44" height="20" src="data:image')
    """
    rows, columns, height, width, _ = images.shape
    apart = 3 * _GAP if columns > 1 else 0
    size = rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP + apart
    sheet = np.full((*size, 3), 255, np.uint8)
    for row, column in np.ndindex(rows, columns):
        top, left = row * (height + _GAP), column * (width + _GAP) + (apart if column else 0)
        sheet[top : top + height, left : left + width] = images[row, column]
    return embedded(sheet, alt=alt)


def embedded(pixels: NDArray[np.uint8], *, alt: str) -> Markup:
    """Embed an image of shape (H, W, 3) as a JPEG.

    Examples
    --------
    >>> embedded(np.zeros((8, 4, 3), np.uint8), alt="Black")[:52]
    Markup('<img alt="Black" width="4" height="8" src="data:imag')
    """
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=_QUALITY, subsampling=0, optimize=True)
    return Markup('<img alt="{}" width="{}" height="{}" src="data:image/jpeg;base64,{}">').format(
        alt, pixels.shape[1], pixels.shape[0], base64.b64encode(file.getvalue()).decode()
    )
