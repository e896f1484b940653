import colorsys

import numpy as np
import pytest

from lacunar.datasets.people.colours import SHADES, between, mix, one_of, shade_of
from lacunar.datasets.people.labels import COLOURS


def shades(name, n=200):
    rng = np.random.default_rng(0)
    return np.array([shade_of(COLOURS.index(name), rng) for _ in range(n)])


def test_every_colour_has_shades():
    assert len(SHADES) == len(COLOURS)


@pytest.mark.parametrize(
    ("name", "low", "high"), [("black", 0, 55), ("grey", 75, 180), ("white", 205, 255)]
)
def test_colours_without_hue_differ_by_lightness(name, low, high):
    drawn = shades(name)
    assert (np.ptp(drawn, axis=1) < 25).all()
    assert ((drawn > low) & (drawn < high)).all()


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("red", 345, 375), ("orange", 15, 40), ("yellow", 40, 65), ("green", 70, 160),
     ("blue", 200, 245), ("purple", 255, 290), ("pink", 325, 355)],
)  # fmt: skip
def test_hues_are_those_of_the_colours_name(name, low, high):
    hues = np.array([360 * colorsys.rgb_to_hsv(*(c / 255))[0] for c in shades(name)])
    hues[hues < high - 360] += 360
    assert low < np.quantile(hues, 0.02)
    assert np.quantile(hues, 0.98) < high


def test_shades_of_one_colour_vary():
    assert (shades("blue").std(axis=0) > 10).all()


def test_draws_stay_within_their_bounds():
    rng = np.random.default_rng(0)
    drawn = [between(rng, -1, 3) for _ in range(500)]
    assert -1 <= min(drawn) < -0.9
    assert 2.9 < max(drawn) < 3
    assert {one_of(rng, "abc") for _ in range(50)} == {"a", "b", "c"}
    assert all(3 <= channel <= 250 for channel in mix(((0, 0, 255),), rng, 40))
