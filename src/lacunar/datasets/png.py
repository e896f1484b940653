"""Writes PNG files whose bytes depend on the pixels alone.

Two builds of zlib may pack the same pixels into different bytes. Stored blocks leave them no choice
(RFC 1951, section 3.2.4), at the price of files as large as the pixels.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB = 0, 2
_LARGEST_BLOCK = 65_535


def encode_png(pixels: NDArray[np.uint8] | NDArray[np.bool_]) -> bytes:
    """A PNG file of a colour image or of a mask.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8, or of shape (H, W), bool
        A mask is read back as grey levels 0 and 255.

    Returns
    -------
    bytes

    Examples
    --------
    >>> len(encode_png(np.zeros((2, 3), dtype=np.bool_)))
    72
    """
    height, width = pixels.shape[:2]
    if pixels.dtype == np.bool_:
        rows, depth, kind = _pack_pairs(pixels.astype(np.bool_)), 2, _GREY
    else:
        rows, depth, kind = pixels.reshape(height, -1).astype(np.uint8), 8, _RGB
    no_filter = np.zeros((height, 1), dtype=np.uint8)
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    data = _store(np.concatenate([no_filter, rows], axis=1).tobytes())
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _pack_pairs(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Two bits per pixel: with one, readers give truth values instead of grey levels."""
    return np.packbits(np.repeat(mask, 2, axis=1), axis=1)


def _store(data: bytes) -> bytes:
    """A zlib stream that holds ``data`` as it is."""
    starts = range(0, len(data), _LARGEST_BLOCK)
    blocks = [data[start : start + _LARGEST_BLOCK] for start in starts]
    stream = [b"\x78\x01"]
    for number, block in enumerate(blocks, start=1):
        size = len(block)
        stream += [struct.pack("<BHH", number == len(blocks), size, size ^ 0xFFFF), block]
    return b"".join([*stream, struct.pack(">I", zlib.adler32(data))])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
