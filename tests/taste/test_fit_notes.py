from __future__ import annotations

import pytest

from lacunar.taste.data.ratings import Ratings
from lacunar.taste.fit_notes import fit_notes


@pytest.mark.parametrize("asked_view", ["shares", "shares+periods"])
def test_there_is_a_note_only_for_a_view_that_was_not_possible(
    sample_ratings: Ratings, asked_view: str
) -> None:
    notes = fit_notes(sample_ratings, asked_view=asked_view, view="shares", users_are_equal=False)
    assert len(notes) == (asked_view != "shares")
