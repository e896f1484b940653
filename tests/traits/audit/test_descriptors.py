import numpy as np
from PIL import Image
from scipy.fft import dctn

from lacunar.traits.audit.descriptors import describe, mirrored


def picture(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (16, 8, 3), np.uint8)
    return np.asarray(Image.fromarray(small).resize((48, 128), Image.Resampling.BICUBIC))


def test_a_descriptor_is_the_low_frequencies_of_the_grey_image() -> None:
    image = picture(0)
    small = Image.fromarray(image).resize((16, 32), Image.Resampling.BOX).convert("L")
    low = dctn(np.asarray(small, float), norm="ortho")[:8, :8]
    low[0, 0] = 0
    np.testing.assert_allclose(describe(image), (low / np.linalg.norm(low)).ravel(), atol=1e-5)


def test_copies_are_alike_and_other_images_are_not() -> None:
    image, other = describe(picture(0)), describe(picture(1))
    lighter = (picture(0) * 0.9 + 20).astype(np.uint8)
    moved = np.roll(picture(0), 2, axis=0)
    smaller = np.asarray(Image.fromarray(picture(0)).resize((24, 64)))
    assert min(image @ describe(copy) for copy in (lighter, moved, smaller)) > 0.9
    assert abs(image @ other) < 0.6


def test_the_descriptor_of_a_mirror_image_needs_no_image() -> None:
    images = [picture(seed) for seed in range(3)]
    direct = np.stack([describe(image[:, ::-1]) for image in images])
    np.testing.assert_allclose(mirrored(np.stack(list(map(describe, images)))), direct, atol=1e-5)


def test_a_flat_image_is_like_nothing() -> None:
    noisy = np.random.default_rng(0).integers(100, 103, (128, 48, 3), np.uint8)
    assert not describe(noisy).any()
