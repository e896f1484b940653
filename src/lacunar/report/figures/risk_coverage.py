"""Risk-coverage curve: accuracy of the most confident answers by coverage."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from lacunar.report.scale import LinearScale, tick_label
from lacunar.report.svg import INK, MUTED, SMALL_TEXT, drawing, element, label, line, number
from lacunar.report.svg_markers import CIRCLE, COLOURS, DIAMOND, Marker, points

WIDTH = 440.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, WIDTH - 14, 88.0, 328.0
_RADIUS = 5.0
_CURVE, _BAND = COLOURS[0], "#dcebf5"
_THRESHOLD, _USUAL = Marker(DIAMOND, COLOURS[1]), Marker(CIRCLE, COLOURS[0])
# The accuracy of fewer answers is random and would fill the whole height.
_FEWEST = 10

Point = tuple[float, float, float, float]
Place = tuple[float, float]


def risk_coverage_plot(
    name: str,
    curve: Sequence[Point],
    *,
    kept: Sequence[int],
    usual: Place | None,
    threshold: Place | None,
) -> Markup:
    """Draw accuracy over coverage with its interval; mark the threshold and 80 % coverage.

    Parameters
    ----------
    name : str
        Of the output.
    curve : sequence of (float, float, float, float)
        Coverage, accuracy, low and high end of its interval; coverages rise to 1.
    kept : sequence of int
        Number of answers of each point; points with fewer than 10 are left out.
    usual, threshold : (float, float) or None
        Coverage and accuracy at 80 % coverage and at the threshold.

    Examples
    --------
    >>> curve = [(0.5, 0.9, 0.7, 1.0), (1.0, 0.7, 0.6, 0.8)]
    >>> svg = risk_coverage_plot("coat", curve, kept=[20, 40], usual=None, threshold=(0.5, 0.9))
    >>> "The threshold keeps 50 %, 0.90 of them right; of all answers 0.70 are" in svg
    True
    """
    shown = [point for point, n in zip(curve, kept, strict=True) if n >= _FEWEST] or list(curve)
    lowest = min((point[2] for point in shown), default=0.0)
    low = min(math.floor(10 * lowest + 1e-9) / 10, 0.9)
    across, upright = LinearScale(0, 1, _LEFT, _RIGHT), LinearScale(low, 1, _BOTTOM, _TOP)
    marks: list[Markup] = []
    places = [(across(coverage), upright(accuracy)) for coverage, accuracy, _, _ in shown]
    if shown:
        highs = [(across(point[0]), upright(point[3])) for point in shown]
        lows = [(across(point[0]), upright(point[2])) for point in reversed(shown)]
        marks.append(element("path", d=_through([*highs, *lows]) + "z", fill=_BAND))
    for tick in upright.ticks():
        y = upright(tick)
        marks += [
            line(_LEFT, y, _RIGHT, y),
            label(tick_label(tick), _LEFT - 6, y, anchor="end", size=SMALL_TEXT),
        ]
    for tick in across.ticks():
        marks.append(
            label(
                f"{100 * tick:.0f}\N{NO-BREAK SPACE}%",
                across(tick),
                _BOTTOM + 14,
                anchor="middle" if tick < 1 else "end",
                size=SMALL_TEXT,
            )
        )
    if shown:
        y = places[-1][1]
        marks += [
            line(_LEFT, y, _RIGHT, y, stroke=MUTED, dash="2 3"),
            element("path", d=_through(places), fill="none", stroke=_CURVE, stroke_width=2),
        ]
    for place, look in ((usual, _USUAL), (threshold, _THRESHOLD)):
        if place is not None:
            x, y = across(place[0]), upright(place[1])
            marks += [
                line(x, _TOP, x, _BOTTOM, stroke=look.colour, dash="4 3"),
                points([(x, y)], look, _RADIUS, hollow=look is _USUAL, outline=1.6),
            ]
    marks += [
        line(_LEFT, _BOTTOM, _RIGHT, _BOTTOM, stroke=INK),
        label("accuracy of the answers given", _LEFT, _TOP - 12, size=SMALL_TEXT, fill=MUTED),
        label("answers given", _RIGHT, _BOTTOM + 32, anchor="end", size=SMALL_TEXT, fill=MUTED),
        *_legend(usual, threshold),
    ]
    return drawing(
        WIDTH,
        _BOTTOM + 42,
        *marks,
        title=f"Accuracy and coverage: {name}",
        desc=_description(shown, threshold),
    )


def _through(places: Sequence[Place]) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in places)


def _description(shown: Sequence[Point], threshold: Place | None) -> str:
    if not shown:
        return "No label is known."
    kept = (
        "No answer is kept by the threshold"
        if threshold is None
        else f"The threshold keeps {100 * threshold[0]:.0f} %, {threshold[1]:.2f} of them right"
    )
    return f"{kept}; of all answers {shown[-1][1]:.2f} are."


def _legend(usual: Place | None, threshold: Place | None) -> list[Markup]:
    first, second = 14.0, 38.0
    marks: list[Markup] = []
    if threshold is None:
        marks.append(label("no threshold keeps an answer", 4, first, fill=MUTED))
    else:
        marks += [
            points([(12, first)], _THRESHOLD, _RADIUS, outline=1.6),
            label(_legend_text("threshold", threshold), 26, first),
        ]
    if usual is not None:
        marks += [
            points([(12, second)], _USUAL, _RADIUS, hollow=True, outline=1.6),
            label(_legend_text("surest 80\N{NO-BREAK SPACE}%", usual), 26, second),
        ]
    return marks


def _legend_text(what: str, place: Place) -> str:
    coverage = f"{100 * place[0]:.0f}\N{NO-BREAK SPACE}%"
    return f"{what}: {coverage} of the answers given, {place[1]:.2f} of them right"
