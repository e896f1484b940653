"""Drawing of bags and luggage."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from lacunar.datasets.people.canvas import Canvas, Paint, Section
from lacunar.datasets.people.look import PART, Bag, Look
from lacunar.datasets.people.posture import Posture

# Half width, half depth and height of bags carried in a hand.
_HAND_BAGS: dict[Bag, tuple[float, float, float]] = {
    "handbag": (0.05, 0.078, 0.12),
    "carrier": (0.055, 0.072, 0.17),
    "briefcase": (0.03, 0.105, 0.13),
}


def bag_pieces(
    canvas: Canvas, look: Look, posture: Posture
) -> list[tuple[float, Callable[[], None]]]:
    """The parts of the bag, each with its depth and the function that draws it."""
    bag = Paint(look.bag_colour, PART["luggage"], folds=0.12)
    arm = posture.arms[look.side]
    if look.bag == "backpack":
        pieces: list[tuple[float, Callable[[], None]]] = [
            (posture.depth(0, -0.11), partial(_draw_backpack, canvas, posture, bag))
        ]
        if posture.fz < 0.4:
            pieces.append((-0.005, partial(_draw_straps, canvas, look, posture, bag)))
        return pieces
    if look.bag == "shoulder":
        side = posture.depth(look.side * look.hips * 1.3, -0.02)
        return [
            (-0.004, partial(_draw_sling, canvas, look, posture, bag)),
            (side - 0.02, partial(_draw_shoulder_bag, canvas, look, posture, bag)),
        ]
    if look.bag in _HAND_BAGS:
        return [(arm.depth - 0.02, partial(_draw_hand_bag, canvas, look, posture, bag))]
    if look.bag == "suitcase":
        return [(arm.depth + 0.2, partial(_draw_suitcase, canvas, look, posture, bag))]
    return []


def _draw_backpack(canvas: Canvas, posture: Posture, bag: Paint) -> None:
    half = posture.half(0.08, 0.05)
    _draw_box(canvas, posture, (0.0, -0.09), (0.185, 0.41), half, bag)
    if posture.fz > 0.3:
        _draw_box(canvas, posture, (0.0, -0.09), (0.31, 0.395), half * 0.7, bag.darker(0.75))


def _draw_straps(canvas: Canvas, look: Look, posture: Posture, bag: Paint) -> None:
    for side in (-1, 1):
        a = side * look.shoulders * 0.56
        strap = [posture.at(a, 0.168, 0.03, 0.012), posture.at(a * 1.15, 0.33, 0.05, 0.011)]
        canvas.limb(strap, bag.darker(0.8))


def _draw_sling(canvas: Canvas, look: Look, posture: Posture, bag: Paint) -> None:
    b = 0.04 if posture.fz < 0 else -0.04
    over = posture.at(-look.side * look.shoulders * 0.5, 0.165, b * 0.5, 0.009)
    canvas.limb([over, posture.at(look.side * look.hips, 0.45, b, 0.009)], bag.darker(0.8))


def _draw_shoulder_bag(canvas: Canvas, look: Look, posture: Posture, bag: Paint) -> None:
    place = (look.side * (look.hips + 0.03), -0.01)
    _draw_box(canvas, posture, place, (0.43, 0.56), posture.half(0.05, 0.085), bag)


def _draw_hand_bag(canvas: Canvas, look: Look, posture: Posture, bag: Paint) -> None:
    x, y, _ = posture.arms[look.side].lower
    across, through, height = _HAND_BAGS[look.bag]
    half = posture.half(across, through)
    y += 0.03
    for side in (-1, 1):
        handle = [(x + side * 0.01, y, 0.006), (x + side * half * 0.6, y + 0.045, 0.006)]
        canvas.limb(handle, bag.darker(0.7))
    canvas.loft(_box(x, y + 0.035, y + 0.035 + height, half), bag, smooth=1)


def _draw_suitcase(canvas: Canvas, look: Look, posture: Posture, bag: Paint) -> None:
    place = (look.side * (look.shoulders + 0.07), -0.1)
    x, floor, _ = posture.at(place[0], 0.97, place[1])
    wrist_x, wrist_y, _ = posture.arms[look.side].lower
    rod = Paint((70, 70, 74), PART["luggage"])
    for side in (-1, 1):
        top = (wrist_x + side * 0.015, wrist_y + 0.02, 0.006)
        canvas.limb([top, (x + side * 0.025, floor - 0.29, 0.006)], rod)
    canvas.shadow(x, floor, 0.1, 0.02, 0.4)
    canvas.loft(_box(x, floor - 0.31, floor - 0.005, posture.half(0.078, 0.06)), bag, smooth=1)
    for side in (-1, 1):
        canvas.limb([(x + side * 0.04, floor, 0.012), (x + side * 0.042, floor, 0.012)], rod)


def _draw_box(
    canvas: Canvas,
    posture: Posture,
    place: tuple[float, float],
    rows: tuple[float, float],
    half: float,
    paint: Paint,
) -> None:
    """A rounded box at (a, b) between the two rows."""
    a, b = place
    canvas.loft(posture.sections(_box(0.0, *rows, half), a=a, b=b), paint, smooth=1)


def _box(x: float, top: float, bottom: float, half: float) -> list[Section]:
    corner = min(0.03, (bottom - top) / 4)
    return [
        (top, x, half * 0.62), (top + corner, x, half), (bottom - corner, x, half),
        (bottom, x, half * 0.82),
    ]  # fmt: skip
