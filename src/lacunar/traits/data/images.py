"""One image file into an array: what is accepted, how it becomes RGB, and how it is made to fit."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from lacunar.errors import InputError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
# A decoded image of this size is 150 MB; the largest phone photographs have about 50 million.
MAX_PIXELS = 50_000_000
# Nothing of a person can be told from fewer, and a 1 x 1 image is a web page's spacer.
MIN_SIDE = 8

# How to undo each value of the EXIF orientation.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Box = tuple[int, int, int, int]
Fit = Literal["pad", "stretch"]


def read_image(source: Path | bytes, *, where: str | None = None) -> NDArray[np.uint8]:
    """Decode an image as RGB.

    It is turned upright as its EXIF data say. Grey, palette and CMYK become RGB, 16 bits become
    8 (divided by 257, the exact ratio of the ranges), and what is transparent shows white, as
    most viewers have it. Of an animation the first frame counts; colour profiles do not.

    Parameters
    ----------
    source : Path or bytes
        A file or the content of one. Its format is told by content, never by name.
    where : str, optional
        What an error calls the image; the path unless given.

    Returns
    -------
    uint8 array of shape (height, width, 3)

    Raises
    ------
    InputError
        If it is no JPEG, PNG, WEBP or BMP image, has more than 50 million pixels (it is not
        decoded then) or fewer than 8 in height or width, or is broken.

    Examples
    --------
    >>> file = io.BytesIO()
    >>> Image.new("L", (60, 100), 7).save(file, "PNG")
    >>> read_image(file.getvalue())[0, 0]
    array([7, 7, 7], dtype=uint8)
    >>> read_image(b"hello", where="portrait.png")
    Traceback (most recent call last):
    lacunar.errors.InputError: portrait.png: expected a JPEG, PNG, WEBP or BMP image, got another
    kind of file or a broken one
    """
    where = where or (str(source) if isinstance(source, Path) else "image")
    try:
        with Image.open(_opened(source), formats=FORMATS) as image:
            _check_size(image, where)
            image.load()
            return np.array(_upright(_to_rgb(image), _orientation(image)))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(_too_large(where, "many more")) from error
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError(
            f"{where}: expected a JPEG, PNG, WEBP or BMP image,"
            " got another kind of file or a broken one"
        ) from error
    except Exception as error:  # the readers of Pillow raise whatever their parsers meet
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{where}: expected a whole image, got a broken one ({reason})") from error


def read_map(path: Path, *, where: str | None = None) -> NDArray[np.bool_]:
    """Decode a body-part map: where it is not black the part is, shape (height, width).

    Raises
    ------
    InputError
        See :func:`read_image`.
    """
    return np.asarray(read_image(path, where=where).any(axis=2))


def content_box(
    source_height: int, source_width: int, height: int, width: int, fit: Fit = "pad"
) -> Box:
    """Where an image lies in a frame: all over it, or centred, its aspect kept.

    Returns
    -------
    top, left, bottom, right : int
        In pixels; bottom and right are the first row and column after the image.

    Examples
    --------
    >>> content_box(200, 60, height=100, width=60)
    (0, 15, 100, 45)
    >>> content_box(100, 120, height=100, width=60)
    (25, 0, 75, 60)
    >>> content_box(100, 120, height=100, width=60, fit="stretch")
    (0, 0, 100, 60)
    """
    if fit == "stretch":
        return 0, 0, height, width
    scale = min(height / source_height, width / source_width)
    inner_height = max(1, round(source_height * scale))
    inner_width = max(1, round(source_width * scale))
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    return top, left, top + inner_height, left + inner_width


def fit_into(
    image: NDArray[np.uint8], height: int, width: int, fit: Fit = "pad"
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Resize an RGB image into a frame that it fills, or that is padded with 0 around it.

    Parameters
    ----------
    image : uint8 array of shape (h, w, 3)
    height, width : int
        Pixels of the frame.
    fit : {"pad", "stretch"}
        Whether the image keeps its aspect or fills the frame.

    Returns
    -------
    pixels : uint8 array of shape (height, width, 3)
        Resampled with a Lanczos filter, antialiased.
    valid : bool array of shape (height, width)
        Which pixels are of the image, not of the padding.

    Examples
    --------
    >>> pixels, valid = fit_into(np.full((40, 20, 3), 9, np.uint8), height=4, width=4)
    >>> pixels[0, :, 0], valid[0]
    (array([0, 9, 9, 0], dtype=uint8), array([False,  True,  True, False]))
    """
    top, left, bottom, right = content_box(image.shape[0], image.shape[1], height, width, fit)
    size = (right - left, bottom - top)
    pixels = np.zeros((height, width, 3), np.uint8)
    valid = np.zeros((height, width), np.bool_)
    resized = Image.fromarray(image).resize(size, Image.Resampling.LANCZOS)
    pixels[top:bottom, left:right] = np.asarray(resized)
    valid[top:bottom, left:right] = True
    return pixels, valid


def fit_map(part: NDArray[np.bool_], box: Box, height: int, width: int) -> NDArray[np.bool_]:
    """Resize a body-part map onto the box that its image takes up in a frame.

    Parameters
    ----------
    part : bool array of shape (h, w)
    box : tuple of int
        See :func:`content_box`.
    height, width : int
        Pixels of the frame.

    Returns
    -------
    bool array of shape (height, width)
        Pixels of which the part covers more than half.

    Examples
    --------
    >>> part = np.array([[True, True, True, False], [True, False, False, False]])
    >>> fit_map(part, (0, 1, 1, 3), height=1, width=4)
    array([[False,  True, False, False]])
    """
    top, left, bottom, right = box
    size = (right - left, bottom - top)
    fitted = np.zeros((height, width), np.bool_)
    # 32-bit floats, since the mean of a half rounds up to more than half in 8 bits.
    area = Image.fromarray(part.astype(np.float32)).resize(size, Image.Resampling.BOX)
    fitted[top:bottom, left:right] = np.asarray(area) > 0.5
    return fitted


def _opened(source: Path | bytes) -> Path | io.BytesIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source


def _check_size(image: Image.Image, where: str) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise InputError(_too_large(where, f"{image.width} x {image.height}"))
    if min(image.size) < MIN_SIDE:
        raise InputError(
            f"{where}: expected an image of at least {MIN_SIDE} x {MIN_SIDE} pixels,"
            f" got {image.width} x {image.height}"
        )


def _too_large(where: str, got: str) -> str:
    return f"{where}: expected an image of at most {MAX_PIXELS:,} pixels, got {got}"


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # Pillow's own conversion of 16 bits cuts off at 255.
        grey = (np.asarray(image).astype(np.uint32) + 128) // 257
        return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        front = image.convert("RGBA")
        back = Image.new("RGBA", front.size, "white")
        return Image.alpha_composite(back, front).convert("RGB")
    return image.convert("RGB")


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # EXIF data that cannot be read say nothing against the image
        return 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)
