from __future__ import annotations

import re
from html import unescape

import pytest
from starlette.testclient import TestClient

from lacunar.taste.model import TasteModel


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_overview_has_the_map_and_a_card_for_each_segment(
    client: TestClient, sample_model: TasteModel
) -> None:
    page = client.get("/taste").text
    assert "Map of users by segment" in page
    assert page.count("<h1>") == 1
    for segment, name in enumerate(sample_model.segments.names):
        assert f'href="/taste/segments/{segment}"' in page
        assert name in text_of(page)
        best = int(sample_model.film_counts.likes[segment].argmax())
        assert str(sample_model.ratings.items["title"][best]) in text_of(page)


def test_a_segments_page_tells_its_population_genres_films_and_members(
    client: TestClient, sample_model: TasteModel
) -> None:
    page = client.get("/taste/segments/1").text
    told = text_of(page)
    assert sample_model.segments.names[1] in told
    assert f"{sample_model.segments.populations[1]} " in told
    for heading in ("What they rate", "What they like", "How they rate", "Members"):
        assert heading in told
    members = re.findall(r'href="/taste/users/(\d+)"', page)
    ids = sample_model.ratings.users.to_pylist()
    assert members
    assert {ids.index(int(member)) for member in members} <= set(
        sample_model.segments.members(1).tolist()
    )


def test_two_segments_stand_side_by_side(client: TestClient, sample_model: TasteModel) -> None:
    told = text_of(client.get("/taste/compare", params={"a": 2, "b": 0}).text)
    assert f"{sample_model.segments.names[2]} and {sample_model.segments.names[0]}" in told
    assert "Liked more by" in told


def test_a_segment_beside_itself_asks_for_another(client: TestClient) -> None:
    page = client.get("/taste/compare", params={"a": 1, "b": 1})
    assert page.status_code == 200
    assert "choose another" in page.text


def test_the_form_needs_no_choice(client: TestClient) -> None:
    assert client.get("/taste/compare").status_code == 200


@pytest.mark.parametrize("path", ["segments/99", "segments/-1", "compare?a=0&b=99"])
def test_segments_that_are_not_there_are_not_found(client: TestClient, path: str) -> None:
    answer = client.get(f"/taste/{path}")
    assert answer.status_code == 404
    assert "Expected a segment from 0 to" in answer.text


@pytest.mark.parametrize("path", ["segments/x", "compare?a=x", "segments/" + "9" * 400])
def test_what_is_no_number_is_refused(client: TestClient, path: str) -> None:
    assert client.get(f"/taste/{path}").status_code in {404, 422}


@pytest.mark.parametrize("path", ["/taste", "/taste/segments/0", "/taste/compare", "/taste/try"])
def test_pages_obey_the_content_policy(client: TestClient, path: str) -> None:
    page = client.get(path).text
    assert not re.search(r"<[^>]+\s(style|on\w+)=", page)
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_a_server_without_tastes_says_so_in_a_page(traits_client: TestClient) -> None:
    for path in ("/taste", "/taste/segments/0", "/taste/users/1", "/taste/try"):
        answer = traits_client.get(path)
        assert answer.status_code == 404
        assert "No taste model" in answer.text
