"""Line charts over the epochs, for training and validation images."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from lacunar.report.scale import LinearScale, tick_label, widened
from lacunar.report.svg import INK, MUTED, SMALL_TEXT, drawing, element, label, line, number
from lacunar.report.svg_markers import COLOURS

WIDTH = 440.0
_LEFT, _TOP, _BOTTOM, _RIGHT = 48.0, 44.0, 224.0, WIDTH - 12
_TRAIN, _VALIDATION = COLOURS[1], COLOURS[0]
_DASH = "5 3"


def history_lines(
    title: str,
    train: Sequence[float | None],
    validation: Sequence[float | None],
    *,
    best: int | None,
    whole: tuple[float, float] | None = None,
) -> Markup:
    """Draw two lines over the epochs, and mark the kept epoch.

    Parameters
    ----------
    title : str
    train, validation : sequence of float or None
        One per epoch; None leaves a gap.
    best : int or None
        The epoch whose weights were kept, from 1; None if the lines are means of networks that
        kept different epochs.
    whole : (float, float), optional
        Ends of the vertical axis. By default, round numbers around all values except the first
        of training, which can be much larger; that value is written as text.

    Examples
    --------
    >>> svg = history_lines("Loss", [2.0, 1.0, 0.5], [2.1, 1.5, 1.9], best=2)
    >>> "Epoch 2 was kept" in svg
    True
    """
    known = [value for value in (*(train[1:] or train), *validation) if value is not None]
    low, high = whole or (widened(min(known), max(known)) if known else (0.0, 1.0))
    across = LinearScale(1, max(len(train), 2), _LEFT, _RIGHT)
    upright = LinearScale(low, high, _BOTTOM, _TOP)
    marks: list[Markup] = []
    for tick in upright.ticks(5):
        y = upright(tick)
        marks += [
            line(_LEFT, y, _RIGHT, y),
            label(tick_label(tick), _LEFT - 6, y, anchor="end", size=SMALL_TEXT),
        ]
    for tick in across.ticks(6):
        if tick == int(tick):
            x = across(tick)
            marks.append(label(tick_label(tick), x, _BOTTOM + 14, anchor="middle", size=SMALL_TEXT))
    marks += [
        *([] if best is None else _kept(best, across(best))),
        *_line(train, across, upright, _TRAIN, _DASH),
        *_beyond(train[0] if train else None, upright),
        *_line(validation, across, upright, _VALIDATION, None),
        line(_LEFT, _BOTTOM, _RIGHT, _BOTTOM, stroke=INK),
        label("epoch", _RIGHT, _BOTTOM + 32, anchor="end", size=SMALL_TEXT, fill=MUTED),
        *_legend(),
    ]
    kept = "Each network kept its own." if best is None else f"Epoch {best} was kept."
    return drawing(
        WIDTH,
        _BOTTOM + 44,
        *marks,
        title=title,
        desc=f"{len(train)} epochs of training and validation. {kept}",
    )


def _kept(epoch: int, x: float) -> list[Markup]:
    anchor = "end" if x > (_LEFT + _RIGHT) / 2 else "start"
    return [
        line(x, _TOP, x, _BOTTOM, stroke=MUTED, dash="2 3"),
        label(
            f"kept: {epoch}",
            x + (-5 if anchor == "end" else 5),
            _TOP + 8,
            anchor=anchor,
            size=SMALL_TEXT,
            fill=MUTED,
        ),
    ]


def _line(
    values: Sequence[float | None],
    across: LinearScale,
    upright: LinearScale,
    colour: str,
    dash: str | None,
) -> list[Markup]:
    data, down = "", False
    for epoch, value in enumerate(values, start=1):
        if value is not None:
            y = min(max(upright(value), _TOP), _BOTTOM)
            data += f"{'L' if down else 'M'}{number(across(epoch))} {number(y)}"
        down = value is not None
    if not data:
        return []
    return [
        element("path", d=data, fill="none", stroke=colour, stroke_width=2, stroke_dasharray=dash)
    ]


def _beyond(first: float | None, upright: LinearScale) -> list[Markup]:
    if first is None or first <= upright.high:
        return []
    return [label(f"↑ {first:.1f}", _LEFT + 6, _TOP - 8, size=SMALL_TEXT, fill=_TRAIN)]


def _legend() -> list[Markup]:
    y, second = 14.0, 150.0
    return [
        line(_LEFT, y, _LEFT + 26, y, stroke=_TRAIN, width=2, dash=_DASH),
        label("training", _LEFT + 34, y),
        line(second, y, second + 26, y, stroke=_VALIDATION, width=2),
        label("validation", second + 34, y),
    ]
