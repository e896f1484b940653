"""Dot plot of scores with intervals, compared with always answering the largest class."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from lacunar.aliases import shortened
from lacunar.colours import REFERENCE
from lacunar.report.scale import LinearScale, tick_label
from lacunar.report.svg import GRID, INK, MUTED, SMALL_TEXT, drawing, label, line
from lacunar.report.svg_markers import CIRCLE, COLOURS, Marker, points

WIDTH = 440.0
_ROW = 26.0
_LEFT, _TOP, _RIGHT = 132.0, 62.0, 392.0
_RADIUS = 4.6
_LOOK = Marker(CIRCLE, COLOURS[0])


def score_dots(
    names: Sequence[str],
    values: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    baseline: Sequence[float],
    *,
    figure: str,
) -> Markup:
    """Draw a score of each output: a dot, its interval, a bar for the baseline.

    Parameters
    ----------
    names : sequence of str
    values : sequence of float
        From 0 to 1; NaN without known labels, then nothing is drawn.
    intervals : sequence of (float, float)
    baseline : sequence of float
        Score of always answering the largest class.
    figure : str
        Name of the score, such as ``accuracy``.

    Examples
    --------
    >>> svg = score_dots(["coat"], [0.8], [(0.7, 0.9)], [0.5], figure="accuracy")
    >>> "Intervals of 1 of 1 outputs are wholly above" in svg
    True
    """
    bottom = _TOP + _ROW * len(names)
    scale = LinearScale(0, 1, _LEFT, _RIGHT)
    marks: list[Markup] = []
    for tick in scale.ticks(5):
        marks += [
            line(scale(tick), _TOP, scale(tick), bottom),
            label(tick_label(tick), scale(tick), bottom + 12, anchor="middle", size=SMALL_TEXT),
        ]
    above = 0
    for i, (name, value, (low, high), reference) in enumerate(
        zip(names, values, intervals, baseline, strict=True)
    ):
        y = _TOP + _ROW * (i + 0.5)
        gap = math.isnan(value)
        marks.append(
            label(shortened(name, 19), _LEFT - 8, y, anchor="end", fill=MUTED if gap else INK)
        )
        if gap:
            marks.append(label("no label", WIDTH - 4, y, anchor="end", size=SMALL_TEXT, fill=MUTED))
            continue
        above += low > reference
        x = scale(reference)
        marks += [
            line(scale(low), y, scale(high), y, stroke=COLOURS[0], width=2.5),
            line(x, y - 9, x, y + 9, stroke=REFERENCE, width=3),
            points([(scale(value), y)], _LOOK, _RADIUS),
            label(f"{value:.2f}", WIDTH - 4, y, anchor="end", size=SMALL_TEXT),
        ]
    return drawing(
        WIDTH,
        bottom + 28,
        *marks,
        *_legend(figure),
        title=f"{figure} of each output".capitalize(),
        desc=f"Intervals of {above} of {len(names)} outputs are wholly above the largest class.",
    )


def _legend(figure: str) -> list[Markup]:
    first, second = 14.0, 36.0
    return [
        line(4, first, 28, first, stroke=COLOURS[0], width=2.5),
        points([(16, first)], _LOOK, _RADIUS),
        label(f"{figure}, with 95 % interval", 36, first),
        line(16, second - 8, 16, second + 8, stroke=REFERENCE, width=3),
        label("always the largest class", 36, second),
        line(0, _TOP - 8, WIDTH, _TOP - 8, stroke=GRID),
    ]
