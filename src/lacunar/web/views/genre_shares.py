"""Shares of genres in the ratings of a group, compared with another group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lacunar.report.figures import paired_shares
from lacunar.report.svg_markers import CIRCLE, Marker
from lacunar.report.tables import percent, table
from lacunar.taste.segment_summaries import GenreShare

# Grey, because the markers of segments have colours.
ALL_USERS = Marker(CIRCLE, "#8c959f")


def times(genre: GenreShare) -> str:
    """The ratio of a genre's two shares as a short text.

    Examples
    --------
    >>> times(GenreShare("War", 0.001, 0.02, True))[1:]
    '0.05'
    >>> times(GenreShare("War", 0.03, 0.0, True)), times(GenreShare("War", 0.0, 0.0, False))
    ('only here', '-')
    """
    if not genre.reference:
        return "only here" if genre.share else "-"
    if not genre.share:
        return "none"
    return f"\N{MULTIPLICATION SIGN}{_factor(genre)}"


def _factor(genre: GenreShare) -> str:
    return f"{genre.times:.{1 if genre.times >= 0.095 else 2}f}" if genre.share else "0"


def genre_ratio(genre: GenreShare) -> str:
    r"""A genre with the ratio of its two shares.

    Examples
    --------
    >>> genre_ratio(GenreShare("War", 0.03, 0.0, True))
    'War\xa0only here'
    """
    return f"{genre.genre}\N{NO-BREAK SPACE}{times(genre)}"


def shares_in_words(over: Sequence[GenreShare], under: Sequence[GenreShare], plural: str) -> str:
    r"""A sentence on the genres that a segment rates more, and less, than all users do.

    Examples
    --------
    >>> war, drama = GenreShare("War", 0.03, 0.02, True), GenreShare("Drama", 0.1, 0.2, True)
    >>> shares_in_words([war], [drama], "films").replace("\N{MULTIPLICATION SIGN}", "x")
    'Members rate 1.5x as many War films as average, and fewer Drama.'
    >>> shares_in_words([], [drama], "films")
    'Members rate fewer Drama films than average.'
    """
    fewer = _listed([genre.genre for genre in under])
    if over:
        times = [f"{_factor(one)}\N{MULTIPLICATION SIGN} as many {one.genre}" for one in over]
        ending = f", and fewer {fewer}." if under else "."
        return f"Members rate {_listed(times)} {plural} as average{ending}"
    if under:
        return f"Members rate fewer {fewer} {plural} than average."
    return "Members rate each genre about as often as average."


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def shares_beside(
    genres: Sequence[GenreShare],
    names: tuple[str, str],
    looks: tuple[Marker, Marker],
    *,
    heads: tuple[str, str],
) -> dict[str, Any]:
    """Shares by genre as a figure and a table.

    Parameters
    ----------
    genres : sequence of GenreShare
    names : (str, str)
        Names of the two groups.
    looks : (Marker, Marker)
    heads : (str, str)
        Short names of the two groups, for the table.
    """
    return {
        "figure": paired_shares(
            [genre.genre for genre in genres],
            [genre.share for genre in genres],
            [genre.reference for genre in genres],
            names=names,
            looks=looks,
            faint=[not genre.stands_out for genre in genres],
            title=f"Share of ratings by genre: {names[0]} and {names[1]}",
        ),
        "table": table(
            "Share of each genre in the ratings",
            ["Genre", *heads, "Times", "Stands out"],
            [
                (
                    genre.genre,
                    percent(genre.share),
                    percent(genre.reference),
                    times(genre),
                    "yes" if genre.stands_out else "no",
                )
                for genre in genres
            ],
        ),
    }
