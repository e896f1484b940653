from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image, ImageOps

from lacunar.errors import InputError
from lacunar.traits.data.images import (
    MAX_PIXELS,
    content_box,
    fit_into,
    read_image,
)

Encode = Callable[..., bytes]


def sentence_of(source: bytes | Path) -> str:
    with pytest.raises(InputError) as caught:
        read_image(source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def png_header(width: int, height: int) -> bytes:
    """A PNG file whose header gives a size that its data do not have."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"x"))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "WEBP"])
def test_lossless_formats_are_read_exactly(encode: Encode, picture: Image.Image, kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    found = read_image(encode(picture, kind, **options))
    assert found.dtype == np.uint8
    assert found.flags.writeable
    assert np.array_equal(found, np.asarray(picture))


def test_a_format_is_detected_from_the_content(
    tmp_path: Path, encode: Encode, picture: Image.Image
) -> None:
    (tmp_path / "a.png").write_bytes(encode(picture, "JPEG", quality=95))
    difference = read_image(tmp_path / "a.png").astype(int) - np.asarray(picture)
    assert np.abs(difference).mean() < 12


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "PPM", "ICO"])
def test_other_formats_are_refused(encode: Encode, picture: Image.Image, kind: str) -> None:
    assert sentence_of(encode(picture, kind)) == (
        "image: expected a JPEG, PNG, WEBP or BMP image, got another kind of file or a broken one"
    )


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"<svg/>"])
def test_other_content_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    assert sentence_of(path) == (
        f"{path}: expected a JPEG, PNG, WEBP or BMP image, got another kind of file or a broken one"
    )


def test_a_missing_file_and_a_directory_are_refused(tmp_path: Path) -> None:
    assert "(No such file or directory)" in sentence_of(tmp_path / "a.png")
    assert "(Is a directory)" in sentence_of(tmp_path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
@pytest.mark.parametrize("share", [0.5, 0.8])
def test_a_truncated_image_is_refused(encode: Encode, kind: str, share: float) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 40, 3), np.uint8))
    content = encode(noise, kind)
    found = sentence_of(content[: int(len(content) * share)])
    assert found.startswith("image: expected a")
    assert "broken one" in found


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
@settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_image_is_an_image_or_a_sentence(kind: str, data: st.DataObject) -> None:
    content = bytearray(DAMAGED[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = read_image(bytes(content)).shape[2:]
        except InputError as error:
            found = str(error).partition(": expected a")[0]
    assert found in {(3,), "image"}


def _damaged() -> dict[str, bytes]:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 9, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    contents = {}
    for kind in ("JPEG", "PNG", "WEBP", "BMP"):
        file = io.BytesIO()
        image.save(file, kind, **({} if kind == "BMP" else {"exif": exif.tobytes()}))
        contents[kind] = file.getvalue()
    return contents


DAMAGED = _damaged()


@pytest.mark.parametrize("size", [(1, 1), (7, 100), (100, 7)])
def test_an_image_of_too_few_pixels_is_refused(encode: Encode, size: tuple[int, int]) -> None:
    width, height = size
    assert sentence_of(encode(Image.new("RGB", size))) == (
        f"image: expected an image of at least 8 x 8 pixels, got {width} x {height}"
    )


@pytest.mark.parametrize(
    ("width", "height", "got"),
    [(20_000, 10_000, "many more"), (12_000, 8_000, "many more"), (8_000, 6_251, "8000 x 6251")],
)
def test_an_image_of_too_many_pixels_is_never_decoded(
    monkeypatch: pytest.MonkeyPatch, width: int, height: int, got: str
) -> None:
    def decode(self: Image.Image) -> None:
        raise AssertionError("the image was decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decode)
    assert sentence_of(png_header(width, height)) == (
        f"image: expected an image of at most 50,000,000 pixels, got {got}"
    )
    assert width * height > MAX_PIXELS


def test_grey_becomes_rgb(encode: Encode) -> None:
    grey = np.arange(200, dtype=np.uint8).reshape(10, 20)
    found = read_image(encode(Image.fromarray(grey)))
    assert all(np.array_equal(found[:, :, channel], grey) for channel in range(3))


def test_one_bit_becomes_black_and_white(encode: Encode) -> None:
    bits = np.indices((10, 20)).sum(axis=0) % 2 == 0
    assert np.array_equal(read_image(encode(Image.fromarray(bits)))[:, :, 1], bits * 255)


def test_a_palette_becomes_its_colours(encode: Encode, picture: Image.Image) -> None:
    assert np.array_equal(read_image(encode(picture.quantize(4))), np.asarray(picture))


def test_16_bits_are_scaled_not_cut_off(encode: Encode) -> None:
    grey = np.linspace(0, 65535, 200).astype(np.uint16).reshape(10, 20)
    found = read_image(encode(Image.fromarray(grey)))
    assert np.array_equal(found[:, :, 0], np.round(grey / 257))
    assert (found[:, :, 0] == found[:, :, 2]).all()


def test_cmyk_becomes_rgb(encode: Encode) -> None:
    red = Image.new("CMYK", (20, 10), (0, 255, 255, 0))
    found = read_image(encode(red, "JPEG", quality=100))
    assert np.abs(found.astype(int) - (255, 0, 0)).max() <= 2


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparent_pixels_become_white(encode: Encode, kind: str) -> None:
    image = Image.new("RGBA", (20, 10), (200, 0, 0, 0))
    image.paste((200, 0, 0, 255), (0, 0, 8, 10))
    image.paste((200, 0, 0, 51), (8, 0, 14, 10))
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    found = read_image(encode(image, kind, **options))
    assert found[0, 0].tolist() == [200, 0, 0]
    assert found[0, 10].tolist() == [244, 204, 204]
    assert found[0, 19].tolist() == [255, 255, 255]


def test_grey_and_palette_images_may_be_transparent_too(encode: Encode) -> None:
    grey = encode(Image.new("LA", (20, 10), (7, 0)))
    palette = encode(Image.new("P", (20, 10), 0), transparency=0)
    assert (read_image(grey) == 255).all()
    assert (read_image(palette) == 255).all()


@pytest.mark.parametrize("hidden", [0, 25_700, 65_535])
def test_the_transparent_grey_of_an_image_becomes_white_in_8_and_16_bits(
    encode: Encode, hidden: int
) -> None:
    narrow = np.repeat(np.array([[0, 100, 101, 255]], np.uint8), 10, axis=0).repeat(5, axis=1)
    wide = narrow.astype(np.uint16) * 257
    expected = np.where(wide == hidden, 255, narrow)
    for pixels, transparent in ((narrow, hidden // 257), (wide, hidden)):
        content = encode(Image.fromarray(pixels), transparency=transparent)
        np.testing.assert_array_equal(read_image(content)[..., 0], expected)
    # A neighbour that has the same 8 bits is no hidden pixel.
    content = encode(Image.fromarray(wide), transparency=max(hidden - 1, 1))
    np.testing.assert_array_equal(read_image(content)[..., 0], narrow)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_upright(
    encode: Encode, picture: Image.Image, kind: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"PNG": {}, "JPEG": {"quality": 100}, "WEBP": {"lossless": True}}[kind]
    turned = Image.new("RGB", picture.size)
    turned.paste(picture)
    turned.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(turned)).astype(int)
    found = read_image(encode(picture, kind, exif=exif.tobytes(), **options))
    assert found.shape == expected.shape
    assert found.shape == ((20, 30, 3) if orientation < 5 else (30, 20, 3))
    corners = np.ix_([4, -5], [4, -5])
    assert np.abs(found[corners] - expected[corners]).max() < 8


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("exif", [b"Exif\0\0nonsense", b"Exif\0\0MM\0*\0\0\0\x08\0\x05\x01\x12"])
def test_invalid_exif_data_are_ignored(
    encode: Encode, picture: Image.Image, kind: str, exif: bytes
) -> None:
    assert read_image(encode(picture, kind, exif=exif)).shape == (20, 30, 3)


def test_the_first_frame_of_an_animation_counts(encode: Encode) -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "blue")]
    content = encode(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert read_image(content)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_pillow_image_is_read_as_its_file(
    encode: Encode, picture: Image.Image, mode: str
) -> None:
    image = (
        Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30) * 100)
        if mode == "I;16"
        else picture.convert(mode)
    )
    assert image.mode == mode
    before = image.tobytes()
    assert np.array_equal(read_image(image), read_image(encode(image)))
    assert image.tobytes() == before


def test_an_open_pillow_image_is_turned_upright_and_stays_open(
    encode: Encode, picture: Image.Image
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encode(picture, "JPEG", exif=exif)
    with Image.open(io.BytesIO(content)) as image:
        for _ in range(2):
            assert np.array_equal(read_image(image), read_image(content))


@given(npst.arrays(np.uint8, st.tuples(st.integers(8, 20), st.integers(8, 20))))
def test_an_array_is_read_as_it_is(grey: np.ndarray) -> None:
    rgb = np.stack([grey, 255 - grey, grey // 2], axis=2)
    assert np.array_equal(read_image(rgb), rgb)
    assert np.array_equal(read_image(grey), np.stack([grey] * 3, axis=2))


@pytest.mark.parametrize("shape", [(7, 20), (20, 7, 3), (0, 20, 3), (20, 0)])
def test_an_array_of_too_few_pixels_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"^a: expected an image of at least 8 x 8 pixels"):
        read_image(np.zeros(shape, np.uint8), where="a")


def test_an_error_names_the_image_as_given() -> None:
    with pytest.raises(InputError, match=r"^t\.csv, line 3: expected a JPEG"):
        read_image(b"", where="t.csv, line 3")


sides = st.integers(1, 300)


@given(sides, sides, st.integers(1, 60), st.integers(1, 60))
def test_a_box_is_centred_and_as_large_as_the_frame_allows(
    source_height: int, source_width: int, height: int, width: int
) -> None:
    top, left, bottom, right = content_box(source_height, source_width, height, width)
    assert 0 <= top < bottom <= height
    assert 0 <= left < right <= width
    assert (bottom - top == height) or (right - left == width)
    assert abs(top - (height - bottom)) <= 1
    assert abs(left - (width - right)) <= 1
    # Within half a pixel, the aspect is kept.
    scale = min(height / source_height, width / source_width)
    assert abs((bottom - top) - max(1, source_height * scale)) <= 0.5
    assert abs((right - left) - max(1, source_width * scale)) <= 0.5


@given(
    npst.arrays(np.uint8, st.tuples(sides, sides, st.just(3)), elements=st.just(9)),
    st.integers(1, 40),
    st.integers(1, 40),
)
@settings(max_examples=50)
def test_a_plain_image_stays_plain_and_padding_is_0(
    image: np.ndarray, height: int, width: int
) -> None:
    pixels = fit_into(image, height, width)
    top, left, bottom, right = content_box(image.shape[0], image.shape[1], height, width)
    assert (pixels[top:bottom, left:right] == 9).all()
    assert (pixels == 9).sum() == (bottom - top) * (right - left) * 3
    assert (pixels != 0).sum() == (pixels == 9).sum()


def test_an_image_that_fits_is_not_changed(picture: Image.Image) -> None:
    image = np.asarray(picture)
    pixels = fit_into(image, 24, 30)
    assert np.array_equal(pixels[2:22], image)
    assert not pixels[:2].any()
    assert not pixels[22:].any()


def test_fine_stripes_become_their_mean_not_a_pattern() -> None:
    stripes = np.zeros((300, 180, 3), np.uint8)
    stripes[::2] = 200
    pixels = fit_into(stripes, 100, 60)
    assert np.abs(pixels[5:-5].astype(int) - 100).max() <= 25
    assert abs(pixels[5:-5].mean() - 100) < 2
