"""Images to predict as callers give them: paths, folders, and images in memory."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lacunar.aliases import AnyPath
from lacunar.errors import InputError
from lacunar.traits.data.image_sources import ImageContent, ImageFile, find_images, other_files
from lacunar.traits.data.images import check_picture

#: A path, the content of a file, a Pillow image, or uint8 pixels (H, W, 3) or grey (H, W).
ImageInput: TypeAlias = AnyPath | bytes | Image.Image | NDArray[np.uint8] | ImageFile | ImageContent
#: One image or many, or a folder.
ImageInputs: TypeAlias = ImageInput | Iterable[ImageInput]

_SINGLE = (str, os.PathLike, bytes, Image.Image, ImageFile, ImageContent)


def listed_images(images: ImageInputs) -> list[ImageFile | ImageContent]:
    """List images; files are read later.

    Parameters
    ----------
    images : image, or iterable of images
        Paths of files or folders, contents of files as bytes, Pillow images, or uint8 arrays of
        shape (H, W, 3) or (H, W); also one array of shape (N, H, W, 3). A folder stands for its
        image files, see :func:`lacunar.traits.data.image_sources.find_images`.

    Returns
    -------
    list of ImageFile or ImageContent
        An image in memory is called by its position: ``image 0``.

    Raises
    ------
    InputError
        If something is no image, an array has another type or shape, or a folder has no image
        files.

    Examples
    --------
    >>> photos = np.zeros((2, 40, 20, 3), np.uint8)
    >>> [image.name for image in listed_images(["a.png", *photos])]
    ['a.png', 'image 1', 'image 2']
    >>> listed_images(photos[0])[0].read().shape
    (40, 20, 3)
    """
    listed: list[ImageFile | ImageContent] = []
    for image in _iterated(images):
        where = f"image {len(listed)}"
        match image:
            case ImageFile() | ImageContent():
                listed.append(image)
            case str() | os.PathLike():
                path = Path(image)
                if path.is_dir() and (others := other_files(path)):
                    warnings.warn(f"{path}: left out {others}", stacklevel=3)
                listed += [
                    ImageFile(str(file), file, str(file))
                    for file in (find_images(path) if path.is_dir() else [path])
                ]
            case bytes() | Image.Image() | np.ndarray():
                check_picture(image, where)
                listed.append(ImageContent(where, image))
            case _:
                raise InputError(
                    f"{where}: expected a path, a Pillow image or a uint8 array,"
                    f" got {type(image).__name__}"
                )
    return listed


def _iterated(images: Any) -> Iterable[Any]:
    one = isinstance(images, _SINGLE) or (isinstance(images, np.ndarray) and images.ndim in {2, 3})
    if not one and not isinstance(images, Iterable):
        raise InputError(f"expected images or paths of images, got {type(images).__name__}")
    return [images] if one else images
