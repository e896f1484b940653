"""Bar charts: counts by name, and votes by K."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from lacunar.aliases import shortened
from lacunar.report.scale import LinearScale, thinned
from lacunar.report.svg import INK, MUTED, SMALL_TEXT, drawing, label, line, rectangle
from lacunar.report.svg_markers import COLOURS

WIDTH = 440.0
_PALE = "#b6d3e6"


def ranked_bars(counts: Mapping[str, int], *, title: str, unit: str) -> Markup:
    """Draw a horizontal bar per name, in the order given, with its number at the end.

    Parameters
    ----------
    counts : mapping of str to int
    title : str
    unit : str
        Name of the counted things, in the plural.

    Examples
    --------
    >>> svg = ranked_bars({"Drama": 3, "War": 1}, title="Films per genre", unit="films")
    >>> "2 bars. Most films: Drama, 3." in svg
    True
    """
    row, top, left = 22.0, 8.0, 126.0
    scale = LinearScale(0, max([*counts.values(), 1]), left, WIDTH - 52)
    marks: list[Markup] = []
    for i, (name, count) in enumerate(counts.items()):
        y = top + row * i
        marks += [
            label(shortened(name, 19), left - 8, y + row / 2, anchor="end"),
            rectangle(left, y + 3, scale(count) - left, row - 6, fill=COLOURS[0]),
            label(f"{count:,}", scale(count) + 6, y + row / 2, size=SMALL_TEXT),
        ]
    marks.append(line(left, top, left, top + row * len(counts), stroke=INK))
    most = max(counts, key=lambda name: counts[name], default="none")
    return drawing(
        WIDTH,
        2 * top + row * len(counts),
        *marks,
        title=title,
        desc=f"{len(counts)} bars. Most {unit}: {most}, {counts.get(most, 0):,}.",
    )


def k_frequency_bars(votes: Mapping[int, int], chosen: int) -> Markup:
    """Draw how many seeds have their lowest BIC at each K.

    Parameters
    ----------
    votes : mapping of int to int
        Every K that was tried, ascending, and its number of seeds.
    chosen : int
        The chosen K; its bar is dark and labelled, the others are pale.

    Examples
    --------
    >>> "chosen" in k_frequency_bars({1: 0, 2: 5, 3: 1}, 2)
    True
    """
    left, top, bottom, right = 44.0, 44.0, 224.0, WIDTH - 8
    slot = (right - left) / len(votes)
    scale = LinearScale(0, max([*votes.values(), 1]), bottom, top)
    labelled = thinned(len(votes), list(votes).index(chosen))
    marks: list[Markup] = []
    for tick in scale.ticks(4):
        if tick == int(tick):
            marks += [
                line(left, scale(tick), right, scale(tick)),
                label(f"{tick:g}", left - 6, scale(tick), anchor="end", size=SMALL_TEXT),
            ]
    for i, (k, count) in enumerate(votes.items()):
        middle, wide = left + slot * (i + 0.5), min(slot * 0.7, 40.0)
        fill, outline = (COLOURS[0], INK) if k == chosen else (_PALE, MUTED)
        if count:
            marks.append(
                rectangle(
                    middle - wide / 2,
                    scale(count),
                    wide,
                    bottom - scale(count),
                    fill=fill,
                    stroke=outline,
                )
            )
        if k == chosen:
            marks.append(label("chosen", middle, scale(count) - 26, anchor="middle", weight="bold"))
        if i in labelled:
            weight = "bold" if k == chosen else None
            marks += [
                label(str(k), middle, bottom + 14, anchor="middle", weight=weight),
                label(f"{count:,}", middle, scale(count) - 10, anchor="middle", size=SMALL_TEXT),
            ]
    marks += [
        line(left, bottom, right, bottom, stroke=INK),
        label("K, the number of segments", (left + right) / 2, bottom + 36, anchor="middle"),
        label("seeds", left - 6, top - 18, anchor="end", size=SMALL_TEXT, fill=MUTED),
    ]
    return drawing(
        WIDTH,
        bottom + 50,
        *marks,
        title="How many seeds have their lowest BIC at each K",
        desc=f"One bar per K. K = {chosen} was chosen: {votes[chosen]} of {sum(votes.values())} "
        "seeds have their lowest BIC there.",
    )
