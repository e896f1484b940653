from __future__ import annotations

import pytest

from lacunar.report.svg_markers import marker
from lacunar.report.tables import Table
from lacunar.taste.segment_summaries import GenreShare
from lacunar.web.views.genre_shares import (
    ALL_USERS,
    genre_ratio,
    shares_beside,
    shares_in_words,
    times,
)


@pytest.mark.parametrize(
    ("share", "beside", "words"),
    [
        (0.3, 0.2, "\N{MULTIPLICATION SIGN}1.5"),
        (0.02, 0.2, "\N{MULTIPLICATION SIGN}0.1"),
        (0.01, 0.2, "\N{MULTIPLICATION SIGN}0.05"),
        (0.1, 0.0, "only here"),
        (0.0, 0.1, "none"),
        (0.0, 0.0, "-"),
    ],
)
def test_times_are_told_briefly(share: float, beside: float, words: str) -> None:
    genre = GenreShare("War", share, beside, True)
    assert times(genre) == words
    assert genre_ratio(genre) == f"War\N{NO-BREAK SPACE}{words}"


def test_figure_and_table_tell_the_same() -> None:
    genres = [GenreShare("War", 0.3, 0.2, True), GenreShare("IMAX", 0.1, 0.1, False)]
    found = shares_beside(
        genres, ("A <b>", "All users"), (marker(0), ALL_USERS), heads=("Members", "All users")
    )
    assert "Furthest apart: War, 30.0% and 20.0%." in found["figure"]
    assert "<b>" not in found["figure"]
    table = found["table"]
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == ["War", "IMAX"]
    assert [row[4] for row in table.rows] == ["yes", "no"]


def test_the_marker_of_all_users_is_no_segments() -> None:
    assert ALL_USERS not in [marker(segment) for segment in range(56)]


@pytest.mark.parametrize(
    ("over", "under", "sentence"),
    [
        (
            ["War", "Drama"],
            ["Horror"],
            "Members rate 1.5x as many War and 1.5x as many Drama wines as average, "
            "and fewer Horror.",
        ),
        (["War"], [], "Members rate 1.5x as many War wines as average."),
        (
            [],
            ["War", "Drama", "IMAX"],
            "Members rate fewer War, Drama and IMAX wines than average.",
        ),
        ([], [], "Members rate each genre about as often as average."),
    ],
)
def test_a_sentence_lists_what_members_rate_more_and_less(
    over: list[str], under: list[str], sentence: str
) -> None:
    found = shares_in_words(
        [GenreShare(genre, 0.03, 0.02, True) for genre in over],
        [GenreShare(genre, 0.02, 0.03, True) for genre in under],
        "wines",
    )
    assert found.replace("\N{MULTIPLICATION SIGN}", "x") == sentence
