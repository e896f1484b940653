"""Drawing of a pedestrian on a canvas, from the farthest part to the nearest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from lacunar.datasets.people.bags import bag_pieces
from lacunar.datasets.people.canvas import Canvas, Joint, Paint, Section
from lacunar.datasets.people.head import draw_hair_fall, draw_head
from lacunar.datasets.people.look import PART, Cloth, Look
from lacunar.datasets.people.posture import HIP_Y, WAIST_Y, Limb, Posture, along, sized, wider

_HEMS = {"coat": 0.66, "jacket": 0.525, "shirt": 0.505}
_HEM_OF_TEE = 0.485


def draw_figure(canvas: Canvas, look: Look) -> None:
    """Paint the person and mark the body parts.

    Parameters
    ----------
    canvas : Canvas
        Painted in place.
    look : Look

    Examples
    --------
    >>> import numpy as np
    >>> from lacunar.datasets.people.look import draw_look
    >>> rng = np.random.default_rng(0)
    >>> pixels = np.zeros((120, 60, 3), np.float32)
    >>> canvas = Canvas(pixels, unit=110, origin=(30, 5), light=0, relief=0.5, rng=rng)
    >>> draw_figure(canvas, draw_look([0, 1, 8, 0, 1, 0], rng))
    >>> sorted(np.unique(canvas.parts).tolist())
    [0, 1, 2, 4, 5, 6, 7]
    """
    posture = Posture(look)
    top = _cloth_paint(look.top_cloth, "torso")
    bottom = _cloth_paint(look.bottom_cloth, "legs")
    for leg in sorted(posture.legs.values(), key=lambda leg: -leg.depth):
        _draw_leg(canvas, look, posture, leg, bottom)
    _draw_seat(canvas, look, posture, bottom)
    pieces: list[tuple[float, Callable[[], None]]] = [
        (0.0, partial(_draw_torso, canvas, look, posture, top)),
        (-0.02 if posture.fz < 0 else 0.02, partial(draw_head, canvas, look, posture, top)),
        # Long hair and hoods are behind the shoulders.
        (posture.depth(0, -0.06), partial(draw_hair_fall, canvas, look, posture, top)),
    ]
    pieces += [
        (arm.depth - 0.012, partial(_draw_arm, canvas, look, arm, top))
        for arm in posture.arms.values()
    ]
    pieces += bag_pieces(canvas, look, posture)
    for _, draw in sorted(pieces, key=lambda piece: -piece[0]):
        draw()


def _cloth_paint(cloth: Cloth, part: str) -> Paint:
    return Paint(cloth.colour, PART[part], cloth.pattern, cloth.others, folds=0.26)


def _draw_leg(canvas: Canvas, look: Look, posture: Posture, leg: Limb, cloth: Paint) -> None:
    _draw_shoe(canvas, look, posture, leg)
    if look.bottom in {"shorts", "skirt", "long skirt"}:
        calf = sized(along(leg.middle, leg.lower, 0.3), 0.033 * look.girth)
        skin = Paint(look.skin, PART["skin_legs"])
        canvas.limb([leg.upper, leg.middle, calf, leg.lower], skin)
    if look.bottom == "shorts":
        reach = (look.hem - HIP_Y) / (leg.middle[1] - leg.upper[1])
        hem = sized(along(leg.upper, leg.middle, min(reach, 1.08)), 0.047 * look.girth)
        canvas.limb([wider(leg.upper, 0.003), hem], cloth)
    elif look.bottom in {"trousers", "leggings"}:
        loose = look.loose if look.bottom == "trousers" else 0.001
        shin = along(leg.middle, leg.lower, 0.45)
        canvas.limb(
            [
                wider(leg.upper, 0.003),
                wider(leg.middle, loose),
                wider(shin, loose),
                wider(leg.lower, 0.003 + loose),
            ],
            cloth,
        )


def _draw_shoe(canvas: Canvas, look: Look, posture: Posture, leg: Limb) -> None:
    x, y, _ = leg.lower
    heel: Joint = (x - 0.018 * posture.fx, y + 0.018, 0.022)
    toe: Joint = (x + 0.068 * posture.fx, y + 0.024 - 0.022 * posture.fz, 0.0185)
    canvas.limb([heel, toe], Paint(look.shoes, PART["shoes"]))


def _draw_seat(canvas: Canvas, look: Look, posture: Posture, cloth: Paint) -> None:
    """A skirt, or the seat that joins the legs of trousers."""
    hips = posture.half(look.hips + 0.006, look.hips * 0.95)
    sway = 0.02 * abs(look.stride) * posture.fx
    waist: list[Section] = [(WAIST_Y, 0, hips * 0.84), (HIP_Y - 0.02, 0, hips)]
    if look.bottom == "skirt":
        sections = [*waist, (look.hem, sway, hips * (look.flare + 0.1 * abs(look.stride)))]
    elif look.bottom == "long skirt":
        sections = [*waist, (0.9, sway, hips * (look.flare + 0.12))]
    else:
        # Legs and seat are one piece of cloth, without a shadow between them.
        cloth = replace(cloth, rim=0.0)
        sections = [*waist, (HIP_Y + 0.02, 0, hips), (HIP_Y + 0.075, 0, hips * 0.72)]
    canvas.loft(posture.sections(sections), cloth)


def _draw_torso(canvas: Canvas, look: Look, posture: Posture, cloth: Paint) -> None:
    depth = 0.066 * look.girth
    r, g, b = look.skin
    neck = Paint((r * 0.86, g * 0.82, b * 0.8), PART["skin_face"])
    canvas.limb([posture.at(0, 0.12, 0.008, 0.028), posture.at(0, 0.17, 0, 0.032)], neck)
    shoulder = posture.half(look.shoulders, depth)
    waist = posture.half(look.waist + 0.006, depth * 0.98)
    hip = posture.half(look.hips + 0.008, depth * 1.12)
    hem = _HEMS.get(look.top, _HEM_OF_TEE)
    close = look.top in {"tee", "sleeveless"}
    sections: list[Section] = [
        (0.142, 0, 0.026),
        (0.154, 0, 0.042),
        (0.172, 0, shoulder * 0.78),
        (0.194, 0, shoulder * 0.99),
        (0.25, 0, shoulder * 0.98),
        (0.3, 0, (shoulder + waist) / 2 + 0.004),
        (WAIST_Y, 0, waist if close else (waist + hip) / 2),
        (min(hem, 0.47), 0, hip),
        (hem, 0, hip * (1.08 if look.top == "coat" else 0.99)),
        (hem + 0.004, 0, hip * 0.94),
    ]
    canvas.loft(posture.sections(sections), cloth)
    if posture.fz < -0.25:
        _draw_front(canvas, look, posture, shoulder, hem)


def _draw_front(canvas: Canvas, look: Look, posture: Posture, shoulder: float, hem: float) -> None:
    """Details that are visible only from the front: a neckline, or clothes under an open coat."""
    if look.top in {"tee", "sleeveless"}:
        wide = 0.05 if look.top == "sleeveless" else 0.036
        skin = Paint(look.skin, PART["skin_face"], rim=0.1)
        neckline: list[Section] = [(0.135, 0, wide), (0.165, 0, wide * 0.75), (0.188, 0, 0.004)]
        canvas.loft(posture.sections(neckline, b=0.03), skin)
    elif look.top in {"jacket", "coat"} and look.is_open:
        slit = shoulder * 0.26
        lining = Paint(look.lining, PART["torso"], folds=0.1)
        opening: list[Section] = [
            (0.145, 0, 0.024), (0.21, 0, slit), (0.36, 0, slit * 0.8), (hem - 0.03, 0, slit)
        ]  # fmt: skip
        canvas.loft(posture.sections(opening, b=0.03), lining)
    elif look.top == "shirt":
        seam = Paint(look.top_cloth.colour, PART["torso"], rim=0.3)
        canvas.limb(
            [posture.at(0, 0.17, 0.05, 0.002), posture.at(0, hem - 0.02, 0.05, 0.002)], seam
        )


def _draw_arm(canvas: Canvas, look: Look, arm: Limb, cloth: Paint) -> None:
    skin = Paint(look.skin, PART["skin_arms"])
    hand = sized(along(arm.middle, arm.lower, 1.16), 0.02)
    canvas.limb([arm.upper, arm.middle, arm.lower, hand], skin, melts=True)
    loose = 0.009 if look.top in {"coat", "jacket"} else 0.005
    upper, middle, lower = (wider(joint, loose) for joint in (arm.upper, arm.middle, arm.lower))
    if look.sleeve > 0.5:
        cuff = along(middle, lower, 2 * look.sleeve - 1)
        canvas.limb([upper, middle, cuff], cloth, melts=True)
    elif look.sleeve > 0:
        cuff = along(upper, middle, 2 * look.sleeve)
        canvas.limb([upper, wider(cuff, 0.003)], cloth, melts=True)
