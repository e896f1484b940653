"""Joints of a generated pedestrian, projected into the picture.

Lengths are body heights. A point of the body has coordinates ``a`` to the side, y down from the
crown and ``b`` forward. The projection rotates the body to the facing direction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lacunar.datasets.people.canvas import Joint, Section
from lacunar.datasets.people.look import Look

SHOULDER_Y, WAIST_Y, HIP_Y = 0.19, 0.385, 0.49

_TILT = 0.16  # slope of the camera: nearer points are lower in the picture
_UPPER_ARM, _FOREARM, _THIGH, _SHANK = 0.17, 0.15, 0.235, 0.225


@dataclass(frozen=True, slots=True)
class Limb:
    """An arm or a leg: its three joints and its depth, negative if near the camera."""

    upper: Joint
    middle: Joint
    lower: Joint
    depth: float


class Posture:
    """The joints of a look.

    Parameters
    ----------
    look : Look

    Attributes
    ----------
    fx, fz : float
        The look's ``forward``; the person is seen from behind where fz is positive.
    arms, legs : dict of int to Limb
        By side, -1 and 1.

    Examples
    --------
    >>> from lacunar.datasets.people.look import draw_look
    >>> import numpy as np
    >>> posture = Posture(draw_look([0, 0, 0, 0, 0, 0], np.random.default_rng(0)))
    >>> posture.legs[1].upper[1] < posture.legs[1].middle[1] < posture.legs[1].lower[1]
    True
    """

    def __init__(self, look: Look) -> None:
        self.look = look
        self.fx, self.fz = look.forward
        # A wide step lowers the body, and a walking person leans forward.
        self._drop = 0.022 * look.stride * look.stride
        self._lean = look.lean + 0.05 * abs(look.stride) * self.fx
        self.arms = {side: self._arm(side) for side in (-1, 1)}
        self.legs = {side: self._leg(side) for side in (-1, 1)}

    def at(self, a: float, y: float, b: float, radius: float = 0.0) -> Joint:
        """Position in the picture of a point of the body."""
        x = b * self.fx - a * self.fz + self._lean_at(y)
        return x, y + self._drop - _TILT * self.depth(a, b), radius

    def depth(self, a: float, b: float) -> float:
        return a * self.fx + b * self.fz

    def half(self, across: float, through: float) -> float:
        """Half the projected width of an ellipse with half axes ``across`` and ``through``."""
        wide, deep = across * self.fz, through * self.fx
        return math.sqrt(wide * wide + deep * deep)

    def sections(self, sections: list[Section], *, a: float = 0.0, b: float = 0.0) -> list[Section]:
        """Sections around an axis of the body, projected into the picture."""
        moved = []
        for y, x, half in sections:
            axis_x, axis_y, _ = self.at(a, y, b)
            moved.append((axis_y, axis_x + x, half))
        return moved

    def _lean_at(self, y: float) -> float:
        return self._lean * max(HIP_Y - y, 0.0)

    def _arm(self, side: int) -> Limb:
        look = self.look
        stride = abs(look.stride)
        swing = -side * look.stride * 0.5
        # Directions to the side, down and forward.
        elbow = (side * 0.14, _cosine(swing), swing)
        bend = swing + 0.14 + 0.25 * stride
        hand = (side * 0.02, _cosine(bend), bend)
        carries = look.bag in {"handbag", "carrier", "briefcase", "suitcase"} and side == look.side
        if carries:
            elbow, hand = (side * 0.12, 0.99, 0.1 * swing), (side * 0.02, 0.99, 0.1)
        elif look.hands == "phone" and side != look.side:
            elbow, hand = (side * 0.25, 0.9, 0.25), (-side * 0.45, -0.8, 0.4)
        elif look.hands == "reading":
            elbow, hand = (side * 0.12, 0.98, 0.12), (-side * 0.4, -0.05, 0.85)
        elif look.hands == "pocket":
            elbow, hand = (side * 0.3, 0.94, -0.12), (-side * 0.34, 0.88, 0.2)
        a, y, b = side * (look.shoulders - 0.014), SHOULDER_Y + 0.026, 0.0
        upper = self.at(a, y, b, 0.0275 * look.girth)
        a, y, b = _onward((a, y, b), elbow, _UPPER_ARM)
        middle = self.at(a, y, b, 0.0245 * look.girth)
        a, y, b = _onward((a, y, b), hand, _FOREARM)
        near = self.depth(side * look.shoulders, 0.5 * b)
        return Limb(upper, middle, self.at(a, y, b, 0.018), near)

    def _leg(self, side: int) -> Limb:
        look = self.look
        step = side * look.stride
        thigh = 0.42 * step if step > 0 else 0.25 * step
        shank = thigh - 0.1 * abs(step) if step > 0 else 0.62 * step
        a = side * look.hips * 0.5
        knee_b, knee_y = _THIGH * thigh, HIP_Y + _THIGH * _cosine(thigh)
        ankle_b, ankle_y = knee_b + _SHANK * shank, knee_y + _SHANK * _cosine(shank)
        # The lowered body must not push the feet into the ground.
        ankle_y = min(ankle_y, HIP_Y + _THIGH + _SHANK - self._drop)
        return Limb(
            self.at(a, HIP_Y, 0, 0.056 * look.girth),
            self.at(a * 1.02, knee_y, knee_b, 0.037 * look.girth),
            self.at(a * 0.95, ankle_y, ankle_b, 0.021),
            self.depth(a, ankle_b),
        )


def along(start: Joint, end: Joint, t: float) -> Joint:
    """Interpolated joint between two joints, with interpolated radius."""
    x, y, radius = (p + t * (q - p) for p, q in zip(start, end, strict=True))
    return x, y, radius


def sized(joint: Joint, radius: float) -> Joint:
    """The joint with another radius."""
    return joint[0], joint[1], radius


def wider(joint: Joint, by: float) -> Joint:
    """The joint with a larger radius."""
    return joint[0], joint[1], joint[2] + by


def _onward(
    start: tuple[float, float, float], towards: tuple[float, float, float], length: float
) -> tuple[float, float, float]:
    a, y, b = (p + length * d for p, d in zip(start, towards, strict=True))
    return a, y, b


def _cosine(sine: float) -> float:
    return math.sqrt(1 - sine * sine)
