import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from lacunar.datasets.png import encode_png


def decode(data):
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.mode, np.asarray(image)


# The last takes more than one stored block.
@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (4, 8), (200, 150)])
def test_pillow_reads_what_was_written(shape):
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, size=(*shape, 3), dtype=np.uint8)
    mode, read = decode(encode_png(colours))
    assert mode == "RGB"
    np.testing.assert_array_equal(read, colours)


def test_pixels_are_stored_and_not_compressed():
    header, data, end = chunks(encode_png(np.array([[[1, 2, 3]]], dtype=np.uint8)))
    assert header == (b"IHDR", bytes.fromhex("00000001 00000001 08 02 00 00 00"))
    # One last block of four bytes, no filter and one pixel, then the Adler checksum.
    assert data == (b"IDAT", bytes.fromhex("7801 01 0400 fbff 00010203 000e0007"))
    assert end == (b"IEND", b"")


def chunks(data):
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    found, place = [], 8
    while place < len(data):
        (size,) = struct.unpack(">I", data[place : place + 4])
        body = data[place + 4 : place + 8 + size]
        assert zlib.crc32(body) == int.from_bytes(data[place + 8 + size : place + 12 + size])
        found.append((body[:4], body[4:]))
        place += 12 + size
    return found
