"""Accuracy and macro F1 along the operating points for rare classes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from lacunar.report.scale import LinearScale, tick_label, widened
from lacunar.report.svg import INK, MUTED, SMALL_TEXT, drawing, element, label, line, number
from lacunar.report.svg_markers import CIRCLE, COLOURS, DIAMOND, Marker, points

WIDTH = 440.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, WIDTH - 30, 34.0, 274.0
_RADIUS = 5.0
_POINT, _OWN = Marker(CIRCLE, COLOURS[0]), Marker(DIAMOND, COLOURS[1])
# A smaller range would exaggerate meaningless differences.
_NARROWEST = 0.05


def operating_path(
    taus: Sequence[float],
    accuracy: Sequence[float],
    macro_f1: Sequence[float],
    *,
    as_answered: int,
) -> Markup:
    """Draw macro F1 over accuracy, with a marker for each tau.

    Parameters
    ----------
    taus : sequence of T float
    accuracy, macro_f1 : sequence of T float
        NaN where no label is known; nothing is drawn then.
    as_answered : int
        Position of the operating point that the model uses.

    Examples
    --------
    >>> svg = operating_path([0, 1], [0.7, 0.6], [0.5, 0.55], as_answered=0)
    >>> "From tau 0 to 1 accuracy goes from 0.700 to 0.600, macro F1 from 0.500 to 0.550." in svg
    True
    """
    known = not any(map(math.isnan, (*accuracy, *macro_f1)))
    across = _scale(accuracy if known else (0, 1), _LEFT, _RIGHT)
    upright = _scale(macro_f1 if known else (0, 1), _BOTTOM, _TOP)
    marks: list[Markup] = []
    for tick in upright.ticks():
        y = upright(tick)
        marks += [
            line(_LEFT, y, _RIGHT, y),
            label(tick_label(tick), _LEFT - 6, y, anchor="end", size=SMALL_TEXT),
        ]
    for tick in across.ticks():
        x = across(tick)
        marks += [
            line(x, _TOP, x, _BOTTOM),
            label(tick_label(tick), x, _BOTTOM + 14, anchor="middle", size=SMALL_TEXT),
        ]
    if known:
        places = [(across(x), upright(y)) for x, y in zip(accuracy, macro_f1, strict=True)]
        marks += _path(taus, places, as_answered)
    marks += [
        label("macro F1", _LEFT, _TOP - 14, size=SMALL_TEXT, fill=MUTED),
        label("accuracy", _RIGHT, _BOTTOM + 32, anchor="end", size=SMALL_TEXT, fill=MUTED),
    ]
    return drawing(
        WIDTH,
        _BOTTOM + 42,
        *marks,
        title="Accuracy and macro F1 at each operating point",
        desc=_told(taus, accuracy, macro_f1) if known else "No label is known.",
    )


def _scale(values: Sequence[float], start: float, stop: float) -> LinearScale:
    low, high = min(values), max(values)
    more = max(0.0, _NARROWEST - (high - low)) / 2
    return LinearScale(*widened(max(0.0, low - more), min(1.0, high + more)), start, stop)


def _path(
    taus: Sequence[float], places: Sequence[tuple[float, float]], as_answered: int
) -> list[Markup]:
    through = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in places)
    marks = [element("path", d=through, fill="none", stroke=MUTED, stroke_width=1.5)]
    for position, (tau, place) in enumerate(zip(taus, places, strict=True)):
        own = position == as_answered
        marks += [
            points([place], _OWN if own else _POINT, _RADIUS, hollow=own, outline=1.6),
            label(f"{tau:g}", place[0] + 9, place[1] - 9, size=SMALL_TEXT, fill=INK),
        ]
    return marks


def _told(taus: Sequence[float], accuracy: Sequence[float], macro_f1: Sequence[float]) -> str:
    return (
        f"From tau {taus[0]:g} to {taus[-1]:g} accuracy goes from {accuracy[0]:.3f} to"
        f" {accuracy[-1]:.3f}, macro F1 from {macro_f1[0]:.3f} to {macro_f1[-1]:.3f}."
    )
