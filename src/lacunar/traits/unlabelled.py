"""Attributes of image files that nobody has labelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.traits.arrays import ImageArray
from lacunar.traits.config import TraitsConfig
from lacunar.traits.images import content_box, fit_into, read_image
from lacunar.traits.model import TraitsModel, predict_traits

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".webp")
# Decoded images that are in memory at once: 37 MB in a frame of 100 x 60.
_AT_ONCE = 2048


def find_images(places: Sequence[Path]) -> list[Path]:
    """List image files: those that are named, and those that lie in named folders, by name.

    Of a folder the files ending in ``SUFFIXES`` count, in either case; its own folders do not.

    Raises
    ------
    InputError
        If there is no such file or folder, or a folder has no such file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.PNG", "a.jpg", "notes.txt"):
    ...         (Path(folder) / name).touch()
    ...     [path.name for path in find_images([Path(folder)])]
    ['a.jpg', 'b.PNG']
    """
    found: list[Path] = []
    for place in places:
        if place.is_dir():
            inside = [path for path in place.iterdir() if path.suffix.lower() in SUFFIXES]
            if not inside:
                raise InputError(
                    f"{place}: expected files ending in {', '.join(SUFFIXES)}, got none"
                )
            found += sorted(inside)
        elif place.is_file():
            found.append(place)
        else:
            raise InputError(f"{place}: expected an image file or a folder of them, got neither")
    return found


def predict_files(
    model: TraitsModel,
    files: Sequence[Path],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> list[NDArray[np.float64]]:
    """Probabilities of the classes of each attribute; nothing is kept on disk.

    Parameters
    ----------
    model : TraitsModel
        A attributes of C_a classes.
    files : sequence of N Path
    progress : callable, optional
        Called with the images that are done and N.

    Returns
    -------
    list of A float64 arrays of shape (N, C_a)

    Raises
    ------
    InputError
        If PyTorch is missing, or with the first file that is no image.
    """
    pieces = []
    for first in range(0, len(files), _AT_ONCE):
        piece = files[first : first + _AT_ONCE]
        pieces.append(predict_traits(model, _decode(piece, model.config)))
        if progress:
            progress(first + len(piece), len(files))
    return [np.concatenate(parts) for parts in zip(*pieces, strict=True)]


def _decode(files: Sequence[Path], config: TraitsConfig) -> ImageArray:
    height, width = config.height, config.width
    pixels = np.empty((len(files), height, width, 3), np.uint8)
    boxes = np.empty((len(files), 4), np.int16)
    for row, file in enumerate(files):
        image = read_image(file)
        boxes[row] = content_box(image.shape[0], image.shape[1], height, width, config.fit)
        pixels[row], _ = fit_into(image, height, width, config.fit)
    return ImageArray(key="", pixels=pixels, boxes=boxes)
