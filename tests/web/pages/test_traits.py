from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from lacunar.traits.model import TraitsModel
from lacunar.web.settings import ServeSettings
from lacunar.web.state import AppState, build_state
from lacunar.web.traits_service import TraitsService

Photo = Callable[..., bytes]


def files(*contents: tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    return [("images", content) for content in contents]


def test_figures_of_the_first_attribute_are_shown_unless_another_is_asked_for(
    audited_client: TestClient, people_model: TraitsModel
) -> None:
    names = people_model.schema.names
    page = audited_client.get("/traits").text
    assert f"<h2>{names[0].replace('_', ' ').capitalize()}</h2>" in page
    for part in people_model.evaluations:
        assert f"{part.capitalize()} images" in page
    page = audited_client.get("/traits", params={"attribute": names[2]}).text
    assert f"<h2>{names[2].replace('_', ' ').capitalize()}</h2>" in page
    assert page.count('aria-current="true"') == 1


def test_an_attribute_that_there_is_not_is_refused(audited_client: TestClient) -> None:
    answer = audited_client.get("/traits", params={"attribute": "<b>hat"})
    assert answer.status_code == 422
    assert "got &#39;&lt;b&gt;hat&#39;" in answer.text


def test_an_onnx_file_shows_what_it_tells(
    client_of: Callable[[AppState], TestClient], people_onnx: Path, photo: Photo
) -> None:
    state = build_state(ServeSettings(workers=1), traits=TraitsService.load(people_onnx))
    client = client_of(state)
    page = client.get("/traits").text
    assert "This model is an ONNX file" in page
    assert "What it tells" in page
    assert 'name="places"' not in client.get("/traits/try").text
    tried = client.post("/traits/try", files=files(("a.png", photo())), data={"places": "1"})
    assert "1 image answered" in tried.text
    assert 'type="radio"' not in tried.text
    state.pool.close()


def test_several_images_are_answered_and_a_broken_one_is_named(
    audited_client: TestClient, photo: Photo, people_model: TraitsModel
) -> None:
    sent = files(
        ("one.png", photo()), ("<torn>.jpg", b"hello"), ("two.webp", photo((50, 40), "WEBP"))
    )
    page = audited_client.post("/traits/try", files=sent).text
    assert "2 images answered, 1 could not be read" in page
    assert "&lt;torn&gt;.jpg: expected a JPEG, PNG, WEBP or BMP image" in page
    assert "<torn>" not in page
    assert page.count("<meter") == 2 * len(people_model.schema.names)
    assert re.findall(r"<h3>(\S+)</h3>", page) == ["one.png", "two.webp"]


def test_places_are_shown_where_they_are_asked_for(
    audited_client: TestClient, photo: Photo, people_model: TraitsModel
) -> None:
    n = len(people_model.schema.names)
    sent = files(("one.png", photo()))
    page = audited_client.post("/traits/try", files=sent, data={"places": "1"}).text
    assert page.count('src="data:image/jpeg') == 1 + n
    assert page.count('type="radio"') == 1 + n
    page = audited_client.post("/traits/try", files=sent).text
    assert page.count('src="data:image/jpeg') == 1


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ({"files": files()}, 415),
        ({"files": [("images", ("", b""))]}, 422),
        ({"files": [("other", ("a.png", b"x"))]}, 422),
        ({"data": {"images": "a.png"}}, 415),
    ],
)
def test_a_form_without_images_is_refused_in_a_sentence(
    audited_client: TestClient, content: dict[str, object], status: int
) -> None:
    answer = audited_client.post("/traits/try", **content)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert "expected" in answer.text.lower()


def test_nothing_in_a_page_breaks_its_own_policy(audited_client: TestClient, photo: Photo) -> None:
    pages = [audited_client.get(path) for path in ("/traits", "/traits/try", "/traits/audit")]
    sent = files(("one.png", photo()))
    pages.append(audited_client.post("/traits/try", files=sent, data={"places": "1"}))
    for page in pages:
        assert page.status_code == 200
        assert not re.search(r"<[^>]*\s(style|on[a-z]+)=", page.text)
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style", page.text)
        assert not re.search(r'(?:src|href|action)="(?!/|#|data:image/jpeg)', page.text)
        assert len(re.findall("<h1", page.text)) == 1
