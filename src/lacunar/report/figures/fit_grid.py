"""Strip plot of the BIC of every K and seed."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from lacunar.colours import FAINT
from lacunar.report.scale import LinearScale, thinned, tick_label, widened
from lacunar.report.svg import INK, MUTED, SMALL_TEXT, drawing, label, line, rectangle
from lacunar.report.svg_markers import CIRCLE, COLOURS, DIAMOND, Marker, points

WIDTH = 440.0
_TOP, _BOTTOM, _RIGHT = 30.0, 330.0, WIDTH - 8
# Room for the axis labels, which are long for the BIC of many users.
_LEAST_LEFT, _PER_LETTER, _GAP = 58.0, 7.7, 6.0
_RADIUS = 2.6
_CHOSEN_BAND = "#eaf2f8"

_Place = tuple[float, float]


def bic_strips(
    bic: NDArray[np.float64],
    n_components: Sequence[int],
    seeds: Sequence[int],
    *,
    chosen: int,
    agreeing: Collection[int],
) -> Markup:
    """Draw a point per K and seed, and a bar at the median of each K.

    Parameters
    ----------
    bic : ndarray of shape (n_K, n_seeds)
        Infinite and NaN values are left out.
    n_components, seeds : sequence of int
    chosen : int
        The chosen K; its strip is tinted and labelled.
    agreeing : collection of int
        Seeds with the chosen partition; their points at the chosen K are diamonds.

    Notes
    -----
    A filled point is the lowest BIC of its seed: the filled points of a K are its votes.

    Examples
    --------
    >>> svg = bic_strips(np.array([[9.0, 8.0], [7.0, 8.5]]), [1, 2], [0, 1], chosen=2, agreeing=[0])
    >>> "4 fits" in svg
    True
    """
    finite = bic[np.isfinite(bic)]
    low, high = widened(float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    scale = LinearScale(low, high, _BOTTOM, _TOP)
    widest = max(len(tick_label(tick)) for tick in scale.ticks())
    left = max(_LEAST_LEFT, _PER_LETTER * widest + _GAP)
    slot = (_RIGHT - left) / len(n_components)
    column = {k: left + slot * (i + 0.5) for i, k in enumerate(n_components)}
    look = {
        (diamond, vote): Marker(
            DIAMOND if diamond else CIRCLE, COLOURS[1] if diamond else INK if vote else FAINT
        )
        for diamond in (False, True)
        for vote in (False, True)
    }
    groups: dict[tuple[bool, bool], list[_Place]] = {key: [] for key in look}
    votes = np.where(np.isfinite(bic), bic, np.inf).argmin(axis=0)
    for i, k in enumerate(n_components):
        for j, seed in enumerate(seeds):
            if np.isfinite(bic[i, j]):
                # Horizontal position by seed: equal values stay apart, without randomness.
                spread = (j + 0.5) / len(seeds) - 0.5
                key = (k == chosen and seed in agreeing, int(votes[j]) == i)
                groups[key].append((column[k] + 0.7 * slot * spread, scale(float(bic[i, j]))))
    marks = [
        *_axes(scale, column, left, slot, chosen),
        *_medians(bic, n_components, column, slot, scale),
        *(
            points(places, look[key], _RADIUS, hollow=not key[1], outline=0.9)
            for key, places in groups.items()
            if places
        ),
        *_legend(),
    ]
    return drawing(
        WIDTH,
        _BOTTOM + 102,
        *marks,
        title="BIC of every K and seed",
        desc=f"{finite.size} fits of {len(n_components)} K from {len(seeds)} seeds. Lower is "
        f"better. K = {chosen} was chosen; {len(agreeing)} seeds found its partition.",
    )


def _axes(
    scale: LinearScale, column: dict[int, float], left: float, slot: float, chosen: int
) -> list[Markup]:
    marks = [
        rectangle(
            column[chosen] - slot / 2, _TOP - 22, slot, _BOTTOM - _TOP + 44, fill=_CHOSEN_BAND
        )
    ]
    for tick in scale.ticks():
        y = scale(tick)
        marks += [
            line(left, y, _RIGHT, y),
            label(tick_label(tick), left - _GAP, y, anchor="end", size=SMALL_TEXT),
        ]
    labelled = thinned(len(column), list(column).index(chosen))
    for i, (k, x) in enumerate(column.items()):
        if i in labelled:
            weight = "bold" if k == chosen else None
            marks.append(label(str(k), x, _BOTTOM + 14, anchor="middle", weight=weight))
    half = 24.0
    x = min(max(column[chosen], left + half), _RIGHT - half)
    return [
        *marks,
        label("chosen", x, _TOP - 14, anchor="middle", weight="bold"),
        line(left, _BOTTOM, _RIGHT, _BOTTOM, stroke=INK),
        label("K, the number of segments", (left + _RIGHT) / 2, _BOTTOM + 36, anchor="middle"),
        label("BIC", left - _GAP, _TOP - 14, anchor="end", size=SMALL_TEXT, fill=MUTED),
    ]


def _medians(
    bic: NDArray[np.float64],
    n_components: Sequence[int],
    column: dict[int, float],
    slot: float,
    scale: LinearScale,
) -> list[Markup]:
    marks = []
    for i, k in enumerate(n_components):
        known = bic[i][np.isfinite(bic[i])]
        if known.size:
            y = scale(float(np.median(known)))
            half = 0.5 * slot
            marks.append(
                line(column[k] - half, y, column[k] + half, y, stroke=COLOURS[0], width=2.5)
            )
    return marks


def _legend() -> list[Markup]:
    rows = (_BOTTOM + 64, _BOTTOM + 86)
    left, middle = 12.0, 226.0
    return [
        points([(left, rows[0])], Marker(CIRCLE, INK), 3.4, outline=0.9),
        label("lowest BIC of its seed", left + 14, rows[0], size=SMALL_TEXT),
        points([(middle, rows[0])], Marker(CIRCLE, FAINT), 3.4, hollow=True, outline=0.9),
        label("another fit", middle + 14, rows[0], size=SMALL_TEXT),
        points([(left, rows[1])], Marker(DIAMOND, COLOURS[1]), 3.4, hollow=True, outline=0.9),
        label("found the chosen partition", left + 14, rows[1], size=SMALL_TEXT),
        line(middle - 8, rows[1], middle + 8, rows[1], stroke=COLOURS[0], width=2.5),
        label("median of the seeds", middle + 14, rows[1], size=SMALL_TEXT),
    ]
