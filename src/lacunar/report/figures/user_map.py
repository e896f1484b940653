"""Scatter plot of the users, with a marker per segment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from lacunar.aliases import shortened
from lacunar.report.scale import LinearScale
from lacunar.report.svg import GRID, MUTED, SMALL_TEXT, drawing, label, rectangle
from lacunar.report.svg_markers import marker, points

WIDTH = 440.0
_HEIGHTS = (200.0, 420.0)
_MARGIN = 12.0
_ROW = 22.0
# With more users, markers are small and have no outline, which would turn the map black.
_CROWD = 2000


def user_map(
    coordinates: NDArray[np.float64],
    segments: NDArray[np.intp],
    *,
    names: Sequence[str],
    populations: Sequence[int],
    n_users: int,
    legend: bool = True,
) -> Markup:
    """Draw the users of a map.

    Parameters
    ----------
    coordinates : ndarray of shape (M, 2)
        Drawn with the same scale in both directions, because only distances have a meaning.
    segments : ndarray of shape (M,)
        Segment of each user.
    names : sequence of str
        Length K.
    populations : sequence of int
        Users of each segment, including those outside a sample.
    n_users : int
        Number of all users; more than M if the map is a sample.
    legend : bool
        Whether the map has a legend; False if a table next to it has the markers.

    Examples
    --------
    >>> svg = user_map(
    ...     np.zeros((1, 2)), np.zeros(1, dtype=int), names=["A"], populations=[7], n_users=7
    ... )
    >>> "A sample: 1 of 7 users" in svg
    True
    """
    x_scale, y_scale, height = _scales(coordinates)
    crowded = len(coordinates) > _CROWD
    radius, outline = (1.5, 0.0) if crowded else (3.4, 0.4)
    marks = [rectangle(0.5, 0.5, WIDTH - 1, height - 1, fill="#fff", stroke=GRID)]
    # Small segments are drawn last, on top of large ones.
    for segment in range(len(names)):
        members = coordinates[segments == segment]
        if len(members):
            places = [(x_scale(x), y_scale(y)) for x, y in members.tolist()]
            marks.append(points(places, marker(segment), radius, outline=outline))
    named = list(zip(names, populations, strict=True)) if legend else []
    for segment, (name, population) in enumerate(named):
        y = height + 20 + _ROW * segment
        marks += [
            points([(12, y)], marker(segment), 5),
            label(f"{shortened(name, 42)}: {population:,} users", 28, y),
        ]
    bottom = height + 20 + _ROW * len(named)
    shown = (
        f"All {n_users:,} users"
        if len(coordinates) == n_users
        else f"A sample: {len(coordinates):,} of {n_users:,} users"
    )
    one_point = len(coordinates) > 1 and bool((coordinates == coordinates[0]).all())
    meaning = (
        "All at one point: too few users, or users without differences."
        if one_point
        else "Near means alike; the axes have no unit."
    )
    return drawing(
        WIDTH,
        bottom + 36,
        *marks,
        label(f"{shown}.", 6, bottom + 2, size=SMALL_TEXT, fill=MUTED),
        label(meaning, 6, bottom + 20, size=SMALL_TEXT, fill=MUTED),
        title="Map of users by segment",
        desc=f"{shown}, placed by t-SNE of their genre profiles: users with alike profiles lie "
        f"near each other. {len(names)} segments, each with its own shape and colour.",
    )


def _scales(coordinates: NDArray[np.float64]) -> tuple[LinearScale, LinearScale, float]:
    """Scales with a common unit, and the height of the frame for these points."""
    low, high = np.zeros(2), np.ones(2)
    if len(coordinates):
        low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    wide, tall = (high - low).tolist()
    width = WIDTH - 2 * _MARGIN
    height = min(max(width * tall / wide if wide else 0.0, _HEIGHTS[0]), _HEIGHTS[1])
    unit = max(wide / width, tall / height) or 1.0
    (x, y), right, bottom = ((low + high) / 2).tolist(), WIDTH - _MARGIN, height + _MARGIN
    return (
        LinearScale(x - unit * width / 2, x + unit * width / 2, _MARGIN, right),
        LinearScale(y - unit * height / 2, y + unit * height / 2, bottom, _MARGIN),
        height + 2 * _MARGIN,
    )
