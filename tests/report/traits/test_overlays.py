import numpy as np

from lacunar.report.traits.overlays import overlay

LUMA = np.array([0.299, 0.587, 0.114])


def picture() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    shown = np.zeros((20, 12))
    shown[5:12, 3:9] = 1
    return rng.integers(0, 256, (20, 12, 3), dtype=np.uint8), shown


def test_what_is_shown_keeps_its_colours() -> None:
    image, shown = picture()
    assert np.array_equal(overlay(image, shown)[6:11, 4:8], image[6:11, 4:8])
    assert np.array_equal(overlay(image, np.ones((20, 12))), image)


def test_the_rest_is_pale_grey_but_can_be_made_out() -> None:
    image, shown = picture()
    rest = overlay(image, shown)[14:]
    assert (np.ptp(rest, axis=2) == 0).all()
    assert rest.min() >= 191
    brightness = image[14:] @ LUMA
    assert np.corrcoef(brightness.ravel(), rest[..., 0].ravel())[0, 1] > 0.99


def test_a_black_line_goes_round_with_a_white_one_beside_it() -> None:
    image, shown = picture()
    found = overlay(image, shown)
    assert (found[5, 3:9] == 0).all()
    assert (found[5:12, 8] == 0).all()
    assert (found[4, 3:9] == 255).all()
    assert (found[5:12, 9] == 255).all()


def test_half_a_map_is_half_an_image() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    assert (overlay(image, np.full((4, 4), 0.25)) == round(0.75 * 191.25)).all()
