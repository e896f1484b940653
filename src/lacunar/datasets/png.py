"""PNG encoder whose bytes depend only on the pixels.

Two builds of zlib may compress the same pixels to different bytes, so the data are stored without
compression (RFC 1951, section 3.2.4). The files are as large as the pixels.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BIT_DEPTH, _RGB = 8, 2
_LARGEST_BLOCK = 65_535


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG file of a colour image.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8

    Returns
    -------
    bytes

    Examples
    --------
    >>> len(encode_png(np.zeros((2, 3, 3), dtype=np.uint8)))
    88
    """
    height, width = pixels.shape[:2]
    no_filter = np.zeros((height, 1), dtype=np.uint8)
    header = struct.pack(">IIBBBBB", width, height, _BIT_DEPTH, _RGB, 0, 0, 0)
    data = _store(np.concatenate([no_filter, pixels.reshape(height, -1)], axis=1).tobytes())
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _store(data: bytes) -> bytes:
    """A zlib stream of uncompressed ``data``."""
    starts = range(0, len(data), _LARGEST_BLOCK)
    blocks = [data[start : start + _LARGEST_BLOCK] for start in starts]
    stream = [b"\x78\x01"]
    for number, block in enumerate(blocks, start=1):
        size = len(block)
        stream += [struct.pack("<BHH", number == len(blocks), size, size ^ 0xFFFF), block]
    return b"".join([*stream, struct.pack(">I", zlib.adler32(data))])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
