from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from lacunar.traits.data.image_sources import ImageContent
from lacunar.traits.model import TraitsModel
from lacunar.traits.to_json import fit_document
from lacunar.web.traits_service import TraitsService

Photo = Callable[..., bytes]
PATH = "/api/v1/predictions"


def test_attributes_come_with_the_document_of_the_fit(
    traits_client: TestClient, people_model: TraitsModel
) -> None:
    document = traits_client.get("/api/v1/attributes").json()
    assert [one["name"] for one in document["attributes"]] == list(people_model.schema.names)
    assert document["fit"] == json.loads(json.dumps(fit_document(people_model)))


@pytest.mark.parametrize("everything", [False, True])
def test_answers_are_the_document_of_the_command(
    traits_client: TestClient, explaining_service: TraitsService, photo: Photo, everything: bool
) -> None:
    contents = {"a.png": photo(), "b.txt": b"hello", "c.jpg": photo((20, 20), "JPEG", 10)}
    answer = traits_client.post(
        PATH,
        params={"all_probabilities": everything},
        files=[("images", item) for item in contents.items()],
    )
    images = [ImageContent(name, content) for name, content in contents.items()]
    expected = explaining_service.predict(images, all_probabilities=everything)
    assert answer.status_code == 200
    assert answer.json() == expected
    assert [one["image"] for one in expected["broken"]] == ["b.txt"]
    assert ("probabilities" in answer.text) is everything


def test_where_no_image_can_be_read_the_request_is_refused(traits_client: TestClient) -> None:
    answer = traits_client.post(PATH, files=[("images", ("a.png", b"hello"))])
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith("a.png: expected a JPEG, PNG, WEBP or BMP image")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"files": [("photos", ("a.png", b"x"))]}, 422),
        ({"content": b"{}", "headers": {"content-type": "application/json"}}, 415),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 400),
    ],
)
def test_what_brings_no_image_is_refused(
    traits_client: TestClient, sent: dict[str, object], status: int
) -> None:
    answer = traits_client.post(PATH, **sent)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert "expected" in answer.json()["detail"]


def test_more_images_than_may_be_are_refused(traits_client: TestClient, photo: Photo) -> None:
    files = [("images", (f"{n}.png", photo())) for n in range(33)]
    answer = traits_client.post(PATH, files=files)
    assert answer.status_code == 400
    assert "Too many files" in answer.json()["detail"]


def test_odd_names_come_back_as_text(traits_client: TestClient, photo: Photo) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="images"; '
        b'filename="\xff\xfe<b>\x01.png"\r\n\r\n' + photo() + b"\r\n--x--\r\n"
    )
    answer = traits_client.post(
        PATH, content=body, headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 200
    assert answer.json()["predictions"][0]["image"].endswith("<b>\ufffd.png")


def test_without_a_traits_model_there_is_nothing(client: TestClient) -> None:
    for path in ("/api/v1/attributes", "/api/v1/audit"):
        assert client.get(path).status_code == 404


def test_the_description_of_the_api_says_how_images_are_sent(traits_client: TestClient) -> None:
    document = traits_client.get("/api/v1/openapi.json").json()
    body = document["paths"][PATH]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert body["schema"]["properties"]["images"]["items"]["format"] == "binary"
    answers = document["paths"][PATH]["post"]["responses"]["200"]["content"]["application/json"]
    assert "PredictionsDocument" in answers["schema"]["$ref"]
    assert answers["example"]["broken"][0]["image"] == "b.txt"


def test_uploads_without_a_name_or_in_other_scripts_are_answered(
    traits_client: TestClient, photo: Photo
) -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="images"%s\r\n\r\n%s\r\n--x--\r\n'
    kind = {"content-type": "multipart/form-data; boundary=x"}
    for name, status in (
        ('; filename="\u6c49\u5b57 \u00e9.png"'.encode(), 200),
        (b"; filename*=UTF-8''%e6%b1%89.png; filename=\"a.png\"", 200),
        (b'; filename="' + b"n" * 300 + b'.png"', 200),
        (b'; filename="../../a.png"', 200),
        (b"", 422),
        (b'; filename=""', 200),
    ):
        answer = traits_client.post(PATH, content=form % (name, photo()), headers=kind)
        assert answer.status_code == status, (name, answer.text)
    answer = traits_client.post(PATH, files=[("images", ("a.png", b""))])
    assert answer.status_code == 422
    assert "a.png" in answer.json()["detail"]
