"""Dot plot of means with intervals."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from lacunar.aliases import shortened
from lacunar.report.scale import LinearScale, tick_label, widened
from lacunar.report.svg import INK, MUTED, SMALL_TEXT, drawing, label, line
from lacunar.report.svg_markers import CIRCLE, COLOURS, Marker, points

WIDTH = 440.0
_DOT = 4.0

Range = tuple[float, float | None, float | None]


def mean_intervals(rows: Mapping[str, Range], *, title: str, unit: str) -> Markup:
    """Draw a dot per mean and a line per interval, in the order given.

    Parameters
    ----------
    rows : mapping of str to (float, float or None, float or None)
        Mean, low and high end; without ends only the dot is drawn.
    title : str
    unit : str
        Label of the axis.

    Examples
    --------
    >>> svg = mean_intervals({"a": (0.3, 0.2, 0.4)}, title="Quality", unit="nDCG@10")
    >>> "1 means. Highest: a, 0.300." in svg
    True
    """
    row, top, left, right = 26.0, 8.0, 126.0, WIDTH - 52
    bottom = top + row * len(rows)
    ends = [end for triple in rows.values() for end in triple if end is not None]
    scale = LinearScale(*widened(0.0, max([*ends, 0.01])), left, right)
    marks: list[Markup] = []
    for tick in scale.ticks():
        marks += [
            line(scale(tick), top, scale(tick), bottom),
            label(tick_label(tick), scale(tick), bottom + 12, anchor="middle", size=SMALL_TEXT),
        ]
    dots = []
    for place, (name, (mean, low, high)) in enumerate(rows.items()):
        y = top + row * (place + 0.5)
        marks.append(label(shortened(name, 19), left - 8, y, anchor="end"))
        if low is not None and high is not None:
            marks += [
                line(scale(low), y, scale(high), y, stroke=INK),
                line(scale(low), y - 4, scale(low), y + 4, stroke=INK),
                line(scale(high), y - 4, scale(high), y + 4, stroke=INK),
            ]
        dots.append((scale(mean), y))
        beside = scale(mean if high is None else high) + 8
        marks.append(label(f"{mean:.3f}", beside, y, size=SMALL_TEXT))
    marks += [
        points(dots, Marker(CIRCLE, COLOURS[0]), _DOT),
        label(unit, (left + right) / 2, bottom + 28, anchor="middle", fill=MUTED),
    ]
    best = max(rows, key=lambda name: rows[name][0])
    return drawing(
        WIDTH,
        bottom + 40,
        *marks,
        title=title,
        desc=f"{len(rows)} means. Highest: {best}, {rows[best][0]:.3f}.",
    )
