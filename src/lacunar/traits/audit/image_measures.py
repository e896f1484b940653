"""What an audit measures of each original image, in one pass over the files."""

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

from lacunar.parallel import blocks, in_order
from lacunar.traits.audit.audited_images import AuditedImages
from lacunar.traits.audit.descriptors import describe
from lacunar.traits.data.images import read_image

# Weights of red, green and blue in luminance (ITU-R BT.601).
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
# Longer side of the common scale: fine enough for blur that hides a person's clothes, coarse
# enough to average the noise of a camera away.
_SIDE = 64
_WHITE = 250
# Variance of luminance under which an image shows nothing that could be blurred.
_FLAT = 1.0


@dataclass(frozen=True, slots=True)
class ImageMeasures:
    """Numbers of N images as they are in their files.

    Luminance goes from 0 to 255. All but ``burnt``, ``height`` and ``width`` are measured at a
    common scale, the longer side at most 64 pixels, each the mean of the pixels it covers.

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
        of luminance, so that it is of the edges and not of the light. NaN in a flat image.
    descriptors : float32 array of shape (N, D)
        See :func:`lacunar.traits.audit.descriptors.describe`.
    digests : uint8 array of shape (N, 32)
        SHA-256 of the decoded pixels and their shape; the same for equal images in other files.
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

    def __len__(self) -> int:
        return len(self.height)


def measure_images(
    parts: AuditedImages, *, progress: Callable[[int, int], None] | None = None
) -> ImageMeasures:
    """Decode every image once, block by block in parallel, and measure it.

    Parameters
    ----------
    parts : AuditedImages
        N images.
    progress : callable, optional
        Called with the images that are measured and N.

    Raises
    ------
    InputError
        With the line of the first image that cannot be read.
    """

    def measure(rows: range) -> list[ImageMeasures]:
        return [measure_image(read_image(parts.path(i), where=parts.where(i))) for i in rows]

    found: list[ImageMeasures] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for block in in_order(pool, measure, blocks(len(parts))):
            found += block
            if progress:
                progress(len(found), len(parts))
    return ImageMeasures(
        *(
            np.concatenate([getattr(one, field.name) for one in found])
            for field in fields(ImageMeasures)
        )
    )


def measure_image(pixels: NDArray[np.uint8]) -> ImageMeasures:
    """Measure one image, N = 1.

    Parameters
    ----------
    pixels : uint8 array of shape (height, width, 3)

    Examples
    --------
    >>> found = measure_image(np.full((128, 48, 3), 7, np.uint8))
    >>> found.height, found.highlights.round(3), found.contrast.round(3), found.sharpness
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


def _shrink(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The longer side at most 64 pixels; small images stay as they are."""
    height, width = pixels.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))


def _digest(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    hasher = hashlib.sha256(str(pixels.shape).encode())
    hasher.update(pixels.tobytes())
    return np.frombuffer(hasher.digest(), np.uint8)
