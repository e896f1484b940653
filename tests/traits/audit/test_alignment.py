import numpy as np
import pytest
from PIL import Image

from lacunar.traits.audit.alignment import aligned_correlation, to_frame


def picture(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 200, (24, 12, 3), np.uint8)
    return np.asarray(Image.fromarray(small).resize((48, 96), Image.Resampling.BICUBIC))


@pytest.mark.parametrize("down", [-4, -1, 0, 3])
@pytest.mark.parametrize("right", [-3, 0, 4])
def test_an_image_is_found_where_it_was_moved(down: int, right: int) -> None:
    moved = np.roll(picture(0), (down, right), axis=(0, 1))
    assert aligned_correlation(picture(0), moved) == pytest.approx(1, abs=1e-5)


def test_the_best_place_is_that_of_trying_all() -> None:
    rng = np.random.default_rng(1)
    one = picture(0)
    moved = np.roll(one, (2, -3), axis=(0, 1)).astype(float) + rng.normal(0, 25, one.shape)
    other = moved.clip(0, 255).astype(np.uint8)
    core = one[4:-4, 4:-4].astype(float)
    core -= core.mean(axis=(0, 1))
    tried = []
    for y in range(9):
        for x in range(9):
            place = other[y : y + 88, x : x + 40].astype(float)
            place -= place.mean(axis=(0, 1))
            tried.append((core * place).sum() / np.sqrt((core**2).sum() * (place**2).sum()))
    assert aligned_correlation(one, other) == pytest.approx(max(tried), abs=1e-4)


def test_other_images_and_flat_ones_do_not_correlate() -> None:
    assert aligned_correlation(picture(0), picture(1)) < 0.5
    assert aligned_correlation(picture(0), np.full((96, 48, 3), 9, np.uint8)) == 0


def test_light_changes_nothing_and_colour_does() -> None:
    image = picture(0)
    assert aligned_correlation(image, (image * 0.7 + 30).astype(np.uint8)) > 0.999
    swapped = np.ascontiguousarray(image[..., ::-1])
    assert aligned_correlation(image, swapped) < 0.8


def test_every_image_fits_the_frame() -> None:
    assert to_frame(np.zeros((20, 8, 3), np.uint8)).shape == (96, 48, 3)
