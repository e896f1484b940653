"""Reliability diagram: accuracy by confidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain

from markupsafe import Markup

from lacunar.report.scale import LinearScale, tick_label
from lacunar.report.svg import (
    INK,
    MUTED,
    SMALL_TEXT,
    drawing,
    element,
    label,
    line,
    number,
    rectangle,
)
from lacunar.report.svg_markers import CIRCLE, COLOURS, DIAMOND, Marker, points

WIDTH = 440.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, WIDTH - 12, 66.0, 346.0
_BARS_TOP, _BARS_BOTTOM = 378.0, 438.0
_RADIUS = 4.4
_BEFORE, _AFTER = Marker(DIAMOND, COLOURS[1]), Marker(CIRCLE, COLOURS[0])
_FILL = "#b9d7ec"

Bin = tuple[float, float, float, float]


def reliability_plot(
    name: str,
    before: Sequence[Bin],
    after: Sequence[Bin],
    before_histogram: Sequence[int],
    after_histogram: Sequence[int],
) -> Markup:
    """Draw accuracy over confidence, before and after calibration, with a histogram.

    Parameters
    ----------
    name : str
        Of the output.
    before, after : sequence of (float, float, float, float)
        Mean confidence, accuracy, low and high end of its interval, of each bin.
    before_histogram, after_histogram : sequence of int
        Number of answers in bins of equal width from 0 to 1.

    Examples
    --------
    >>> before, after = (0.9, 0.6, 0.5, 0.7), (0.7, 0.6, 0.5, 0.7)
    >>> svg = reliability_plot("coat", [before], [after], [0, 1], [0, 1])
    >>> "0 of 1 intervals hold the diagonal before calibration, 1 of 1 after" in svg
    True
    """
    lowest = min((min(one[0], one[2]) for one in chain(before, after)), default=0.0)
    low = min(math.floor(10 * lowest) / 10, 0.9)
    across = LinearScale(low, 1, _LEFT, _RIGHT)
    upright = LinearScale(low, 1, _BOTTOM, _TOP)
    marks: list[Markup] = []
    for tick in across.ticks():
        x, y = across(tick), upright(tick)
        marks += [
            line(_LEFT, y, _RIGHT, y),
            line(x, _TOP, x, _BOTTOM),
            label(tick_label(tick), _LEFT - 6, y, anchor="end", size=SMALL_TEXT),
            label(tick_label(tick), x, _BARS_BOTTOM + 13, anchor="middle", size=SMALL_TEXT),
        ]
    marks += [
        line(across(low), upright(low), across(1), upright(1), stroke=MUTED, width=1.5),
        *_intervals(before, across, upright, _BEFORE.colour, width=1.2, dash="3 2"),
        *_intervals(after, across, upright, _AFTER.colour, width=2.2),
        points(
            [(across(b[0]), upright(b[1])) for b in before],
            _BEFORE,
            _RADIUS,
            hollow=True,
            outline=1.6,
        ),
        points([(across(b[0]), upright(b[1])) for b in after], _AFTER, _RADIUS),
        label("accuracy", _LEFT, _TOP - 10, anchor="start", size=SMALL_TEXT, fill=MUTED),
        *_histogram(before_histogram, after_histogram, low, across),
        label("confidence", _RIGHT, _BARS_BOTTOM + 30, anchor="end", size=SMALL_TEXT, fill=MUTED),
        *_legend(),
    ]
    return drawing(
        WIDTH,
        _BARS_BOTTOM + 40,
        *marks,
        title=f"Reliability: {name}",
        desc=f"{_holding(before)} of {len(before)} intervals hold the diagonal before calibration,"
        f" {_holding(after)} of {len(after)} after.",
    )


def _holding(bins: Sequence[Bin]) -> int:
    return sum(low <= confidence <= high for confidence, _, low, high in bins)


def _intervals(
    bins: Sequence[Bin],
    across: LinearScale,
    upright: LinearScale,
    colour: str,
    *,
    width: float,
    dash: str | None = None,
) -> list[Markup]:
    return [
        line(
            across(confidence),
            upright(low),
            across(confidence),
            upright(high),
            stroke=colour,
            width=width,
            dash=dash,
        )
        for confidence, _, low, high in bins
    ]


def _histogram(
    before: Sequence[int], after: Sequence[int], low: float, across: LinearScale
) -> list[Markup]:
    """Bars after calibration, with the outline of those before."""
    most = max([*before, *after, 1])
    upright = LinearScale(0, most, _BARS_BOTTOM, _BARS_TOP)
    wide = 1 / len(after)
    bars, outline, down = [], "", False
    for i, (outlined, filled) in enumerate(zip(before, after, strict=True)):
        start, stop = max(i * wide, low), (i + 1) * wide
        if stop <= low + 1e-9:
            continue
        x, end = across(start), across(stop)
        if filled:
            y = upright(filled)
            bars.append(
                rectangle(x, y, end - x, _BARS_BOTTOM - y, fill=_FILL, stroke=_AFTER.colour)
            )
        step = number(upright(outlined))
        outline += f"{'L' if down else 'M'}{number(x)} {step}H{number(end)}"
        down = True
    return [
        *bars,
        element(
            "path",
            d=outline,
            fill="none",
            stroke=_BEFORE.colour,
            stroke_width=1.6,
            stroke_dasharray="3 2",
        ),
        line(_LEFT, _BARS_BOTTOM, _RIGHT, _BARS_BOTTOM, stroke=INK),
        label(f"{most:,}", _LEFT - 6, _BARS_TOP, anchor="end", size=SMALL_TEXT),
        label("answers", _LEFT, _BARS_TOP - 12, size=SMALL_TEXT, fill=MUTED),
    ]


def _legend() -> list[Markup]:
    y, second, third = 14.0, 168.0, 318.0
    return [
        line(12, y - 9, 12, y + 9, stroke=_AFTER.colour, width=2.2),
        points([(12, y)], _AFTER, _RADIUS),
        label("after calibration", 24, y),
        line(second, y - 9, second, y + 9, stroke=_BEFORE.colour, width=1.2, dash="3 2"),
        points([(second, y)], _BEFORE, _RADIUS, hollow=True, outline=1.6),
        label("before", second + 12, y),
        line(third - 70, y + 6, third - 50, y - 6, stroke=MUTED, width=1.5),
        label("as sure as right", third - 42, y),
    ]
