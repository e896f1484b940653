from __future__ import annotations

import pytest

from lacunar.taste.data.ratings import Ratings
from lacunar.taste.fit_notes import fit_notes, note_without_likes


@pytest.mark.parametrize("asked_view", ["shares", "shares+periods"])
def test_there_is_a_note_only_for_a_view_that_was_not_possible(
    sample_ratings: Ratings, asked_view: str
) -> None:
    notes = fit_notes(
        sample_ratings, asked_view=asked_view, view="shares", liked_above=3.5, users_are_equal=False
    )
    assert len(notes) == (asked_view != "shares")


def test_ratings_that_are_all_too_low_to_be_likes_are_noted(sample_ratings: Ratings) -> None:
    highest = sample_ratings.rating.max()
    assert note_without_likes(sample_ratings, highest - 0.5) is None
    note = note_without_likes(sample_ratings, highest)
    assert note is not None
    assert note.startswith("no rating is a like: the highest is 5, and `liked_above` is 5")
