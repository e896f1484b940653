from __future__ import annotations

from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from lacunar.taste.model import TasteModel
from lacunar.web.list_requests import (
    WithListRequest,
    list_query,
    ratings_of,
    segment_at,
    user_at,
)
from lacunar.web.problems import Refusal


@pytest.fixture(scope="module")
def echo() -> TestClient:
    """Returns the query that is equivalent to the query of the request."""
    app = FastAPI()

    @app.get("/")
    async def echo_query(request: WithListRequest) -> list[tuple[str, str]]:
        return list_query(request)

    return TestClient(app)


def test_empty_form_fields_give_the_default_request(echo: TestClient) -> None:
    empty = "by=&genre=&first_year=&last_year=&adventure=0&favourites=0&diversity=0&top=10"
    assert echo.get(f"/?{empty}").json() == []


def test_the_query_has_only_differences_from_the_default(echo: TestClient) -> None:
    query = [
        ["top", "20"], ["by", "segment"], ["adventure", "0.35"], ["genre", "Drama"],
        ["genre", "War"], ["first_year", "1980"],
    ]  # fmt: skip
    assert echo.get("/?" + urlencode([(name, value) for name, value in query])).json() == query
    assert echo.get("/?" + urlencode([(name, value) for name, value in query[::-1]])).json() == [
        *query[:3], query[4], query[3], query[5]
    ]  # fmt: skip


@pytest.mark.parametrize(
    "query",
    ["top=0", "top=101", "top=ten", "adventure=1.1", "adventure=-0.1", "diversity=nan",
     "favourites=inf", "by=magic", "first_year=-1", "last_year=10000", "first_year=x",
     "genre=" + "x" * 201, "&".join(["genre=a"] * 51)],
)  # fmt: skip
def test_parameters_out_of_bounds_are_refused(echo: TestClient, query: str) -> None:
    assert echo.get(f"/?{query}").status_code == 422


def test_unknown_users_and_segments_are_refused(sample_model: TasteModel) -> None:
    assert user_at(sample_model, str(sample_model.ratings.users[4])) == 4
    assert segment_at(sample_model, 1) == 1
    for refused in (lambda: user_at(sample_model, "x" * 500), lambda: segment_at(sample_model, -1)):
        with pytest.raises(Refusal) as refusal:
            refused()
        assert refusal.value.status_code == 404
        assert len(str(refusal.value.detail)) < 200


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=9).filter(lambda item: item == item.strip()),
        st.sampled_from([0.5, 3.0, 4.5]),
    )
)
def test_ratings_of_an_address_are_parsed_for_any_ids(stars: dict[str, float]) -> None:
    assert ratings_of([f"{item}:{value:g}" for item, value in stars.items()]) == stars


def test_empty_ratings_are_skipped_and_the_last_of_a_film_counts() -> None:
    assert ratings_of(["", "7:2", "8:1", "7:5"]) == {"7": 5.0, "8": 1.0}


@pytest.mark.parametrize("rate", ["7", ":4", "7:", "7:good", " : 4"])
def test_an_invalid_rating_is_refused(rate: str) -> None:
    with pytest.raises(Refusal, match="expected ITEM:RATING"):
        ratings_of([rate])
