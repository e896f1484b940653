"""Dumbbell chart of two shares per row."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from lacunar.aliases import shortened
from lacunar.report.scale import LinearScale, tick_label, widened
from lacunar.report.svg import GRID, INK, MUTED, SMALL_TEXT, drawing, label, line
from lacunar.report.svg_markers import Marker, points

WIDTH = 440.0
_ROW = 21.0
_LEFT, _TOP, _RIGHT = 132.0, 62.0, 432.0


def paired_shares(
    rows: Sequence[str],
    first: Sequence[float],
    second: Sequence[float],
    *,
    names: tuple[str, str],
    looks: tuple[Marker, Marker],
    faint: Sequence[bool],
    title: str,
) -> Markup:
    """Draw two shares per row.

    Parameters
    ----------
    rows : sequence of str
        Length N.
    first, second : sequence of float
        0 to 1.
    names : (str, str)
        Names of the two groups.
    looks : (Marker, Marker)
    faint : sequence of bool
        Rows without a significant difference: their names are grey.
    title : str

    Examples
    --------
    >>> from lacunar.report.svg_markers import marker
    >>> svg = paired_shares(
    ...     ["War"], [0.2], [0.1], names=("A", "B"), looks=(marker(0), marker(1)), faint=[False],
    ...     title="Shares",
    ... )
    >>> "Furthest apart: War, 20.0% and 10.0%." in svg
    True
    """
    bottom = _TOP + _ROW * len(rows)
    highest = max([*first, *second, 0.01])
    scale = LinearScale(*widened(0.0, 100 * highest), _LEFT + 8, _RIGHT - 8)
    marks = [
        points([(12, 14)], looks[0], 5),
        label(shortened(names[0], 60), 26, 14),
        points([(12, 36)], looks[1], 5),
        label(shortened(names[1], 60), 26, 36),
        line(0, _TOP - 8, WIDTH, _TOP - 8, stroke=GRID),
    ]
    for tick in scale.ticks():
        marks += [
            line(scale(tick), _TOP, scale(tick), bottom),
            label(
                f"{tick_label(tick)}\N{NO-BREAK SPACE}%",
                scale(tick),
                bottom + 12,
                anchor="middle",
                size=SMALL_TEXT,
            ),
        ]
    for place, (row, a, b) in enumerate(zip(rows, first, second, strict=True)):
        y, fill = _TOP + _ROW * (place + 0.5), MUTED if faint[place] else INK
        marks += [
            label(shortened(row, 19), _LEFT - 8, y, anchor="end", fill=fill),
            line(scale(100 * a), y, scale(100 * b), y, stroke="#8c959f", width=1.5),
            points([(scale(100 * b), y)], looks[1], 4.6),
            points([(scale(100 * a), y)], looks[0], 4.6),
        ]
    most = max(range(len(rows)), key=lambda place: abs(first[place] - second[place]), default=None)
    furthest = (
        f" Furthest apart: {rows[most]}, {first[most]:.1%} and {second[most]:.1%}."
        if most is not None
        else ""
    )
    return drawing(
        WIDTH,
        bottom + 26,
        *marks,
        title=title,
        desc=f"{len(rows)} rows, each with a share of {names[0]} and one of {names[1]}.{furthest}",
    )
