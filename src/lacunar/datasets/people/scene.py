"""Background and foreground of a generated picture: ground, walls, objects, passers-by."""

from __future__ import annotations

from typing import Literal

import numpy as np

from lacunar.datasets.people.canvas import Canvas, Colour, Floats, Joint, Paint, cloud
from lacunar.datasets.people.colours import between, one_of
from lacunar.datasets.people.look import Look

Backdrop = Literal["wall", "bricks", "windows", "hedge", "road", "none"]
Ground = Literal["concrete", "tiles", "asphalt", "grass", "carpet"]

_GROUND: dict[Ground, Colour] = {
    "concrete": (158, 154, 146), "tiles": (150, 142, 132), "asphalt": (92, 94, 98),
    "grass": (98, 112, 74), "carpet": (150, 138, 98),
}  # fmt: skip
_WALLS: tuple[Colour, ...] = (
    (176, 164, 146), (140, 136, 132), (196, 188, 178), (120, 104, 92), (96, 104, 112)
)  # fmt: skip
_CLOTHES: tuple[Colour, ...] = (
    (34, 34, 38), (60, 70, 100), (120, 118, 116), (196, 192, 186), (110, 60, 56), (90, 96, 80)
)  # fmt: skip
_LINES: tuple[Colour, ...] = (
    (206, 176, 84), (214, 212, 204), (190, 124, 72), (120, 116, 110), (84, 84, 88)
)  # fmt: skip
_AREAS: tuple[Colour, ...] = ((150, 144, 134), (92, 108, 70), (84, 84, 88), (140, 112, 90))

# Height and half width of a passer-by's upper body.
_TRUNK = ((0.145, 0.03), (0.17, 0.075), (0.2, 0.1), (0.4, 0.08), (0.5, 0.088), (0.54, 0.085))


def draw_scene(height: int, width: int, rng: np.random.Generator) -> Floats:
    """A scene without people, seen from slightly above.

    Parameters
    ----------
    height, width : int
        In pixels.
    rng : numpy.random.Generator

    Returns
    -------
    pixels : ndarray of shape (height, width, 3), float32
        0 to 255, not clipped.

    Examples
    --------
    >>> draw_scene(40, 16, np.random.default_rng(0)).shape
    (40, 16, 3)
    """
    ground: Ground = one_of(
        rng, ("concrete", "concrete", "tiles", "tiles", "asphalt", "grass", "carpet")
    )
    backdrop: Backdrop = one_of(rng, ("wall", "bricks", "windows", "hedge", "road", "none", "none"))
    base = np.array(_GROUND[ground], np.float32) * np.float32(between(rng, 0.8, 1.12))
    y = (np.arange(height, dtype=np.float32)[:, np.newaxis] + 0.5) / np.float32(height)
    x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) / np.float32(height)
    grain = height * 0.012
    speckle = cloud(height, width, grain, rng) + cloud(height, width, grain * 7, rng) - 1
    rough = {"grass": 0.42, "carpet": 0.3}.get(ground, 0.16)
    shade = (1 + rough * speckle) * (0.86 + 0.2 * y)
    horizon = between(rng, -0.7, -0.3) if backdrop == "none" else between(rng, 0.18, 0.5)
    if ground == "tiles":
        shade = shade * _joints(x, y, horizon - 0.25, rng)
    pixels: Floats = base * shade[..., np.newaxis]
    if rng.random() < 0.4:
        _draw_strip(pixels, x, y, rng)
    if backdrop != "none":
        _draw_backdrop(pixels[: int(horizon * height)], backdrop, rng)
    if rng.random() < 0.25:
        _dapple(pixels, rng)
    return pixels


def draw_clutter(canvas: Canvas, rng: np.random.Generator) -> None:
    """Posts, bollards and other people, behind the person or cut off by the picture's edge."""
    edge = float(canvas.x[-1])
    for _ in range(int(rng.integers(0, 3))):
        x = between(rng, 0.6, 1.05) * edge * (1 if rng.random() < 0.5 else -1)
        drawn = rng.random()
        colour = one_of(rng, _WALLS)
        if drawn < 0.3:
            foot = between(rng, 0.5, 0.95)
            canvas.limb([(x, -0.3, 0.012), (x, foot, 0.014)], Paint(colour).darker(0.5))
        elif drawn < 0.55:
            _draw_bollard(canvas, x, between(rng, 0.3, 0.6), Paint(one_of(rng, _WALLS)).darker(0.7))
        else:
            _draw_passer_by(canvas, x, between(rng, 0.4, 0.9), between(rng, 0.5, 0.9), rng)
    canvas.parts[:] = 0


def draw_ground_shadow(canvas: Canvas, light: float, depth: float) -> None:
    """The person's shadow on the ground, on the side away from the light."""
    canvas.shadow(-0.05 * light, 0.985, 0.15, 0.032, depth)
    canvas.shadow(-0.22 * light, 0.965, 0.26, 0.03, depth * 0.8)


def draw_foreground(canvas: Canvas, look: Look, rng: np.random.Generator) -> None:
    """An object or person near the camera that hides one side of the person."""
    x = look.side * between(rng, 0.155, 0.175)
    if rng.random() < 0.5:
        paint = Paint(one_of(rng, _CLOTHES), folds=0.2)
        x += look.side * 0.05
        canvas.loft([(0.12, x, 0.03), (0.2, x, 0.12), (0.6, x, 0.13), (1.3, x, 0.15)], paint)
        canvas.loft([(-0.03, x, 0.02), (0.04, x, 0.055), (0.13, x, 0.04)], Paint((48, 38, 34)))
    else:
        paint = Paint(one_of(rng, _WALLS))
        canvas.loft([(-0.5, x, 0.075), (1.5, x, 0.08)], paint, smooth=0)


def _joints(x: Floats, y: Floats, horizon: float, rng: np.random.Generator) -> Floats:
    """Dark lines between paving stones that run to a vanishing point."""
    depth = 1 / (y - np.float32(horizon)).clip(0.08)
    size, lean = between(rng, 0.25, 0.5), between(rng, -0.6, 0.6)
    along = (depth * between(rng, 1.2, 2.0) / size) % 1
    across = ((x + lean) * depth / size) % 1
    line = (across < 0.045) | (along < 0.06)
    tone: Floats = 1 - np.float32(between(rng, 0.12, 0.3)) * line
    return tone


def _draw_strip(pixels: Floats, x: Floats, y: Floats, rng: np.random.Generator) -> None:
    """A kerb, a painted line or the edge of a lawn, diagonally across the ground."""
    slope, offset = between(rng, -1.6, 1.6), between(rng, -0.25, 0.25)
    distance = x - offset - slope * (y - np.float32(0.6))
    is_line = rng.random() < 0.6
    colour = one_of(rng, _LINES if is_line else _AREAS)
    wide = between(rng, 0.02, 0.05) if is_line else 2.0
    on = (distance > 0) & (distance < wide)
    mean = (pixels[..., :1] + pixels[..., 1:2] + pixels[..., 2:]) / np.float32(420)
    pixels[on] = (np.array(colour, np.float32) * mean)[on]


def _draw_backdrop(pixels: Floats, backdrop: Backdrop, rng: np.random.Generator) -> None:
    height, width = pixels.shape[:2]
    unit = max(width, 1)
    colour = np.array(one_of(rng, _WALLS), np.float32)
    y = np.arange(height, dtype=np.float32)[:, np.newaxis] / unit
    x = np.arange(width, dtype=np.float32) / unit
    rough = cloud(height, width, unit * 0.12, rng) - 0.5
    if backdrop == "bricks":
        colour = colour * np.array((1.02, 0.86, 0.74), np.float32)
        row = y / np.float32(0.055)
        shifted = x / np.float32(0.13) + (row.astype(np.int64) % 2) * np.float32(0.5)
        joint = (row % 1 < 0.16) | (shifted % 1 < 0.08)
        tone = 0.9 + 0.25 * rough + np.float32(0.16) * joint
    elif backdrop == "windows":
        pane = (x + between(rng, 0, 1)) / np.float32(between(rng, 0.3, 0.7)) % 1
        frame = pane < 0.12
        glass = 0.28 + 0.3 * rough + 0.12 * (pane > 0.6)
        tone = np.where(frame, 1.0, glass)
    elif backdrop == "hedge":
        leaves = cloud(height, width, unit * 0.04, rng)
        colour = np.array(one_of(rng, ((70, 96, 52), (96, 116, 60), (56, 78, 52))), np.float32)
        tone = 0.5 + 0.9 * leaves * (0.7 + rough)
    elif backdrop == "road":
        colour = np.array((88, 90, 94), np.float32)
        tone = (
            1 + 0.2 * rough + np.float32(0.7) * (np.abs(y - y[-1] * between(rng, 0.2, 0.9)) < 0.03)
        )
    else:
        tone = 1 + 0.16 * rough - 0.1 * y
    pixels[:] = colour * np.broadcast_to(tone, (height, width))[..., np.newaxis]
    pixels[-max(height // 24, 2) :] *= np.float32(0.72)


def _dapple(pixels: Floats, rng: np.random.Generator) -> None:
    """Shadows of trees or buildings with soft edges."""
    height, width = pixels.shape[:2]
    shade = cloud(height, width, height * between(rng, 0.08, 0.3), rng)
    pixels *= (1.2 - 0.55 * ((shade - 0.4) * 3.5).clip(0, 1))[..., np.newaxis]


def _draw_bollard(canvas: Canvas, x: float, foot: float, paint: Paint) -> None:
    # Small and far away, so that it does not look like a suitcase.
    canvas.shadow(x, foot, 0.06, 0.02, 0.4)
    canvas.limb([(x, foot - 0.14, 0.02), (x, foot - 0.01, 0.024)], paint)


def _draw_passer_by(
    canvas: Canvas, x: float, foot: float, size: float, rng: np.random.Generator
) -> None:
    top, bottom = Paint(one_of(rng, _CLOTHES)), Paint(one_of(rng, _CLOTHES)).darker(0.8)
    step = between(rng, 0.01, 0.09)

    def at(a: float, y: float, radius: float) -> Joint:
        return x + a * size, foot + (y - 1) * size, radius * size

    canvas.shadow(x, foot, 0.16 * size, 0.03 * size, 0.4)
    for side in (-1, 1):
        hip, knee = at(side * 0.035, 0.5, 0.052), at(side * (0.035 + step / 2), 0.74, 0.04)
        canvas.limb([hip, knee, at(side * (0.03 + step), 0.96, 0.028)], bottom)
    for side in (-1, 1):
        shoulder, elbow = at(side * 0.088, 0.21, 0.033), at(side * 0.11, 0.37, 0.029)
        canvas.limb([shoulder, elbow, at(side * (0.105 + step / 2), 0.5, 0.022)], top)
    trunk = [at(0, y, half) for y, half in _TRUNK]
    canvas.loft([(y, middle, half) for middle, y, half in trunk], top)
    canvas.limb([at(0, 0.06, 0.046), at(0, 0.1, 0.034)], Paint((186, 142, 112)))
    canvas.limb([at(0, 0.035, 0.047), at(0, 0.05, 0.046)], Paint((44, 36, 32)))
