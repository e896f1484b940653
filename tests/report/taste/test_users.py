from __future__ import annotations

import pytest

from lacunar.report.taste.users import anchor, sample_table, user_in_detail, user_name
from lacunar.taste.model import TasteModel


def test_users_are_known_by_their_id_and_found_by_their_position(model: TasteModel) -> None:
    assert user_name(model, 3) == f"User {model.ratings.users[3]}"
    assert anchor(3) == "user-at-3"


def test_a_row_tells_why_a_user_is_shown(model: TasteModel) -> None:
    shown = sample_table(model, [0, 5], {5})
    assert [row[1] for row in shown.rows][1] == "asked for"
    assert shown.rows[0][1].startswith("drawn from ")
    for row, user in zip(shown.rows, (0, 5), strict=True):
        assert row[2] == model.segments.names[model.segments.labels[user]]
        assert len(row) == 3 + model.segments.n_segments


@pytest.mark.parametrize("top", [0, 3])
def test_a_user_in_detail_has_films_and_every_recommender(model: TasteModel, top: int) -> None:
    found = user_in_detail(model, 2, top)
    assert len(found["recommendations"]) == top  # type: ignore[arg-type]  # a list of films
    assert found["n_known"] == int((model.profiles.counts[2] > 0).sum())
    assert found["n_genres"] == len(model.ratings.genres)
