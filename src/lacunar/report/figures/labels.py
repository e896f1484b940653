"""Grouped bar chart of the labels of an output, by split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from lacunar.aliases import shortened
from lacunar.report.scale import LinearScale
from lacunar.report.svg import GRID, INK, MUTED, SMALL_TEXT, drawing, label, line, rectangle

WIDTH = 440.0
_LEFT, _TOP, _BAR, _SPACE = 134.0, 44.0, 12.0, 8.0
# Dark, middle and pale, so that they differ in grey.
_FILLS = ("#0b4f7d", "#5aa5d6", "#dcebf5")


def label_bars(name: str, classes: Sequence[str], counts: Mapping[str, Sequence[int]]) -> Markup:
    """Draw the share of each class in each split, with its count at the end of the bar.

    Parameters
    ----------
    name : str
        Of the output.
    classes : sequence of C str
        May include "unknown".
    counts : mapping of str to sequence of C int
        Counts by split, at most three splits.

    Examples
    --------
    >>> svg = label_bars("coat", ["unknown", "open"], {"train": [1, 3], "test": [0, 2]})
    >>> "train 4, test 2" in svg
    True
    """
    totals = {part: max(sum(found), 1) for part, found in counts.items()}
    largest = max((n / totals[part] for part, found in counts.items() for n in found), default=0)
    scale = LinearScale(0, largest or 1, _LEFT, WIDTH - 40)
    group = _BAR * len(counts) + _SPACE
    marks: list[Markup] = []
    for row, text in enumerate(classes):
        top = _TOP + group * row + _SPACE / 2
        marks.append(
            label(shortened(text, 19), _LEFT - 8, top + (group - _SPACE) / 2, anchor="end")
        )
        for i, (part, found) in enumerate(counts.items()):
            y, end = top + _BAR * i, scale(found[row] / totals[part])
            if found[row]:
                bar = rectangle(_LEFT, y, end - _LEFT, _BAR, fill=_FILLS[i], stroke=MUTED)
                marks.append(bar)
            ink = INK if found[row] else MUTED
            marks.append(label(f"{found[row]:,}", end + 5, y + _BAR / 2, size=11, fill=ink))
    bottom = _TOP + group * len(classes)
    marks.append(line(_LEFT, _TOP, _LEFT, bottom, stroke=INK))
    shown = ", ".join(f"{part} {sum(found):,}" for part, found in counts.items())
    return drawing(
        WIDTH,
        bottom + 8,
        *marks,
        *_legend(list(counts)),
        title=f"Labels of each part: {name}",
        desc=f"Lengths are shares of a part, numbers are images. Images: {shown}.",
    )


def _legend(parts: Sequence[str]) -> list[Markup]:
    marks = [line(0, _TOP - 8, WIDTH, _TOP - 8, stroke=GRID)]
    for i, part in enumerate(parts):
        x = 8 + 120.0 * i
        marks += [
            rectangle(x, 8, 18, 12, fill=_FILLS[i], stroke=MUTED),
            label(part, x + 26, 14, size=SMALL_TEXT),
        ]
    return marks
