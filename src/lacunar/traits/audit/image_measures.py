"""Measures of image quality and content, in one pass over the original files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import laplace

from lacunar.errors import InputError, all_in_one
from lacunar.parallel import blocks, in_order
from lacunar.reprs import short_repr
from lacunar.traits.audit.audited_images import AuditedImages
from lacunar.traits.audit.descriptors import describe
from lacunar.traits.data.images import READABLE, read_image

# Weights of red, green and blue in luminance (ITU-R BT.601).
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
# Longer side of the common scale: large enough to show blur of a person's clothes, small enough to
# average camera noise.
_SIDE = 64
_WHITE = 250
# Variance of luminance below which blur cannot be measured.
_FLAT = 1.0


@dataclass(frozen=True, slots=True)
class ImageMeasures:
    """Measures of N original images.

    Luminance is from 0 to 255. All measures except ``burnt``, ``height`` and ``width`` use a common
    scale: the longer side has at most 64 pixels, each the mean of the pixels it covers.

    Parameters
    ----------
    height, width : int64 array of shape (N,)
        In pixels.
    highlights, shadows : float64 array of shape (N,)
        95th and 5th percentile of luminance.
    burnt : float64 array of shape (N,)
        Share of the original pixels whose luminance is 250 or more.
    contrast : float64 array of shape (N,)
        Standard deviation of luminance (RMS contrast; Peli 1990).
    sharpness : float64 array of shape (N,)
        Variance of the Laplacian of luminance (Pech-Pacheco et al. 2000) divided by the variance
        of luminance, so that it does not depend on contrast. NaN for a flat image.
    descriptors : float32 array of shape (N, D)
        See :func:`lacunar.traits.audit.descriptors.describe`.
    digests : uint8 array of shape (N, 32)
        SHA-256 of the decoded pixels and their shape; equal for equal images in different files.
    """

    height: NDArray[np.int64]
    width: NDArray[np.int64]
    highlights: NDArray[np.float64]
    shadows: NDArray[np.float64]
    burnt: NDArray[np.float64]
    contrast: NDArray[np.float64]
    sharpness: NDArray[np.float64]
    descriptors: NDArray[np.float32]
    digests: NDArray[np.uint8]

    def __repr__(self) -> str:
        return short_repr("ImageMeasures", [f"{len(self):,} images"])

    def __len__(self) -> int:
        return len(self.height)


def measure_images(
    images: AuditedImages, *, progress: Callable[[int, int], None] | None = None
) -> ImageMeasures:
    """Measure images; every image is decoded once, blocks of images in parallel.

    Parameters
    ----------
    images : AuditedImages
        N images.
    progress : callable, optional
        Called with the number of images measured and N.

    Raises
    ------
    InputError
        If images cannot be read: names the first ten with their lines, and the number of all.
    """

    def measure(rows: range) -> list[ImageMeasures | InputError]:
        return [_measured(images, image) for image in rows]

    measured: list[ImageMeasures] = []
    broken: list[InputError] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for block in in_order(pool, measure, blocks(len(images))):
            for one in block:
                if isinstance(one, InputError):
                    broken.append(one)
                else:
                    measured.append(one)
            if progress:
                progress(len(measured) + len(broken), len(images))
    if broken:
        raise all_in_one(broken, READABLE)
    return ImageMeasures(
        *(
            np.concatenate([getattr(one, field.name) for one in measured])
            for field in fields(ImageMeasures)
        )
    )


def measure_image(pixels: NDArray[np.uint8]) -> ImageMeasures:
    """Measure one image; N is 1.

    Parameters
    ----------
    pixels : uint8 array of shape (height, width, 3)

    Examples
    --------
    >>> flat = measure_image(np.full((128, 48, 3), 7, np.uint8))
    >>> flat.height, flat.highlights.round(3), flat.contrast.round(3), flat.sharpness
    (array([128]), array([7.]), array([0.]), array([nan]))
    """
    luminance = _shrink(pixels) @ LUMA
    shadows, highlights = np.percentile(luminance, (5, 95))
    variance = float(luminance.var())
    edges = float(laplace(luminance, mode="nearest").var())
    height, width = pixels.shape[:2]
    return ImageMeasures(
        height=np.array([height]),
        width=np.array([width]),
        highlights=np.array([highlights]),
        shadows=np.array([shadows]),
        burnt=np.array([np.mean(pixels @ LUMA >= _WHITE)]),
        contrast=np.array([variance**0.5]),
        sharpness=np.array([edges / variance if variance >= _FLAT else np.nan]),
        descriptors=describe(pixels)[np.newaxis],
        digests=_digest(pixels)[np.newaxis],
    )


def _measured(images: AuditedImages, image: int) -> ImageMeasures | InputError:
    try:
        return measure_image(read_image(images.picture(image), where=images.where(image)))
    except InputError as error:
        return error


def _shrink(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Resize to at most 64 pixels on the longer side; smaller images are not resized."""
    height, width = pixels.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))


def _digest(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    hasher = hashlib.sha256(str(pixels.shape).encode())
    hasher.update(pixels.tobytes())
    return np.frombuffer(hasher.digest(), np.uint8)
