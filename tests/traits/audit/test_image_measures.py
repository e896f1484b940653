from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from lacunar.errors import InputError
from lacunar.traits.audit.audited_images import AuditedImages
from lacunar.traits.audit.image_measures import measure_image, measure_images
from lacunar.traits.data.dataset import read_dataset, read_layout
from lacunar.traits.data.images import read_image


def noise(height: int = 128, width: int = 48) -> np.ndarray:
    """Grey with structure at all scales."""
    rng = np.random.default_rng(0)
    field = sum(s * gaussian_filter(rng.normal(size=(height, width)), s) for s in (0.5, 1, 2, 4, 8))
    grey = np.clip(120 + 60 * field / field.std(), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., np.newaxis], 3, axis=2)


def test_flat_black_and_white_have_the_numbers_one_expects() -> None:
    half = np.zeros((64, 32, 3), np.uint8)
    half[:, 16:] = 255
    found = measure_image(half)
    assert found.highlights[0] == pytest.approx(255)
    assert found.shadows[0] == 0
    assert found.burnt[0] == 0.5
    assert found.contrast[0] == pytest.approx(127.5)
    assert (found.height[0], found.width[0]) == (64, 32)


def test_colours_weigh_as_the_eye_has_them() -> None:
    green, blue = (np.zeros((16, 16, 3), np.uint8) for _ in range(2))
    green[..., 1] = blue[..., 2] = 200
    assert measure_image(green).highlights[0] == pytest.approx(0.587 * 200, rel=1e-5)
    assert measure_image(blue).highlights[0] == pytest.approx(0.114 * 200, rel=1e-5)


def test_sharpness_falls_with_blur_and_not_with_light_or_size() -> None:
    image = noise()
    sharp = measure_image(image).sharpness[0]
    blurred = gaussian_filter(image, (4, 4, 0))
    assert measure_image(blurred).sharpness[0] < 0.2 * sharp
    assert measure_image((image * 0.4).astype(np.uint8)).sharpness[0] == pytest.approx(
        sharp, rel=0.05
    )
    large = np.asarray(Image.fromarray(image).resize((144, 384), Image.Resampling.BICUBIC))
    assert measure_image(large).sharpness[0] == pytest.approx(sharp, rel=0.25)


def test_equal_pixels_have_equal_digests_whatever_the_shape() -> None:
    image = noise()
    assert (measure_image(image).digests == measure_image(image.copy()).digests).all()
    other = image.copy()
    other[5, 5, 0] ^= 1
    assert (measure_image(image).digests != measure_image(other).digests).any()
    turned = image.reshape(image.shape[1], image.shape[0], 3)
    assert (measure_image(image).digests != measure_image(turned).digests).any()


def test_images_of_both_parts_are_measured_in_order(people_directory: Path) -> None:
    images = AuditedImages(*read_layout(people_directory))
    told: list[tuple[int, int]] = []
    found = measure_images(images, progress=lambda done, total: told.append((done, total)))
    assert len(found) == 36
    assert told[-1] == (36, 36)
    for image in (0, 23, 24, 35):
        alone = measure_image(read_image(images.picture(image)))
        assert found.contrast[image] == alone.contrast[0]
        np.testing.assert_array_equal(found.digests[image], alone.digests[0])


def test_a_broken_image_is_named_with_its_line(tmp_path: Path) -> None:
    Image.new("RGB", (20, 40)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no image")
    (tmp_path / "coats.csv").write_text("file,coat\na.png,open\nb.png,closed\n")
    (tmp_path / "schema.toml").write_text(
        'image_column = "file"\n[[attributes]]\nname = "coat"\nclasses = ["open", "closed"]\n'
    )
    with pytest.raises(InputError, match=r"line 3, column file, b\.png: expected a JPEG"):
        measure_images(AuditedImages(read_dataset(tmp_path)))


def test_all_broken_images_are_named_in_one_error(tmp_path: Path) -> None:
    rows = ""
    for name in ("a", "b", "c", "d"):
        image = Image.effect_noise((40, 80), 50).convert("RGB")
        image.save(tmp_path / f"{name}.jpg")
        rows += f"{name}.jpg,open\n"
    for name in ("b", "d"):
        content = (tmp_path / f"{name}.jpg").read_bytes()
        (tmp_path / f"{name}.jpg").write_bytes(content[: len(content) // 2])
    (tmp_path / "coats.csv").write_text(f"file,coat\n{rows}")
    (tmp_path / "schema.toml").write_text(
        'image_column = "file"\n[[attributes]]\nname = "coat"\nclasses = ["open", "closed"]\n'
    )
    told: list[tuple[int, int]] = []
    with pytest.raises(InputError) as caught:
        measure_images(
            AuditedImages(read_dataset(tmp_path)),
            progress=lambda done, total: told.append((done, total)),
        )
    message = str(caught.value)
    assert message.startswith("expected images that can be read, got 2 errors: ")
    assert "line 3, column file, b.jpg: expected a whole image" in message
    assert "line 5, column file, d.jpg: expected a whole image" in message
    assert told[-1] == (4, 4)
