"""Perceptual descriptors of images, robust to small shifts, brightness and scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn

_HEIGHT, _WIDTH = 32, 16
_FREQUENCIES = 8
# Standard deviation in grey levels below which an image counts as flat.
_FLAT = 1.0


def describe(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Compute the lowest frequencies of an image, without its mean, as a unit vector.

    A perceptual hash (Zauner 2010) without rounding to bits: grey, resized to 32 x 16, discrete
    cosine transform, the lowest 8 x 8 coefficients. The dot product of two descriptors is the
    correlation of the two images at low resolution.

    Parameters
    ----------
    pixels : uint8 array of shape (height, width, 3)

    Returns
    -------
    float32 array of shape (64,)
        Zero if the image is flat.

    Examples
    --------
    >>> image = np.arange(64 * 32 * 3, dtype=np.uint32).reshape(64, 32, 3).astype(np.uint8)
    >>> darker = (image * 0.8).astype(np.uint8)
    >>> bool(describe(image) @ describe(darker) > 0.999)
    True
    """
    small = Image.fromarray(pixels).resize((_WIDTH, _HEIGHT), Image.Resampling.BOX)
    grey = np.asarray(small.convert("L"), np.float32)
    lowest = np.array(dctn(grey, norm="ortho")[:_FREQUENCIES, :_FREQUENCIES])
    lowest[0, 0] = 0
    length = float(np.linalg.norm(lowest))
    if length < _FLAT * (_HEIGHT * _WIDTH) ** 0.5:
        return np.zeros(_FREQUENCIES**2, np.float32)
    descriptor: NDArray[np.float32] = (lowest / length).ravel().astype(np.float32)
    return descriptor


def mirrored(descriptors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Descriptors of the mirror images, shape (N, 64).

    Mirroring changes the sign of every coefficient of odd horizontal frequency.

    Examples
    --------
    >>> image = np.random.default_rng(0).integers(0, 256, (32, 16, 3), np.uint8)
    >>> ours, theirs = describe(image), describe(image[:, ::-1])
    >>> np.allclose(mirrored(ours[np.newaxis])[0], theirs, atol=1e-5)
    True
    """
    signs = np.where(np.arange(_FREQUENCIES) % 2, -1, 1).astype(np.float32)
    return descriptors * np.tile(signs, _FREQUENCIES)
