"""Image decoding: accepted formats, conversion to RGB, and resizing to a frame."""

from __future__ import annotations

import io
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from lacunar.errors import InputError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
# A decoded image of this size is 150 MB; the largest phone photographs have about 50 million.
MAX_PIXELS = 50_000_000
# Smaller images show nothing of a person; a 1 x 1 image is a spacer of a web page.
MIN_SIDE = 8
#: What is expected of all images of a data set, for an error about several.
READABLE = "images that can be read"

# The operation that undoes each value of the EXIF orientation.
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
#: A file, the content of one, a Pillow image, or uint8 pixels (H, W, 3) or grey (H, W).
Picture: TypeAlias = Path | bytes | Image.Image | NDArray[np.uint8]


def read_image(source: Picture, *, where: str | None = None) -> NDArray[np.uint8]:
    """Decode an image as RGB.

    The image is turned upright by its EXIF orientation. Grey, palette and CMYK images become RGB,
    16 bits become 8 (divided by 257, the exact ratio of the ranges), and transparent pixels become
    white, as in most viewers. Only the first frame of an animation is read. Colour profiles are
    ignored.

    Parameters
    ----------
    source : Path, bytes, Pillow image or uint8 array of shape (H, W, 3) or (H, W)
        A file, the content of one, or an image in memory. The format of a file is detected from
        its content, not from its name.
    where : str, optional
        Name of the image in error messages. Default: the path.

    Returns
    -------
    uint8 array of shape (height, width, 3)

    Raises
    ------
    InputError
        If it is not a JPEG, PNG, WEBP or BMP image, if it has more than 50 million pixels (it is
        not decoded then), if its height or width is below 8 pixels, or if it is broken. If an
        array has another shape or type, or a Pillow image has pixels of floating point.

    Examples
    --------
    >>> file = io.BytesIO()
    >>> Image.new("L", (60, 100), 7).save(file, "PNG")
    >>> read_image(file.getvalue())[0, 0]
    array([7, 7, 7], dtype=uint8)
    >>> read_image(np.full((100, 60), 7, np.uint8))[0, 0]
    array([7, 7, 7], dtype=uint8)
    >>> read_image(b"hello", where="portrait.png")
    Traceback (most recent call last):
    lacunar.errors.InputError: portrait.png: expected a JPEG, PNG, WEBP or BMP image, got another
    kind of file or a broken one
    """
    where = where or (str(source) if isinstance(source, Path) else "image")
    try:
        with _opened(source, where) as image:
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
    except Exception as error:  # Pillow's readers raise many kinds of exceptions
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{where}: expected a whole image, got a broken one ({reason})") from error


def content_box(
    source_height: int, source_width: int, height: int, width: int, fit: Fit = "pad"
) -> Box:
    """Return the box of an image in a frame: the whole frame, or centred with its aspect kept.

    Returns
    -------
    top, left, bottom, right : int
        In pixels. Bottom and right are the first row and column after the image.

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
) -> NDArray[np.uint8]:
    """Resize an RGB image to fill a frame, or to fit into it with black padding.

    Parameters
    ----------
    image : uint8 array of shape (h, w, 3)
    height, width : int
        Pixels of the frame.
    fit : {"pad", "stretch"}
        ``pad`` keeps the aspect of the image, ``stretch`` fills the frame.

    Returns
    -------
    uint8 array of shape (height, width, 3)
        Resampled with an antialiasing Lanczos filter.

    Examples
    --------
    >>> fit_into(np.full((40, 20, 3), 9, np.uint8), height=4, width=4)[0, :, 0]
    array([0, 9, 9, 0], dtype=uint8)
    """
    top, left, bottom, right = content_box(image.shape[0], image.shape[1], height, width, fit)
    size = (right - left, bottom - top)
    pixels = np.zeros((height, width, 3), np.uint8)
    resized = Image.fromarray(image).resize(size, Image.Resampling.LANCZOS)
    pixels[top:bottom, left:right] = np.asarray(resized)
    return pixels


def check_picture(picture: Picture, where: str) -> None:
    """Check the type of pixels of an image in memory.

    Raises
    ------
    InputError
        If an array has another type or shape, or a Pillow image has pixels of floating point.

    Examples
    --------
    >>> check_picture(np.zeros((40, 20, 4)), "row 7")
    Traceback (most recent call last):
    lacunar.errors.InputError: row 7: expected a uint8 array of shape (height, width, 3) or
    (height, width), got float64 of shape (40, 20, 4)
    """
    if isinstance(picture, Image.Image) and picture.mode == "F":
        raise InputError(f"{where}: expected an image of 8 or 16 bits, got one of floating point")
    if isinstance(picture, np.ndarray) and not (
        picture.dtype == np.uint8
        and (picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] == 3))
    ):
        raise InputError(
            f"{where}: expected a uint8 array of shape (height, width, 3) or (height, width),"
            f" got {picture.dtype} of shape {picture.shape}"
        )


def _opened(source: Picture, where: str) -> AbstractContextManager[Image.Image]:
    if isinstance(source, Path | bytes):
        file = io.BytesIO(source) if isinstance(source, bytes) else source
        return Image.open(file, formats=FORMATS)
    check_picture(source, where)
    # An image that was given stays open.
    return nullcontext(Image.fromarray(source) if isinstance(source, np.ndarray) else source)


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
        # Pillow's own conversion of 16 bits clips at 255.
        wide = np.asarray(image).astype(np.uint32)
        grey = ((wide + 128) // 257).astype(np.uint8)
        if "transparency" in image.info:
            grey[wide == image.info["transparency"]] = 255
        return Image.fromarray(grey).convert("RGB")
    if image.has_transparency_data:
        front = image.convert("RGBA")
        back = Image.new("RGBA", front.size, "white")
        return Image.alpha_composite(back, front).convert("RGB")
    return image.convert("RGB")


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # unreadable EXIF data do not make the image invalid
        return 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)
