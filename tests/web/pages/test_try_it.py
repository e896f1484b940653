from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.to_json import recommendations_document

PATH = "/taste/try"


def text_of(page: str) -> str:
    """What a page says, without its elements."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def titles(page: str) -> list[str]:
    """Films of the recommended list."""
    films = page.partition('<ol class="films">')[2].partition("</ol>")[0]
    return [text_of(part.partition("</strong>")[0]) for part in films.split("<strong>")[1:]]


def ids(model: TasteModel, n: int) -> list[str]:
    return [str(item) for item in model.ratings.items["item_id"].to_pylist()[:n]]


def chosen(page: str) -> list[str]:
    """Ratings that the page's menus would send."""
    menus = re.findall(r'<select id="film-\d+".*?</select>', page, flags=re.DOTALL)
    found = (re.search(r'<option value="([^"]*)" selected>', menu) for menu in menus)
    return [match[1] for match in found if match and match[1]]


def test_without_ratings_the_page_invites(client: TestClient) -> None:
    page = client.get(PATH).text
    assert "Not sure where to begin?" in page
    assert "Rate a film to see your segment" in page
    assert page.count('name="rate"') == 8
    assert chosen(page) == []
    assert len(titles(page)) == 10


def test_films_to_begin_with_are_those_that_tell_segments_apart(
    client: TestClient, sample_model: TasteModel
) -> None:
    told = text_of(client.get(PATH).text)
    margins = sample_model.film_counts.shares[0] - (
        (sample_model.film_counts.likes.sum(axis=0) - sample_model.film_counts.likes[0])
        / (sample_model.film_counts.populations.sum() - sample_model.film_counts.populations[0])
    )
    assert str(sample_model.ratings.items["title"][int(margins.argmax())]) in told


def test_ratings_in_the_address_lead_to_segment_and_films(
    client: TestClient, sample_model: TasteModel
) -> None:
    first, second = ids(sample_model, 2)
    page = client.get(PATH, params=[("rate", f"{first}:5"), ("rate", f"{second}:1.5")]).text
    expected = recommendations_document(sample_model, {first: 5.0, second: 1.5}, ListRequest())
    assert titles(page) == [film["title"] for film in expected["items"]]
    assert f"with probability {expected['probability']:.3f}" in text_of(page)
    assert chosen(page) == [f"{first}:5", f"{second}:1.5"]


def test_films_tell_how_they_moved_since_the_latest_rating(
    client: TestClient, sample_model: TasteModel
) -> None:
    first, second = ids(sample_model, 2)
    page = client.get(PATH, params=[("rate", f"{first}:5"), ("rate", f"{second}:5")]).text
    after = recommendations_document(sample_model, {first: 5.0, second: 5.0}, ListRequest())[
        "items"
    ]
    before = [
        f["item"]
        for f in recommendations_document(sample_model, {first: 5.0}, ListRequest())["items"]
    ]
    expected = sum(
        film["item"] not in before or before.index(film["item"]) != place
        for place, film in enumerate(after)
    )
    assert page.count('class="moved"') == expected > 0
    title = sample_model.ratings.items["title"][1]
    assert f"Changes since you rated {title}." in text_of(page)


def test_a_rating_can_be_removed_by_its_link(client: TestClient, sample_model: TasteModel) -> None:
    first, second = ids(sample_model, 2)
    page = client.get(PATH, params=[("rate", f"{first}:5"), ("rate", f"{second}:3")]).text
    links = re.findall(r'<a href="([^"]+)"[^>]*aria-label="Remove', page)
    assert len(links) == 2
    assert chosen(client.get(links[0]).text) == [f"{second}:3"]


def test_searching_keeps_ratings_and_offers_menus(
    client: TestClient, sample_model: TasteModel
) -> None:
    [first] = ids(sample_model, 1)
    title = str(sample_model.ratings.items["title"][5])
    page = client.get(PATH, params=[("q", title), ("rate", f"{first}:4")]).text
    assert chosen(page) == [f"{first}:4"]
    assert f'<label for="film-5">{title}' in page
    assert '<option value="" selected>not rated</option>' in page


def test_a_rated_film_is_no_second_menu(client: TestClient, sample_model: TasteModel) -> None:
    [first] = ids(sample_model, 1)
    title = str(sample_model.ratings.items["title"][0])
    page = client.get(PATH, params=[("q", title), ("rate", f"{first}:4")]).text
    assert page.count('id="film-0"') == 1
    assert "your rating: 4" in page


def test_a_title_that_is_not_there_says_so(client: TestClient) -> None:
    assert "No title has all these words" in client.get(PATH, params={"q": "zzzz"}).text


def test_forms_lead_to_a_tidy_address(client: TestClient, sample_model: TasteModel) -> None:
    [first] = ids(sample_model, 1)
    sent = [("q", " the "), ("rate", f"{first}:4.0"), ("rate", ""), ("rate", ""), ("top", "10")]
    answer = client.get(f"{PATH}?{urlencode(sent)}")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{PATH}?q=the&rate={first}%3A4"
    assert client.get(answer.headers["location"]).status_code == 200


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("rate=1", "xpected ITEM:RATING"),
        ("rate=1:9", "expected a rating of 0.5 to 5"),
        ("rate=1:nan", "expected a rating of 0.5 to 5"),
        ("rate=none:4", "the id of one of 300 films"),
        ("rate=%3Cscript%3E:4", "the id of one of 300 films"),
        ("&".join(f"rate={i}:4" for i in range(101)), "at most 100 ratings"),
        ("q=" + "x" * 201, "200"),
        ("rate=" + "x" * 201, "200"),
        ("&".join(["rate="] * 201), "200"),
    ],
)
def test_bad_states_get_a_page_with_one_sentence(
    client: TestClient, query: str, sentence: str
) -> None:
    answer = client.get(f"{PATH}?{query}")
    assert answer.status_code == 422
    assert sentence in text_of(answer.text)
    assert "<script>" not in answer.text
