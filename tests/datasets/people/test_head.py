from dataclasses import replace

import numpy as np
import pytest

from lacunar.datasets.people.canvas import Canvas, Paint
from lacunar.datasets.people.head import draw_hair_fall, draw_head
from lacunar.datasets.people.look import PART, draw_look
from lacunar.datasets.people.posture import Posture

TOP = Paint((90, 20, 20), PART["torso"])


def draw(**changes):
    rng = np.random.default_rng(0)
    pixels = np.zeros((120, 100, 3), np.float32)
    canvas = Canvas(pixels, unit=300, origin=(50, 10), light=0.0, relief=0.3, rng=rng)
    look = replace(draw_look([1, 1, 1, 1, 1, 0], rng), lean=0.0, stride=0.0, **changes)
    posture = Posture(look)
    draw_hair_fall(canvas, look, posture, TOP)
    draw_head(canvas, look, posture, TOP)
    return canvas


def area(canvas, name):
    return int((canvas.parts == PART[name]).sum())


@pytest.mark.parametrize("hair", ["short", "bob", "long", "ponytail", "bun", "cap"])
def test_from_the_front_a_face_shows_and_from_behind_hair(hair):
    front, back = (draw(hair=hair, forward=(0.0, way)) for way in (-1.0, 1.0))
    assert area(front, "skin_face") > 500
    assert area(back, "skin_face") < 0.5 * area(front, "skin_face")
    assert area(back, "hair") > area(front, "hair") > 0


def test_the_bald_have_no_hair():
    assert area(draw(hair="bald"), "hair") == 0


def test_long_hair_falls_lower_than_short():
    ends = {
        hair: np.nonzero(draw(hair=hair, hair_end=0.28).parts == PART["hair"])[0].max()
        for hair in ("short", "bob", "long")
    }
    assert ends["short"] < ends["bob"] < ends["long"]


def test_a_hood_belongs_to_the_garment():
    hooded = draw(hair="hood", forward=(0.0, 1.0))
    assert area(hooded, "hair") == area(hooded, "skin_face") == 0
    assert area(hooded, "torso") > 500


def test_a_beard_darkens_the_chin():
    shaved, bearded = (
        draw(hair="short", beard=beard, forward=(0.0, -1.0), skin=(230.0, 190.0, 160.0))
        for beard in (False, True)
    )
    assert bearded.pixels.sum() < shaved.pixels.sum()


def test_a_profile_looks_to_where_the_person_faces():
    right, left = (draw(hair="short", forward=(way, 0.0)) for way in (1.0, -1.0))
    columns = [np.nonzero(c.parts == PART["skin_face"])[1].mean() for c in (right, left)]
    assert columns[0] > columns[1]
