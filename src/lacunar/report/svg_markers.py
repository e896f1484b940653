"""Markers that differ in shape and in colour, so that figures stay readable in grey."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from lacunar import colours
from lacunar.report.svg import INK, element

COLOURS = colours.COLOURS

_Outline = tuple[tuple[float, float], ...]


def _star() -> _Outline:
    radii = (1.45, 0.62)
    return tuple(
        (radii[i % 2] * math.sin(i * math.pi / 5), -radii[i % 2] * math.cos(i * math.pi / 5))
        for i in range(10)
    )


_PLUS: _Outline = (
    (-0.4, -1.25), (0.4, -1.25), (0.4, -0.4), (1.25, -0.4), (1.25, 0.4), (0.4, 0.4),
    (0.4, 1.25), (-0.4, 1.25), (-0.4, 0.4), (-1.25, 0.4), (-1.25, -0.4), (-0.4, -0.4),
)  # fmt: skip
# Corners relative to the centre, scaled so that all shapes look equally large; None is a circle.
_OUTLINES: tuple[_Outline | None, ...] = (
    None,
    ((0, -1.3), (1.2, 0.85), (-1.2, 0.85)),
    ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    ((0, -1.35), (1.1, 0), (0, 1.35), (-1.1, 0)),
    _PLUS,
    ((0, 1.3), (1.2, -0.85), (-1.2, -0.85)),
    tuple(((x - y) / math.sqrt(2), (x + y) / math.sqrt(2)) for x, y in _PLUS),
    _star(),
)
CIRCLE, DIAMOND = 0, 3
# Paths are in tenths of a unit, as integers, to save decimal points.
_FINE = 10


@dataclass(frozen=True, slots=True)
class Marker:
    """Shape and colour of the points of a group."""

    shape: int
    colour: str


def marker(group: int) -> Marker:
    """Return the marker of a group; the first 56 groups differ.

    Examples
    --------
    >>> marker(0), marker(1)
    (Marker(shape=0, colour='#0072B2'), Marker(shape=1, colour='#D55E00'))
    """
    return Marker(group % len(_OUTLINES), COLOURS[group % len(COLOURS)])


def points(
    places: Iterable[tuple[float, float]],
    look: Marker,
    radius: float,
    *,
    hollow: bool = False,
    outline: float = 0.5,
) -> Markup:
    """Draw points with the same marker as a single path.

    Parameters
    ----------
    places : iterable of (float, float)
    look : Marker
    radius : float
        Of a circle; other shapes look equally large.
    hollow : bool
        White inside, coloured outline.
    outline : float
        Width of the outline, dark if the marker is filled; 0 for none.

    Examples
    --------
    >>> print(points([(1, 2)], Marker(2, "#000"), 1))
    <path d="M1 11h18v18h-18z" transform="scale(.1)" fill="#000" .../>
    """
    start, stroke = _glyph(look.shape, radius)
    data = "".join(
        f"M{round(x * _FINE) + start[0]} {round(y * _FINE) + start[1]}{stroke}" for x, y in places
    )
    return element(
        "path",
        d=data,
        transform="scale(.1)",
        fill="#fff" if hollow else look.colour,
        stroke=None if not outline else look.colour if hollow else INK,
        stroke_width=outline * _FINE if outline else None,
    )


def _glyph(shape: int, radius: float) -> tuple[tuple[int, int], str]:
    """Start of a shape's path relative to the centre, and the path in relative steps."""
    size = radius * _FINE
    outline = _OUTLINES[shape]
    if outline is None:
        r = round(size)
        # A path arc cannot be a whole circle, so one of nearly 360 degrees is closed.
        return (-r, 0), f"a{r} {r} 0 1 1 0 1z"
    corners = [(round(x * size), round(y * size)) for x, y in outline]
    steps = [_step(x1 - x0, y1 - y0) for (x0, y0), (x1, y1) in pairwise(corners)]
    return corners[0], "".join(steps) + "z"


def _step(dx: int, dy: int) -> str:
    if dy == 0:
        return f"h{dx}"
    if dx == 0:
        return f"v{dy}"
    return f"l{dx} {dy}".replace(" -", "-")
