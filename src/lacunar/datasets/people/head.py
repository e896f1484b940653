"""Drawing of heads: face, hair, beards, caps and hoods."""

from __future__ import annotations

from dataclasses import replace

from lacunar.datasets.people.canvas import Canvas, Colour, Paint, Section
from lacunar.datasets.people.look import PART, Look
from lacunar.datasets.people.posture import Posture


def draw_head(canvas: Canvas, look: Look, posture: Posture, top: Paint) -> None:
    """The head with hair, beard, cap or hood; ``top`` is the paint of a hood."""
    half = posture.half(0.046, 0.054)
    skull: list[Section] = [
        (0.0, 0, 0.014), (0.01, 0, half * 0.74), (0.045, 0, half), (0.085, 0, half * 0.94),
        (0.118, 0, half * 0.66), (0.136, 0, half * 0.3),
    ]  # fmt: skip
    if look.hair == "hood":
        hood = [(y, x, wide * 1.2 + 0.004) for y, x, wide in skull]
        canvas.loft(posture.sections(hood, b=0.012), replace(top, others=()))
        return
    canvas.loft(posture.sections(skull, b=0.012), Paint(look.skin, PART["skin_face"], rim=0.25))
    if posture.fz < 0.2:
        _draw_face(canvas, look, posture)
    if look.hair != "bald":
        _draw_hair(canvas, look, posture, half)


def draw_hair_fall(canvas: Canvas, look: Look, posture: Posture, top: Paint) -> None:
    """Hair or a folded hood behind the neck."""
    hair = Paint(look.hair_colour, PART["hair"], folds=0.3)
    if look.hair in {"long", "bob"}:
        end = look.hair_end if look.hair == "long" else 0.148
        half = posture.half(0.058, 0.036)
        fall: list[Section] = [
            (0.0, 0, 0.02), (0.03, 0, half * 0.94), (0.1, 0, half), (end - 0.02, 0, half * 0.96),
            (end, 0, half * 0.5),
        ]  # fmt: skip
        canvas.loft(posture.sections(fall, b=-0.022), hair)
    elif look.hair == "ponytail":
        bow = posture.at(0, 0.11, -0.072, 0.02)
        tail = [
            posture.at(0, 0.05, -0.055, 0.016),
            bow,
            posture.at(0, look.hair_end, -0.068, 0.009),
        ]
        canvas.limb(tail, hair)
    elif look.hair == "hood":
        folded: list[Section] = [
            (0.1, 0, 0.03), (0.14, 0, 0.06), (0.19, 0, 0.055), (0.21, 0, 0.02)
        ]  # fmt: skip
        canvas.loft(posture.sections(folded, b=-0.05), replace(top, others=()).darker(0.85))


def _draw_hair(canvas: Canvas, look: Look, posture: Posture, half: float) -> None:
    hair = Paint(look.hair_colour, PART["hair"], folds=0.15)
    if look.hair == "cap":
        hair = Paint(look.cap, PART["hair"])
        canvas.limb([posture.at(0, 0.042, 0.04, 0.011), posture.at(0, 0.048, 0.088, 0.009)], hair)
    sideways = abs(posture.fx) > 0.5
    # Seen from the front, hair ends at the forehead; from behind, at the neck.
    low = 0.036 if posture.fz < -0.2 else 0.105
    wide = half * (0.8 if sideways and posture.fz < 0.6 else 1.0) + 0.004
    crown: list[Section] = [
        (-0.007, 0, 0.014), (0.004, 0, wide * 0.78), (0.03, 0, wide), (low, 0, wide * 0.94),
        (low + 0.006, 0, wide * 0.6),
    ]  # fmt: skip
    canvas.loft(posture.sections(crown, b=-0.012 if sideways else 0.008), hair, smooth=1)
    if look.hair == "bun":
        knot = [posture.at(0, 0.012, -0.05, 0.024), posture.at(0, 0.02, -0.055, 0.022)]
        canvas.limb(knot, hair)


def _draw_face(canvas: Canvas, look: Look, posture: Posture) -> None:
    middle, eyes_y, _ = posture.at(0, 0.064, 0.04)
    spread = 0.018 * abs(posture.fz)
    dark = Paint(_blend(look.skin, look.hair_colour, 0.6), PART["skin_face"], rim=0.0)
    for side in (-1, 1):
        x = middle + side * spread
        canvas.limb([(x - 0.005, eyes_y, 0.0058), (x + 0.005, eyes_y, 0.0058)], dark)
    chin = middle - 0.01 * posture.fx
    if look.beard:
        beard = Paint(_blend(look.skin, look.hair_colour, 0.75), PART["skin_face"], rim=0.0)
        y = eyes_y + 0.046
        canvas.limb([(chin - 0.016, y, 0.019), (chin + 0.016, y, 0.019)], beard)
    else:
        mouth = Paint(_blend(look.skin, (150, 60, 60), 0.5), PART["skin_face"], rim=0.0)
        y = eyes_y + 0.042
        canvas.limb([(chin - 0.009, y, 0.0045), (chin + 0.009, y, 0.0045)], mouth)


def _blend(a: Colour, b: Colour, t: float) -> Colour:
    red, green, blue = (p + t * (q - p) for p, q in zip(a, b, strict=True))
    return red, green, blue
