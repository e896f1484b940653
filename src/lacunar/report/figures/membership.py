"""Bar chart of membership probabilities, compared with the shares of all users."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from lacunar.aliases import shortened
from lacunar.report.scale import LinearScale
from lacunar.report.svg import INK, MUTED, SMALL_TEXT, drawing, label, line, rectangle
from lacunar.report.svg_markers import marker, points

WIDTH = 440.0
_ROW, _TOP = 38.0, 26.0


def membership_bars(
    who: str,
    names: Sequence[str],
    probabilities: Sequence[float],
    everybody: Sequence[float],
) -> Markup:
    """Draw the probability of each segment.

    Parameters
    ----------
    who : str
        Name of the user.
    names : sequence of str
        Length K; segments have the same markers as on the map.
    probabilities : sequence of float
        Sum to 1.
    everybody : sequence of float
        Share of all users in each segment, drawn as a vertical line.

    Examples
    --------
    >>> svg = membership_bars("User 4", ["A", "B"], [0.9, 0.1], [0.5, 0.5])
    >>> "User 4 belongs to A with probability 0.900" in svg
    True
    """
    left, right = 26.0, WIDTH - 58
    scale = LinearScale(0.0, 1.0, left, right)
    marks = [
        line(left + 6, 4, left + 6, 16, stroke=INK, width=2),
        label("share of all users", left + 14, 10, size=SMALL_TEXT, fill=MUTED),
    ]
    rows = zip(names, probabilities, everybody, strict=True)
    for segment, (name, probability, usual) in enumerate(rows):
        y = _TOP + _ROW * segment
        look = marker(segment)
        marks += [
            points([(10, y + 20)], look, 5),
            label(shortened(name, 52), left, y + 8, size=SMALL_TEXT),
            rectangle(left, y + 16, right - left, 10, fill="#eef1f4"),
            rectangle(left, y + 16, scale(probability) - left, 10, fill=look.colour),
            line(scale(usual), y + 15, scale(usual), y + 29, stroke=INK, width=2),
            label(_percent(probability), WIDTH - 4, y + 21, anchor="end", size=SMALL_TEXT),
        ]
    best = max(range(len(names)), key=lambda segment: probabilities[segment])
    return drawing(
        WIDTH,
        _TOP + _ROW * len(names),
        *marks,
        title=f"Where {who} belongs",
        desc=f"{who} belongs to {names[best]} with probability {probabilities[best]:.3f}, "
        f"among {len(names)} segments.",
    )


def _percent(probability: float) -> str:
    """A percentage; only exact 0 and 1 are shown as 0 % and 100 %."""
    if 0 < probability < 0.0005:
        return "<0.1%"
    return ">99.9%" if 0.9995 <= probability < 1 else f"{probability:.1%}"
