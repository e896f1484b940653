"""Canvas for shaded bodies, drawn from tapered limbs and lofted shapes.

Pixels are computed only from sums, products, quotients and square roots, which IEEE 754 rounds the
same way on every machine. Sines and the polygon fillers of libraries may differ in the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Colour = tuple[float, float, float]
Pattern = Literal["plain", "stripes", "pinstripes", "checks", "print"]
# y, x of the middle and half the width, in ascending y.
Section = tuple[float, float, float]
# x, y and radius.
Joint = tuple[float, float, float]

_RIM = 0.007  # width of the shadow around a shape, on shapes behind it


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours and texture of a shape.

    Attributes
    ----------
    colour : tuple of 3 floats
        Red, green and blue, 0 to 255.
    part : int
        Number of the body part that the painted pixels show, 0 for none.
    pattern : str
    others : tuple of colours
        Further colours of the pattern.
    folds : float
        Depth of the folds of the cloth; 0 for skin and hard surfaces.
    rim : float
        Darkness of the shadow around the shape.
    """

    colour: Colour
    part: int = 0
    pattern: Pattern = "plain"
    others: tuple[Colour, ...] = ()
    folds: float = 0.0
    rim: float = 0.35

    def darker(self, factor: float) -> Paint:
        r, g, b = self.colour
        return replace(self, colour=(r * factor, g * factor, b * factor))


class Canvas:
    """A picture with coordinates in body heights: x from the middle of the body, y from the crown.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), float32
        Painted in place.
    unit : float
        Pixels per body height.
    origin : tuple of float
        Column and row of x = 0, y = 0.
    light : float
        Direction of the light, -1 left to 1 right.
    relief : float
        Darkness of the sides, 0 to 1.
    rng : numpy.random.Generator
        For folds and prints.
    """

    def __init__(
        self,
        pixels: Floats,
        *,
        unit: float,
        origin: tuple[float, float],
        light: float,
        relief: float,
        rng: np.random.Generator,
    ) -> None:
        height, width = pixels.shape[:2]
        self.pixels = pixels
        self.parts = np.zeros((height, width), dtype=np.uint8)
        self.x = ((np.arange(width) + 0.5 - origin[0]) / unit).astype(np.float32)
        self.y = ((np.arange(height) + 0.5 - origin[1]) / unit).astype(np.float32)
        self.light, self.relief = light, relief
        self._folds = cloud(height, width, unit * 0.045, rng) - 0.5
        self._print = cloud(height, width, unit * 0.017, rng)

    def limb(self, joints: Sequence[Joint], paint: Paint, *, melts: bool = False) -> None:
        """A tapered rod with round ends that bends at its inner joints.

        ``melts`` omits the shadow around its first end, for example where an arm meets a shoulder.
        """
        reach = max(radius for _, _, radius in joints) + _RIM
        rows, columns = self._window(
            min(x for x, _, _ in joints) - reach,
            max(x for x, _, _ in joints) + reach,
            min(y for _, y, _ in joints) - reach,
            max(y for _, y, _ in joints) + reach,
        )
        x, y = self.x[columns], self.y[rows, np.newaxis]
        shape = (y.size, x.size)
        nearest = np.full(shape, np.inf, dtype=np.float32)
        across, rim = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.bool_)
        for k, ((ax, ay, ar), (bx, by, br)) in enumerate(pairwise(joints)):
            dx, dy = bx - ax, by - ay
            along = ((x - ax) * dx + (y - ay) * dy) / max(dx * dx + dy * dy, 1e-9)
            along = along.clip(0, 1)
            radius = ar + along * (br - ar)
            aside, below = x - ax - along * dx, y - ay - along * dy
            distance = aside * aside + below * below
            ratio = distance / (radius * radius)
            nearer = ratio < nearest
            nearest[nearer] = ratio[nearer]
            across[nearer] = (aside / radius)[nearer]
            outer = radius + _RIM
            rim |= (distance <= outer * outer) & ((along > 0.45) | (not melts or k > 0))
        self._shade_rim(rows, columns, rim & (nearest > 1), paint)
        self._lay(rows, columns, nearest <= 1, across, paint)

    def loft(self, sections: list[Section], paint: Paint, *, smooth: int = 2) -> None:
        """A shape through horizontal sections, with its outline smoothed ``smooth`` times."""
        for _ in range(smooth):
            sections = _cut_corners(sections)
        knots = np.array(sections, dtype=np.float32)
        left, right = (knots[:, 1] - knots[:, 2]).min(), (knots[:, 1] + knots[:, 2]).max()
        top, bottom = float(knots[0, 0]), float(knots[-1, 0])
        rows, columns = self._window(
            float(left) - _RIM, float(right) + _RIM, top, bottom + 1.5 * _RIM
        )
        y = self.y[rows]
        k = np.searchsorted(knots[:, 0], y).clip(1, len(knots) - 1)
        step = np.maximum(knots[k, 0] - knots[k - 1, 0], np.float32(1e-6))
        along = ((y - knots[k - 1, 0]) / step).clip(0, 1)[:, np.newaxis]
        middle, half = np.split(knots[k - 1, 1:] + along * (knots[k, 1:] - knots[k - 1, 1:]), 2, 1)
        offset = self.x[columns] - middle
        inside = (np.abs(offset) <= half) & (y <= bottom)[:, np.newaxis]
        self._shade_rim(rows, columns, (np.abs(offset) <= half + _RIM) & ~inside, paint)
        self._lay(rows, columns, inside, offset / np.maximum(half, np.float32(1e-4)), paint)

    def shadow(self, x: float, y: float, half: float, drop: float, depth: float) -> None:
        """A soft dark ellipse on the ground."""
        rows, columns = self._window(x - half, x + half, y - drop, y + drop)
        across = (self.x[columns] - x) / half
        down = (self.y[rows, np.newaxis] - y) / drop
        fade = (1 - across * across - down * down).clip(0, 1)
        self.pixels[rows, columns] *= (1 - depth * fade)[..., np.newaxis]

    def _window(self, left: float, right: float, top: float, bottom: float) -> tuple[slice, slice]:
        rows = slice(*np.searchsorted(self.y, np.array([top, bottom], np.float32)).tolist())
        columns = slice(*np.searchsorted(self.x, np.array([left, right], np.float32)).tolist())
        return rows, columns

    def _lay(
        self, rows: slice, columns: slice, inside: NDArray[np.bool_], across: Floats, paint: Paint
    ) -> None:
        turned = across - self.light
        shade = 1.06 - self.relief * turned * turned * np.float32(0.45)
        if paint.folds:
            shade = shade + paint.folds * self._folds[rows, columns]
        colour = self._cloth(rows, columns, paint)
        # A plain colour is not broadcast over the window, which would take twice as long.
        if colour.ndim > 1:
            colour = np.broadcast_to(colour, (*inside.shape, 3))[inside]
        shade = np.broadcast_to(shade, inside.shape)[inside]
        self.pixels[rows, columns][inside] = colour * shade[:, np.newaxis].clip(0.25, 1.3)
        self.parts[rows, columns][inside] = paint.part

    def _cloth(self, rows: slice, columns: slice, paint: Paint) -> Floats:
        colours = np.array([paint.colour, *paint.others], dtype=np.float32)
        x, y = self.x[columns], self.y[rows, np.newaxis]
        if paint.pattern == "plain" or len(colours) == 1:
            plain: Floats = colours[0]
            return plain
        if paint.pattern == "stripes":
            which = (y * 26 % 1 * len(colours)).astype(np.intp) + np.zeros(x.size, dtype=np.intp)
        elif paint.pattern == "pinstripes":
            which = (x * 45 % 1 < 0.28).astype(np.intp) + np.zeros((y.size, 1), dtype=np.intp)
        elif paint.pattern == "checks":
            which = (x * 24 % 1 < 0.4).astype(np.intp) + (y * 24 % 1 < 0.4).astype(np.intp)
        else:
            blot = ((self._print[rows, columns] - 0.2) * 1.667).clip(0, 0.999)
            which = (blot * len(colours)).astype(np.intp)
        cloth: Floats = colours[which % len(colours)]
        return cloth

    def _shade_rim(self, rows: slice, columns: slice, rim: NDArray[np.bool_], paint: Paint) -> None:
        # Only on the body: on the background it would look like a drawn outline.
        body = rim & (self.parts[rows, columns] > 0)
        self.pixels[rows, columns][body] *= np.float32(1 - paint.rim)


def cloud(height: int, width: int, grain: float, rng: np.random.Generator) -> Floats:
    """Smooth noise from 0 to 1, mean 0.5, with spots about ``grain`` pixels wide.

    Examples
    --------
    >>> cloud(4, 6, 2.0, np.random.default_rng(0)).shape
    (4, 6)
    """
    grain = max(grain, 1.0)
    grid = rng.random((int(height / grain) + 3, int(width / grain) + 3), dtype=np.float32)
    y, x = np.arange(height) / grain, np.arange(width) / grain
    i, j = y.astype(np.intp), x.astype(np.intp)
    down, right = _ease(y - i)[:, np.newaxis], _ease(x - j)
    rows = grid[i] + (grid[i + 1] - grid[i]) * down
    mixed: Floats = rows[:, j] + (rows[:, j + 1] - rows[:, j]) * right
    return mixed


def _ease(t: NDArray[np.float64]) -> Floats:
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def _cut_corners(sections: list[Section]) -> list[Section]:
    """Chaikin's corner cutting, with fixed ends."""
    cut = [sections[0]]
    for a, b in pairwise(sections):
        for t in (0.25, 0.75):
            y, x, half = (p + t * (q - p) for p, q in zip(a, b, strict=True))
            cut.append((y, x, half))
    return [*cut, sections[-1]]
