from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from starlette.testclient import TestClient

from lacunar.taste.config import TasteConfig
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.fit import fit_taste
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.rerank import Controls
from lacunar.taste.to_json import recommendations_document
from lacunar.web.addresses import user_path
from lacunar.web.settings import ServeSettings
from lacunar.web.state import AppState, build_state

ClientOf = Callable[[AppState], TestClient]

USER = 6


def text_of(page: str) -> str:
    """What a page says, without its elements."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def titles(page: str) -> list[str]:
    """Films of the recommended list."""
    films = page.partition('<ol class="films">')[2].partition("</ol>")[0]
    return [text_of(part.partition("</strong>")[0]) for part in films.split("<strong>")[1:]]


@pytest.fixture
def path(sample_model: TasteModel) -> str:
    return user_path(str(sample_model.ratings.users[USER]))


def test_a_users_page_has_profile_memberships_and_films(
    client: TestClient, sample_model: TasteModel, path: str
) -> None:
    told = text_of(client.get(path).text)
    assert f"User {sample_model.ratings.users[USER]}" in told
    for name in sample_model.segments.names:
        assert name in told
    for film in recommendations_document(sample_model, USER, ListRequest())["items"]:
        assert film["title"] in told
        assert film["reasons"][0]["text"] in told


def test_gaps_are_named_and_stay_unknown(client: TestClient, sample_model: TasteModel) -> None:
    gaps = sample_model.profiles.gaps
    user = int(gaps.sum(axis=1).argmax())
    told = text_of(client.get(user_path(str(sample_model.ratings.users[user]))).text)
    named = [g for g, gap in zip(sample_model.ratings.genres, gaps[user], strict=True) if gap]
    assert named
    assert f"Not rated: {', '.join(named)}." in told
    assert told.count("no rating") >= len(named)


def test_controls_change_the_list_and_stay_as_they_were_set(
    client: TestClient, sample_model: TasteModel, path: str
) -> None:
    page = client.get(path, params={"top": 5, "adventure": 0.8, "diversity": 0.5}).text
    expected = recommendations_document(
        sample_model, USER, ListRequest(k=5, controls=Controls(adventure=0.8, diversity=0.5))
    )
    assert [film["title"] for film in expected["items"]] == titles(page)
    assert 'name="adventure" min="0" max="1" step="0.05" value="0.8"' in page
    assert '<option value="5" selected>' in page


def test_a_form_with_empty_fields_leads_to_a_tidy_address(client: TestClient, path: str) -> None:
    sent = "adventure=0.25&favourites=0&diversity=0&by=&genre=&first_year=&last_year=&top=10"
    answer = client.get(f"{path}?{sent}")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{path}?adventure=0.25"
    assert client.get(answer.headers["location"]).status_code == 200


def test_adventure_is_left_out_where_the_recommender_has_none(
    client: TestClient, path: str
) -> None:
    page = client.get(path, params={"by": "segment", "adventure": "0.5"})
    assert page.status_code == 200
    assert "Adventure needs the recommender Personal" in page.text


def test_a_genre_that_leaves_no_film_says_so(client: TestClient, path: str) -> None:
    page = client.get(path, params={"first_year": 9000})
    assert "No film matches" in page.text


def test_the_form_leads_to_a_users_own_address(client: TestClient, path: str) -> None:
    user = path.rpartition("/")[2]
    answer = client.get("/taste/users", params={"user": f" {user} "})
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert client.get("/taste/users").headers["location"] == "/taste#users"
    assert client.get("/taste/users", params={"user": "nobody"}).status_code == 404


@pytest.mark.parametrize("user", ["nobody", "../../etc/passwd", "<script>alert(1)</script>", "%00"])
def test_an_unknown_id_is_text_on_a_page_that_says_so(client: TestClient, user: str) -> None:
    answer = client.get(f"/taste/users/{quote(user, safe='')}")
    assert answer.status_code == 404
    assert "No such user" in answer.text
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("query", ["top=101", "adventure=2", "genre=Opera", "first_year=x"])
def test_bad_wishes_get_a_page_with_one_sentence(client: TestClient, path: str, query: str) -> None:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")


ODD_IDS = ["a/b", "é&?#", "<b>x</b>", "100% sure", "x recommendations", '"quoted"', "..a", "a+b"]


@pytest.fixture(scope="module")
def odd_model(tmp_path_factory: pytest.TempPathFactory) -> TasteModel:
    """A log whose users have ids that need care in an address."""
    folder: Path = tmp_path_factory.mktemp("odd")
    rng = np.random.default_rng(0)
    rows = ["userId,movieId,rating,timestamp"]
    for user in ODD_IDS:
        quoted = '"' + user.replace('"', '""') + '"'
        seen = rng.choice(30, size=12, replace=False).tolist()
        rows += [f"{quoted},{film},{rng.integers(1, 6)},1" for film in seen]
    genres = ["Drama", "War", "Comedy|Drama", "Horror"]
    films = [f'{film},"<i>Film</i> {film} (1990)",{genres[film % 4]}' for film in range(30)]
    (folder / "ratings.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "movies.csv").write_text(
        "\n".join(["movieId,title,genres", *films]) + "\n", encoding="utf-8"
    )
    config = TasteConfig(max_components=1, n_seeds=1, refits=0)
    return fit_taste(read_ratings(folder), config)


def test_ids_of_any_text_have_pages_and_documents(
    client_of: ClientOf, odd_model: TasteModel
) -> None:
    state = build_state(ServeSettings(workers=1, queue=4), taste=odd_model)
    client = client_of(state)
    for user in ODD_IDS:
        found = client.get("/taste/users", params={"user": user})
        page = client.get(found.headers["location"])
        assert page.status_code == 200, user
        assert f"User {user}" in text_of(page.text) or "<" in user
        assert "<b>x</b>" not in page.text
        assert "<i>Film" not in page.text
        document = client.get(f"/api/v1/users/{quote(user, safe='')}").json()
        assert document["user"] == user
    state.pool.close()


def test_a_model_of_one_segment_has_pages(client_of: ClientOf, odd_model: TasteModel) -> None:
    state = build_state(ServeSettings(workers=1, queue=4), taste=odd_model)
    client = client_of(state)
    for path in ("/taste", "/taste/segments/0", "/taste/compare", "/taste/try"):
        assert client.get(path).status_code == 200, path
    state.pool.close()
