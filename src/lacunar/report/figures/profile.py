"""Dot plots of genre profiles: a segment and all users, a user and their segment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lacunar.aliases import shortened
from lacunar.colours import REFERENCE
from lacunar.report.scale import LinearScale, tick_label
from lacunar.report.svg import GRID, INK, MUTED, SMALL_TEXT, drawing, label, line
from lacunar.report.svg_markers import CIRCLE, Marker, marker, points

WIDTH = 440.0
NO_RATING = "no rating"
_ROW = 20.0
_LEFT, _TOP, _RIGHT = 132.0, 62.0, 362.0
_RADIUS = 4.6
_USER = Marker(CIRCLE, INK)


@dataclass(frozen=True, slots=True)
class _Plot:
    """A filled marker and a vertical bar per genre; NaN is a gap without a marker."""

    genres: Sequence[str]
    values: Sequence[float]
    reference: Sequence[float]
    counts: Sequence[int]
    look: Marker
    names: tuple[str, str]
    counted: str
    domain: tuple[float, float]

    def draw(self, title: str, desc: str) -> Markup:
        bottom = _TOP + _ROW * len(self.genres)
        scale = LinearScale(*self.domain, _LEFT + 8, _RIGHT - 8)
        marks = self._axis(scale, bottom)
        for i, genre in enumerate(self.genres):
            y = _TOP + _ROW * (i + 0.5)
            marks += self._row(scale, y, genre, self.values[i], self.reference[i], self.counts[i])
        return drawing(WIDTH, bottom + 32, *marks, *self._legend(), title=title, desc=desc)

    def _axis(self, scale: LinearScale, bottom: float) -> list[Markup]:
        marks: list[Markup] = []
        for tick in scale.ticks(6):
            marks += [
                line(scale(tick), _TOP, scale(tick), bottom),
                label(tick_label(tick), scale(tick), bottom + 12, anchor="middle", size=SMALL_TEXT),
            ]
        marks.append(
            label("rating", _LEFT - 8, bottom + 12, anchor="end", size=SMALL_TEXT, fill=MUTED)
        )
        return marks

    def _row(
        self, scale: LinearScale, y: float, genre: str, value: float, reference: float, count: int
    ) -> list[Markup]:
        gap = math.isnan(value)
        marks = [
            label(shortened(genre, 19), _LEFT - 8, y, anchor="end", fill=MUTED if gap else INK)
        ]
        if not math.isnan(reference):
            x = scale(reference)
            if not gap:
                marks.append(line(x, y, scale(value), y, stroke="#8c959f", width=1.5))
            marks.append(line(x, y - 7, x, y + 7, stroke=REFERENCE, width=3))
        if gap:
            marks.append(
                label(
                    NO_RATING,
                    WIDTH - 4,
                    y,
                    anchor="end",
                    size=SMALL_TEXT,
                    fill=MUTED,
                    slant="italic",
                )
            )
        else:
            marks += [
                points([(scale(value), y)], self.look, _RADIUS),
                label(f"{count:,}", WIDTH - 4, y, anchor="end", size=SMALL_TEXT),
            ]
        return marks

    def _legend(self) -> list[Markup]:
        y, second = 14.0, 36.0
        return [
            points([(12, y)], self.look, _RADIUS),
            label(shortened(self.names[0], 58), 26, y),
            line(12, second - 7, 12, second + 7, stroke=REFERENCE, width=3),
            label(shortened(self.names[1], 44), 26, second),
            label(self.counted, WIDTH - 4, second, anchor="end", size=SMALL_TEXT, fill=MUTED),
            line(0, _TOP - 8, WIDTH, _TOP - 8, stroke=GRID),
        ]


def segment_profile(
    name: str,
    segment: int,
    genres: Sequence[str],
    means: Sequence[float],
    everyone: Sequence[float],
    raters: Sequence[int],
    *,
    domain: tuple[float, float],
) -> Markup:
    """Draw a segment's genre means compared with those of all users.

    Parameters
    ----------
    name : str
    segment : int
        Selects the marker, the same as on the map.
    genres : sequence of str
        Length G.
    means, everyone : sequence of float
        Stars; NaN for genres without ratings.
    raters : sequence of int
        Members who rated the genre.
    domain : (float, float)
        Stars at both ends of the axis, the same for all segments.

    Examples
    --------
    >>> svg = segment_profile("A", 0, ["War"], [4.0], [3.5], [9], domain=(1, 5))
    >>> "members who rated" in svg
    True
    """
    plot = _Plot(
        genres, means, everyone, raters, marker(segment),
        (f"{shortened(name, 24)}: means of members who rated", "all users who rated the genre"),
        "members who rated", domain,
    )  # fmt: skip
    return plot.draw(
        f"Genre profile of {name}",
        f"Mean rating of {len(genres)} genres in {name}, each beside the mean of all users, "
        "with the number of members who rated the genre.",
    )


def user_profile(
    user: str,
    segment_name: str,
    genres: Sequence[str],
    means: Sequence[float],
    segment_means: Sequence[float],
    counts: Sequence[int],
    *,
    domain: tuple[float, float],
) -> Markup:
    """Draw a user's genre means compared with the segment's; a gap is labelled as one.

    Parameters
    ----------
    user : str
        Name of the user.
    segment_name : str
    genres : sequence of str
        Length G.
    means, segment_means : sequence of float
        Stars; NaN without a rating.
    counts : sequence of int
        The user's ratings of the genre.
    domain : (float, float)
        Stars at both ends of the axis.

    Examples
    --------
    >>> svg = user_profile(
    ...     "User 4", "A", ["IMAX", "War"], [math.nan, 4.0], [3.0, 3.5], [0, 2], domain=(1, 5)
    ... )
    >>> svg.count("no rating</text>")
    1
    """
    gaps = sum(math.isnan(mean) for mean in means)
    plot = _Plot(
        genres, means, segment_means, counts, _USER,
        (f"{shortened(user, 40)}", f"{shortened(segment_name, 20)}: members who rated the genre"),
        "ratings", domain,
    )  # fmt: skip
    return plot.draw(
        f"Genre profile of {user}",
        f"Mean rating of {len(genres)} genres beside the mean of {segment_name}, with the number "
        f"of ratings. {gaps} genres have no rating and no mark.",
    )
