from dataclasses import replace

import numpy as np
import pytest

from lacunar.datasets.people.bags import bag_pieces
from lacunar.datasets.people.canvas import Canvas
from lacunar.datasets.people.look import PART, draw_look
from lacunar.datasets.people.posture import Posture

BAGS = ("backpack", "shoulder", "handbag", "carrier", "briefcase", "suitcase")


def draw(bag, forward=(0.0, 1.0), side=1):
    rng = np.random.default_rng(0)
    pixels = np.zeros((240, 160, 3), np.float32)
    canvas = Canvas(pixels, unit=220, origin=(80, 10), light=0.0, relief=0.3, rng=rng)
    look = draw_look([0, 0, 0, 0, 0, 1], rng)
    look = replace(look, bag=bag, forward=forward, side=side, lean=0.0, stride=0.0)
    pieces = bag_pieces(canvas, look, Posture(look))
    for _, piece in pieces:
        piece()
    return pieces, canvas.parts


@pytest.mark.parametrize("bag", BAGS)
def test_every_bag_is_luggage_and_large_enough_to_be_seen(bag):
    _, parts = draw(bag)
    assert set(np.unique(parts).tolist()) == {0, PART["luggage"]}
    assert (parts > 0).mean() > 0.01


def test_no_bag_has_no_pieces():
    assert draw("none")[0] == []


def test_a_backpack_is_nearest_from_behind_and_leaves_straps_in_front():
    (behind, _), (in_front, _) = draw("backpack"), draw("backpack", forward=(0.0, -1.0))
    assert [depth < 0 for depth, _ in behind] == [True]
    assert [depth < 0 for depth, _ in in_front] == [False, True]


@pytest.mark.parametrize("bag", ["handbag", "carrier", "briefcase", "suitcase"])
def test_a_bag_hangs_on_its_side(bag):
    middles = [np.nonzero(draw(bag, side=side)[1])[1].mean() for side in (-1, 1)]
    # Seen from behind, sides keep their place only if left stays left.
    assert middles[1] < 80 < middles[0]


def test_a_suitcase_stands_on_the_ground_and_a_handbag_does_not():
    lowest = {bag: np.nonzero(draw(bag)[1])[0].max() for bag in ("suitcase", "handbag")}
    assert lowest["suitcase"] > 215
    assert lowest["handbag"] < 190
