"""How much of each genre some people watch, beside others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lacunar.report.figures import paired_shares
from lacunar.report.svg_markers import CIRCLE, Marker
from lacunar.report.tables import percent, table
from lacunar.taste.segment_summaries import GenreShare

# The mark of all users is no segment's: segments have colours.
EVERYBODY = Marker(CIRCLE, "#8c959f")


def times(genre: GenreShare) -> str:
    """How many times as much of a genre, in words short enough for a card.

    Examples
    --------
    >>> times(GenreShare("War", 0.001, 0.02, True))[1:]
    '0.05'
    >>> times(GenreShare("War", 0.03, 0.0, True)), times(GenreShare("War", 0.0, 0.0, False))
    ('only here', '-')
    """
    if not genre.beside:
        return "only here" if genre.share else "-"
    if not genre.share:
        return "none"
    digits = 1 if genre.times >= 0.095 else 2
    return f"\N{MULTIPLICATION SIGN}{genre.times:.{digits}f}"


def told(genre: GenreShare) -> str:
    r"""A genre and how many times as much of it.

    Examples
    --------
    >>> told(GenreShare("War", 0.03, 0.0, True))
    'War\xa0only here'
    """
    return f"{genre.genre}\N{NO-BREAK SPACE}{times(genre)}"


def shares_beside(
    genres: Sequence[GenreShare],
    names: tuple[str, str],
    looks: tuple[Marker, Marker],
    *,
    heads: tuple[str, str],
) -> dict[str, Any]:
    """Shares by genre as a figure and as a table.

    Parameters
    ----------
    genres : sequence of GenreShare
    names : (str, str)
        Whose shares they are, and whose those beside are.
    looks : (Marker, Marker)
    heads : (str, str)
        The same in the table, where room is short.
    """
    return {
        "figure": paired_shares(
            [genre.genre for genre in genres],
            [genre.share for genre in genres],
            [genre.beside for genre in genres],
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
                    percent(genre.beside),
                    times(genre),
                    "yes" if genre.stands_out else "no",
                )
                for genre in genres
            ],
        ),
    }
