from dataclasses import replace

import numpy as np
import pytest

from lacunar.datasets.people.look import draw_look
from lacunar.datasets.people.posture import Posture, along, sized, wider

LOOK = replace(
    draw_look([0, 0, 0, 0, 0, 0], np.random.default_rng(0)), lean=0.0, stride=0.0, hands="swing"
)
FRONT, BACK, SIDE = (0.0, -1.0), (0.0, 1.0), (1.0, 0.0)


def test_front_and_back_are_mirrored_and_the_side_is_narrow():
    front, back, side = (Posture(replace(LOOK, forward=way)) for way in (FRONT, BACK, SIDE))
    assert front.at(0.1, 0.5, 0)[0] == pytest.approx(0.1)
    assert back.at(0.1, 0.5, 0)[0] == pytest.approx(-0.1)
    assert side.at(0.1, 0.5, 0)[0] == pytest.approx(0)
    assert front.half(0.11, 0.06) == pytest.approx(0.11)
    assert side.half(0.11, 0.06) == pytest.approx(0.06)


def test_what_is_nearer_stands_lower_in_the_picture():
    front = Posture(replace(LOOK, forward=FRONT))
    assert front.depth(0, 0.2) < 0
    assert front.at(0, 0.9, 0.2)[1] > front.at(0, 0.9, 0)[1]


@pytest.mark.parametrize("stride", [-1.0, -0.5, 0.0, 0.5, 1.0])
@pytest.mark.parametrize("forward", [FRONT, BACK, SIDE])
def test_legs_go_down_and_feet_end_on_the_ground(stride, forward):
    posture = Posture(replace(LOOK, stride=stride, forward=forward))
    for leg in posture.legs.values():
        assert leg.upper[1] < leg.middle[1] < leg.lower[1] < 1.01
    assert max(leg.lower[1] for leg in posture.legs.values()) > 0.92


def test_a_stride_parts_the_feet_and_swings_the_other_arm():
    posture = Posture(replace(LOOK, stride=1.0, forward=SIDE))
    assert posture.legs[1].lower[0] > 0.1 > -0.1 > posture.legs[-1].lower[0]
    assert posture.arms[-1].lower[0] > posture.arms[1].lower[0]


@pytest.mark.parametrize("hands", ["phone", "reading", "pocket"])
def test_hands_are_raised_or_hidden_as_the_look_says(hands):
    rest = Posture(replace(LOOK, forward=FRONT)).arms[-1]
    arm = Posture(replace(LOOK, forward=FRONT, hands=hands, side=1)).arms[-1]
    assert arm.lower[1] < rest.lower[1]


def test_sections_move_with_the_axis():
    posture = Posture(replace(LOOK, forward=SIDE))
    ((y, x, half),) = posture.sections([(0.5, 0.01, 0.1)], b=0.2)
    assert (x, half) == (pytest.approx(0.21), 0.1)
    assert y == pytest.approx(0.5)


def test_joints_can_be_cut_and_widened():
    assert along((0, 0, 0.1), (1, 2, 0.3), 0.5) == (0.5, 1.0, pytest.approx(0.2))
    assert sized((1, 2, 3), 4) == (1, 2, 4)
    assert wider((1, 2, 3), 4) == (1, 2, 7)
