from dataclasses import replace

import numpy as np
import pytest

from lacunar.datasets.people.canvas import Canvas
from lacunar.datasets.people.figure import draw_figure
from lacunar.datasets.people.look import PART, draw_look

BARE, COVERED = [1, 1, 8, 1, 1, 0], [1, 0, 8, 0, 1, 0]


def parts_of(labels, **changes):
    rng = np.random.default_rng(0)
    pixels = np.zeros((240, 140, 3), np.float32)
    canvas = Canvas(pixels, unit=220, origin=(70, 10), light=0.3, relief=0.6, rng=rng)
    look = draw_look(labels, rng)
    draw_figure(canvas, replace(look, **changes))
    return canvas.parts


def area(parts, name):
    return int((parts == PART[name]).sum())


@pytest.mark.parametrize("forward", [(0.0, -1.0), (0.0, 1.0), (1.0, 0.0), (-1.0, 0.0)])
def test_a_person_stands_between_crown_and_ground(forward):
    rows, columns = np.nonzero(parts_of(BARE, forward=forward))
    assert 5 <= rows.min() <= 16
    assert 220 <= rows.max() <= 235
    assert abs(columns.mean() - 69.5) < 12
    assert np.ptp(columns) < 130


def test_short_clothes_bare_arms_and_legs():
    bare, covered = parts_of(BARE), parts_of(COVERED, bottom="trousers")
    assert area(bare, "skin_arms") > 2 * area(covered, "skin_arms")
    assert area(bare, "skin_legs") > 200
    assert area(covered, "skin_legs") == 0


@pytest.mark.parametrize("bottom", ["trousers", "leggings", "long skirt", "shorts", "skirt"])
def test_each_garment_covers_the_legs_as_far_as_it_reaches(bottom):
    rows = np.nonzero(parts_of(BARE, bottom=bottom, hem=0.7) == PART["legs"])[0]
    low = (rows.max() - 10) / 220
    if bottom in {"shorts", "skirt"}:
        assert 0.65 < low < 0.8
    else:
        assert low > 0.85


@pytest.mark.parametrize("top", ["tee", "sleeveless", "shirt", "jacket", "coat"])
def test_each_top_covers_the_torso(top):
    parts = parts_of(COVERED, top=top, forward=(0.0, -1.0))
    assert area(parts, "torso") > 2500
    assert parts[10 + int(0.3 * 220), 70] == PART["torso"]


def test_a_coat_is_longer_than_a_tee():
    tee, coat = (
        np.nonzero(parts_of(COVERED, top=top) == PART["torso"])[0].max() for top in ("tee", "coat")
    )
    assert coat > tee + 25


def test_loose_trousers_are_wider_than_leggings():
    wide, tight = (
        parts_of(COVERED, bottom="trousers", loose=0.012),
        parts_of(COVERED, bottom="leggings"),
    )
    assert area(wide, "legs") > area(tight, "legs")
