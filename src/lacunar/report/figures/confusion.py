"""Confusion matrices with counts and shades."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from lacunar.aliases import shortened
from lacunar.report.svg import (
    GRID,
    INK,
    MUTED,
    SMALL_TEXT,
    drawing,
    element,
    label,
    rectangle,
)

_LEFT, _TOP, _RIGHT, _SPAN = 134.0, 30.0, 36.0, 270.0
_SMALLEST, _LARGEST = 24.0, 64.0
# Shades from white to this blue; from this share on, numbers are white.
_DARK = (0, 84, 132)
_INVERTED = 0.7
_LETTER = 6.4


def confusion_cells(name: str, classes: Sequence[str], counts: Sequence[Sequence[int]]) -> Markup:
    """Draw a row per label and a column per answer; darker cells hold a larger share of the row.

    Parameters
    ----------
    name : str
        Of the output.
    classes : sequence of C str
    counts : C sequences of C int
        Right answers are on the diagonal, which is outlined.

    Examples
    --------
    >>> svg = confusion_cells("coat", ["open", "closed"], [[3, 1], [0, 2]])
    >>> "5 of 6 answers are right" in svg
    True
    """
    n = len(classes)
    size = min(max(_SPAN / n, _SMALLEST), _LARGEST)
    names = [shortened(text, 18) for text in classes]
    slanted = max(map(len, names)) * _LETTER > size - 6
    top = _TOP + (0.72 * max(map(len, names)) * _LETTER + 12 if slanted else 20)
    width = max(_LEFT + n * size + _RIGHT, 440.0)
    marks = [
        label("answer", _LEFT, 12, size=SMALL_TEXT, fill=MUTED),
        label("label", _LEFT - 8, top - 10, anchor="end", size=SMALL_TEXT, fill=MUTED),
        label("n", _LEFT + n * size + 8, top - 10, size=SMALL_TEXT, fill=MUTED),
    ]
    for column, text in enumerate(names):
        marks.append(_head(text, _LEFT + size * (column + 0.5), top - 8, slanted=slanted))
    for row, (text, line) in enumerate(zip(names, counts, strict=True)):
        y, total = top + size * row, sum(line)
        marks.append(label(text, _LEFT - 8, y + size / 2, anchor="end"))
        marks.append(
            label(f"{total:,}", _LEFT + n * size + 8, y + size / 2, size=SMALL_TEXT, fill=MUTED)
        )
        for column, count in enumerate(line):
            marks += _cell(_LEFT + size * column, y, size, count, count / total if total else 0.0)
    outlines = [
        element(
            "rect",
            x=_LEFT + size * i + 1,
            y=top + size * i + 1,
            width=size - 2,
            height=size - 2,
            fill="none",
            stroke=INK,
            stroke_width=1.5,
        )
        for i in range(n)
    ]
    right, total = sum(counts[i][i] for i in range(n)), sum(map(sum, counts))
    return drawing(
        width,
        top + n * size + 8,
        *marks,
        *outlines,
        title=f"What is taken for what: {name}",
        desc=f"A row per label, a column per answer. {right:,} of {total:,} answers are right.",
    )


def _head(text: str, x: float, y: float, *, slanted: bool) -> Markup:
    if not slanted:
        return label(text, x, y - 4, anchor="middle")
    return element("text", text, x=x, y=y, transform=f"rotate(-45 {x:.1f} {y:.1f})")


def _cell(x: float, y: float, size: float, count: int, share: float) -> list[Markup]:
    fill = "#" + "".join(f"{round(255 + share * (dark - 255)):02x}" for dark in _DARK)
    cell = rectangle(x, y, size, size, fill=fill, stroke=GRID)
    if not count:
        return [cell]
    ink = "#fff" if share >= _INVERTED else INK
    number = label(f"{count:,}", x + size / 2, y + size / 2, anchor="middle", fill=ink)
    return [cell, number]
