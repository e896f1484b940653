import numpy as np
import pytest

from lacunar.datasets.people.canvas import Canvas, Paint, cloud

GREY = Paint((100, 100, 100), part=3)


@pytest.fixture
def canvas():
    """200 pixels a body height, its crown at the top and its middle in column 50."""
    return Canvas(
        np.full((200, 100, 3), 200, np.float32),
        unit=200,
        origin=(50, 0),
        light=0.0,
        relief=0.0,
        rng=np.random.default_rng(0),
    )


def test_a_limb_has_round_ends_and_the_area_of_a_capsule(canvas):
    canvas.limb([(0, 0.3, 0.05), (0, 0.7, 0.05)], GREY)
    rows, columns = np.nonzero(canvas.parts == 3)
    assert (rows.min(), rows.max()) == (50, 149)
    assert (columns.min(), columns.max()) == (40, 59)
    assert len(rows) == pytest.approx(80 * 20 + np.pi * 100, rel=0.01)


def test_a_bent_limb_is_one_shape_without_a_line_at_the_bend(canvas):
    canvas.limb([(-0.1, 0.3, 0.04), (0, 0.5, 0.04), (-0.1, 0.7, 0.04)], GREY)
    inside = canvas.pixels[canvas.parts == 3]
    assert np.ptp(inside) == 0


def test_a_loft_follows_its_sections(canvas):
    canvas.loft([(0.25, 0, 0.1), (0.75, 0.05, 0.2)], GREY, smooth=0)
    widths = (canvas.parts == 3).sum(axis=1)
    assert widths[49] == 0
    assert widths[50] == pytest.approx(40, abs=2)
    assert widths[149] == pytest.approx(80, abs=2)
    np.testing.assert_array_equal(widths[150:], 0)


def test_what_is_painted_later_covers_and_darkens_its_rim(canvas):
    canvas.loft([(0.1, 0, 0.2), (0.9, 0, 0.2)], GREY, smooth=0)
    canvas.limb([(0, 0.5, 0.05), (0, 0.51, 0.05)], Paint((10, 10, 10), part=4))
    assert canvas.parts[100, 50] == 4
    assert canvas.parts[100, 70] == 3
    assert canvas.pixels[100, 60, 0] < canvas.pixels[100, 75, 0]


def test_light_from_the_left_brightens_the_left(canvas):
    canvas.light, canvas.relief = -0.8, 1.0
    canvas.limb([(0, 0.3, 0.1), (0, 0.7, 0.1)], GREY)
    assert canvas.pixels[100, 35, 0] > 1.5 * canvas.pixels[100, 65, 0]


@pytest.mark.parametrize("pattern", ["stripes", "pinstripes", "checks", "print"])
def test_patterns_show_all_their_colours(canvas, pattern):
    cloth = Paint((250, 0, 0), 1, pattern, ((0, 250, 0), (0, 0, 250)))
    canvas.loft([(0, 0, 0.24), (1, 0, 0.24)], cloth, smooth=0)
    shown = {int(colour) for colour in canvas.pixels[canvas.parts == 1].argmax(axis=1)}
    assert shown == ({0, 1} if pattern == "pinstripes" else {0, 1, 2})


def test_shapes_outside_the_picture_leave_it_as_it_is(canvas):
    before = canvas.pixels.copy()
    canvas.limb([(3, 0.2, 0.1), (3, 0.4, 0.1)], GREY)
    canvas.loft([(2, 0, 0.1), (3, 0, 0.1)], GREY)
    canvas.shadow(-4, 0.5, 0.2, 0.1, 0.5)
    np.testing.assert_array_equal(canvas.pixels, before)


def test_a_shadow_fades_towards_its_edge(canvas):
    canvas.shadow(0, 0.5, 0.2, 0.1, 0.5)
    assert canvas.pixels[100, 50, 0] < canvas.pixels[100, 80, 0] < canvas.pixels[100, 95, 0]
    assert not canvas.parts.any()


def test_clouds_are_smooth_noise_around_one_half():
    noise = cloud(300, 300, 20, np.random.default_rng(0))
    assert noise.min() >= 0
    assert noise.max() <= 1
    assert noise.mean() == pytest.approx(0.5, abs=0.06)
    assert np.abs(np.diff(noise, axis=0)).max() < 0.12
