from __future__ import annotations

from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from lacunar.taste.config import RECOMMENDERS
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.rerank import Controls
from lacunar.taste.to_json import (
    films_document,
    recommendations_document,
    segments_document,
    user_document,
)

API = "/api/v1"


def test_segments_are_what_the_command_line_prints(
    client: TestClient, sample_model: TasteModel
) -> None:
    assert client.get(f"{API}/segments").json() == segments_document(sample_model)


def test_a_user_is_what_the_command_line_prints(
    client: TestClient, sample_model: TasteModel
) -> None:
    user = str(sample_model.ratings.users[6])
    assert client.get(f"{API}/users/{user}").json() == user_document(sample_model, 6)


@pytest.mark.parametrize("by", RECOMMENDERS)
def test_a_user_gets_the_films_of_each_recommender(
    client: TestClient, sample_model: TasteModel, by: str
) -> None:
    user = str(sample_model.ratings.users[6])
    found = client.get(f"{API}/users/{user}/recommendations", params={"by": by, "top": 4})
    expected = recommendations_document(
        sample_model, 6, ListRequest(k=4, by=next(name for name in RECOMMENDERS if name == by))
    )
    assert found.json() == expected


def test_controls_and_filters_reach_the_list(client: TestClient, sample_model: TasteModel) -> None:
    user = str(sample_model.ratings.users[6])
    query = {"adventure": 0.5, "diversity": 0.3, "genre": ["Drama", "Comedy"], "first_year": 1980}
    found = client.get(f"{API}/users/{user}/recommendations", params=query)
    assert found.json() == recommendations_document(
        sample_model,
        6,
        ListRequest(
            controls=Controls(adventure=0.5, diversity=0.3),
            genres=("Drama", "Comedy"),
            first_year=1980,
        ),
    )


def test_more_ratings_of_a_user_count(client: TestClient, sample_model: TasteModel) -> None:
    user = str(sample_model.ratings.users[6])
    first, second = map(str, sample_model.ratings.items["item_id"].to_pylist()[:2])
    query = {"rate": [f"{first}:5", f"{second}:1.5"], "top": 4}
    found = client.get(f"{API}/users/{user}/recommendations", params=query)
    assert found.json() == recommendations_document(
        sample_model, 6, ListRequest(k=4), also={first: 5.0, second: 1.5}
    )


def test_posted_ratings_get_films(client: TestClient, sample_model: TasteModel) -> None:
    ids = [str(item) for item in sample_model.ratings.items["item_id"].to_pylist()[:3]]
    stars = {ids[0]: 5.0, ids[1]: 2.5}
    wanted = {"ratings": stars, "top": 3, "deny": [ids[2]], "favourites": 0.2}
    found = client.post(f"{API}/recommendations", json=wanted)
    assert found.status_code == 200
    assert found.json() == recommendations_document(
        sample_model,
        stars,
        ListRequest(k=3, controls=Controls(favourites=0.2), deny=(ids[2],)),
    )


def test_nothing_known_is_an_empty_object(client: TestClient) -> None:
    found = client.post(f"{API}/recommendations", json={}).json()
    assert found["user"] is None
    assert found["ratings"] == 0
    assert len(found["items"]) == 10


def test_films_are_found_by_title(client: TestClient, sample_model: TasteModel) -> None:
    found = client.get(f"{API}/films", params={"q": "the", "limit": 4})
    assert found.json() == films_document(sample_model, "the", 4)
    assert len(found.json()["films"]) == 4


@pytest.mark.parametrize("user", ["nobody", "a/b", "%2e%2e%2fetc", "<script>", "x" * 200, "7 OR 1"])
def test_nobody_of_an_unknown_id_is_found(client: TestClient, user: str) -> None:
    for ending in ("", "/recommendations"):
        answer = client.get(f"{API}/users/{quote(user, safe='')}{ending}")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["title"] == "No such user"


BAD = {
    "too many films": ({"top": 101}, "top"),
    "a rating off the scale": ({"ratings": {"1": 9}}, "expected a rating of 0.5 to 5"),
    "no such film": ({"ratings": {"none": 4}}, "expected the id of one of 300 films"),
    "too many ratings": ({"ratings": {str(i): 4 for i in range(1001)}}, "1000"),
    "a long id": ({"ratings": {"x" * 201: 4}}, "200"),
    "words for stars": ({"ratings": {"1": "good"}}, "number"),
    "a word it does not know": ({"rating": {}}, "extra"),
    "no such genre": ({"genres": ["Opera"]}, "Opera"),
    "adventure of a rule": ({"by": "segment", "adventure": 0.5}, "recommender personal"),
    "years reversed": ({"first_year": 1999, "last_year": 1990}, "years from first to last"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_wishes_get_a_problem_with_one_sentence(client: TestClient, case: str) -> None:
    wanted, sentence = BAD[case]
    answer = client.post(f"{API}/recommendations", json=wanted)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert sentence in answer.text


def test_infinite_stars_are_refused(client: TestClient) -> None:
    body = '{"ratings": {"1": Infinity}}'
    answer = client.post(
        f"{API}/recommendations", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code in {400, 422}


@pytest.mark.parametrize("query", ["", "?q=" + "x" * 201, "?q=a&limit=0", "?q=a&limit=101"])
def test_searches_are_bounded(client: TestClient, query: str) -> None:
    assert client.get(f"{API}/films{query}").status_code == 422


def test_a_server_without_tastes_says_so(traits_client: TestClient) -> None:
    for path in ("segments", "users/1", "users/1/recommendations", "films?q=a"):
        answer = traits_client.get(f"{API}/{path}")
        assert answer.status_code == 404
        assert "taste" in answer.json()["detail"]
    assert traits_client.post(f"{API}/recommendations", json={}).status_code == 404


def test_the_description_has_examples_and_the_shapes_of_all_documents(client: TestClient) -> None:
    document = client.get(f"{API}/openapi.json").json()
    schemas = document["components"]["schemas"]
    assert {
        "SegmentsDocument", "UserDocument", "RecommendationsDocument", "FilmsDocument",
    } <= set(schemas)  # fmt: skip
    assert schemas["RecommendationsRequest"]["examples"]
    user = document["paths"][f"{API}/users/{{user_id}}"]["get"]
    assert user["parameters"][0]["schema"]["examples"] == ["4"]


def test_ids_may_be_written_as_in_the_files(client: TestClient, sample_model: TasteModel) -> None:
    user, item = (
        str(ids[3]) for ids in (sample_model.ratings.users, sample_model.ratings.items[0])
    )
    plain = client.get(f"{API}/users/{user}")
    assert plain.status_code == 200
    for written in (f"0{user}", f"000{user}", f"{user}.0"):
        assert client.get(f"{API}/users/{written}").json() == plain.json()
    expected = client.post(f"{API}/recommendations", json={"ratings": {item: 5}})
    assert expected.status_code == 200
    for written in (f"00{item}", f"{item}.0"):
        found = client.post(f"{API}/recommendations", json={"ratings": {written: 5}})
        assert found.json() == expected.json()
    assert client.get(f"{API}/users/{user}.5").status_code == 404


def test_an_unknown_recommender_is_refused_with_its_parameter(client: TestClient) -> None:
    found = client.get(f"{API}/users/1/recommendations", params={"by": "magic"})
    assert found.status_code == 422
    assert "query.by: " in found.json()["detail"]
    assert "popularity" in found.json()["detail"]
    found = client.post(f"{API}/recommendations", json={"ratings": {}, "by": "magic"})
    assert found.status_code == 422
    assert "body.by: " in found.json()["detail"]
