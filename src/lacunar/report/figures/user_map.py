"""The map of users: one shape and colour per segment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from lacunar.report.marks import marker, points
from lacunar.report.scale import LinearScale
from lacunar.report.svg import GRID, MUTED, SMALL_TEXT, clip, drawing, label, rectangle

WIDTH = 440.0
_HEIGHT = 400.0
_MARGIN = 12.0
_ROW = 22.0


def user_map(
    coordinates: NDArray[np.float64],
    segments: NDArray[np.intp],
    *,
    names: Sequence[str],
    populations: Sequence[int],
    n_users: int,
) -> Markup:
    """Draw each user of a map at its place.

    Parameters
    ----------
    coordinates : ndarray of shape (M, 2)
        Drawn with one scale for both directions, because only distances mean something.
    segments : ndarray of shape (M,)
        Segment of each.
    names : sequence of str
        Length K.
    populations : sequence of int
        Users of each segment, on the map or not.
    n_users : int
        Users in all; more than M where the map is a sample.

    Examples
    --------
    >>> svg = user_map(
    ...     np.zeros((1, 2)), np.zeros(1, dtype=int), names=["A"], populations=[7], n_users=7
    ... )
    >>> "A sample: 1 of 7 users" in svg
    True
    """
    x_scale, y_scale = _scales(coordinates)
    radius = 3.4 if len(coordinates) <= 2000 else 2.2 if len(coordinates) <= 6000 else 1.4
    marks = [rectangle(0.5, 0.5, WIDTH - 1, _HEIGHT - 1, fill="#fff", stroke=GRID)]
    # Small segments come last, on top of the large ones.
    for segment in range(len(names)):
        here = coordinates[segments == segment]
        if len(here):
            places = [(x_scale(x), y_scale(y)) for x, y in here.tolist()]
            marks.append(points(places, marker(segment), radius, outline=radius / 9))
    for segment, (name, population) in enumerate(zip(names, populations, strict=True)):
        y = _HEIGHT + 20 + _ROW * segment
        marks += [
            points([(12, y)], marker(segment), 5),
            label(f"{clip(name, 42)}: {population:,} users", 28, y),
        ]
    bottom = _HEIGHT + 20 + _ROW * len(names)
    shown = (
        f"All {n_users:,} users"
        if len(coordinates) == n_users
        else f"A sample: {len(coordinates):,} of {n_users:,} users"
    )
    note = f"{shown}. Near means alike; the axes have no unit."
    return drawing(
        WIDTH,
        bottom + 16,
        *marks,
        label(note, 6, bottom + 2, size=SMALL_TEXT, fill=MUTED),
        title="Map of users by segment",
        desc=f"{shown}, placed by t-SNE of their genre profiles: users with alike profiles lie "
        f"near each other. {len(names)} segments, each with its own shape and colour.",
    )


def _scales(coordinates: NDArray[np.float64]) -> tuple[LinearScale, LinearScale]:
    if not len(coordinates):
        return LinearScale(0, 1, 0, WIDTH), LinearScale(0, 1, _HEIGHT, 0)
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    room = np.array([WIDTH, _HEIGHT]) - 2 * _MARGIN
    unit = float(((high - low) / room).max()) or 1.0
    middle, half = (low + high) / 2, unit * room / 2
    (x0, y0), (x1, y1) = (middle - half).tolist(), (middle + half).tolist()
    return (
        LinearScale(x0, x1, _MARGIN, WIDTH - _MARGIN),
        LinearScale(y0, y1, _HEIGHT - _MARGIN, _MARGIN),
    )
