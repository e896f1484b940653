from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.taste.config import RECOMMENDERS, RecommenderName
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.rerank import Controls
from lacunar.taste.to_json import recommendations_document


def documented(
    model: TasteModel, user: int | dict[str, float], request: ListRequest
) -> list[dict[str, object]]:
    """The list of the JSON document, as rows of a frame."""
    return [
        {
            "item": film["item"],
            "title": film["title"],
            "rank": rank,
            "score": film["score"],
            "reasons": [reason["text"] for reason in film["reasons"]],
        }
        for rank, film in enumerate(recommendations_document(model, user, request)["items"], 1)
    ]


@pytest.mark.parametrize("by", [None, *RECOMMENDERS])
def test_recommendations_are_those_of_the_document(
    sample_model: TasteModel, by: RecommenderName | None
) -> None:
    positions = {4: 3, 42: 41}
    expected = [
        {"user": user} | row
        for user, position in positions.items()
        for row in documented(sample_model, position, ListRequest(k=6, by=by))
    ]
    found = sample_model.recommend(list(positions), k=6, by=by, reasons=True)
    assert found.to_pylist() == expected
    plain = sample_model.recommend(list(map(str, positions)), k=6, by=by)
    assert plain.drop(["score"]).equals(found.drop(["score", "reasons"]))
    assert plain["score"].to_numpy() == pytest.approx(found["score"].to_numpy(), abs=1e-9)


def test_the_options_are_those_of_a_request(sample_model: TasteModel) -> None:
    options: dict[str, Any] = {"first_year": 1980, "last_year": 2010, "include_seen": True}
    controls = Controls(adventure=0.2, diversity=0.4)
    request = ListRequest(k=5, genres=("Drama",), controls=controls, **options)
    for genres in ("Drama", ["Drama"]):
        found = sample_model.recommend(
            4, 5, genres=genres, controls=controls, reasons=True, **options
        )
        rows = documented(sample_model, 3, request)
        assert found.drop(["user"]).to_pylist() == rows
        assert len(rows) == 5


def test_a_new_user_gets_the_list_of_the_document(sample_model: TasteModel) -> None:
    first, second, *_ = sample_model.ratings.items["item_id"].to_pylist()
    stars = {first: 5.0, second: 1.0}
    as_text = {str(item): rating for item, rating in stars.items()}
    expected = documented(sample_model, as_text, ListRequest(k=4, first_year=1990))
    for ratings in (stars, as_text):
        found = sample_model.recommend_new(ratings, 4, first_year=1990, reasons=True)
        assert found.to_pylist() == expected
    assert sample_model.recommend_new({}).num_rows == 10


def test_users_come_in_the_order_asked_for_and_those_without_candidates_have_no_rows(
    sample_model: TasteModel,
) -> None:
    users = sample_model.ratings.users
    everyone = sample_model.recommend(users, k=2)
    assert everyone["user"].to_pylist() == np.repeat(users.to_pylist(), 2).tolist()
    assert sample_model.recommend([9, 2, 9], k=1)["user"].to_pylist() == [9, 2, 9]
    for reasons in (False, True):
        none = sample_model.recommend([], reasons=reasons)
        left = sample_model.recommend(4, first_year=9000, reasons=reasons)
        zero = sample_model.recommend(4, k=0, reasons=reasons)
        assert none.num_rows == left.num_rows == zero.num_rows == 0
        assert (
            none.schema
            == left.schema
            == zero.schema
            == sample_model.recommend(4, reasons=reasons).schema
        )


def test_bad_requests_get_one_sentence(sample_model: TasteModel) -> None:
    with pytest.raises(InputError, match=r"one of 120 users, such as 1, got 'nobody'"):
        sample_model.recommend([4, "nobody"])
    with pytest.raises(InputError, match=r"^users: expected ids of users, got a mapping"):
        sample_model.recommend({"2": 5.0})
    with pytest.raises(InputError, match=r"one of 300 films, such as 2, got 'none'"):
        sample_model.recommend_new({"none": 5.0})
    with pytest.raises(InputError, match=r"^k: expected 0 or more"):
        sample_model.recommend(4, k=-1)
    with pytest.raises(InputError, match=r"^adventure: expected the recommender personal"):
        sample_model.recommend(4, by="segment", controls=Controls(adventure=0.5))


def test_more_ratings_of_known_users_count_with_their_own(sample_model: TasteModel) -> None:
    ratings = sample_model.ratings
    ids = ratings.items["item_id"].to_pylist()
    more = {ids[0]: 5.0, ids[9]: 1.0}
    found = sample_model.recommend([4, 42], k=5, also=more).to_pylist()
    for user in (4, 42):
        rows = ratings.rows_of(ratings.user_position(user))
        own = {ids[i]: r for i, r in zip(ratings.item[rows], ratings.rating[rows], strict=True)}
        expected = sample_model.recommend_new(own | more, k=5).to_pylist()
        assert [row["item"] for row in found if row["user"] == user] == [
            row["item"] for row in expected
        ]
    assert sample_model.recommend([4], k=5, also={}) == sample_model.recommend([4], k=5)
    with pytest.raises(InputError, match=r"film 1: expected a rating of 0\.5 to 5"):
        sample_model.recommend([4], also={1: 9.0})
