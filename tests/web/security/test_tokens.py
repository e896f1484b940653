from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from lacunar.taste.model import TasteModel
from lacunar.web.app import create_app
from lacunar.web.security import tokens
from lacunar.web.security.tokens import COOKIE_SECONDS, cookie_is_good, cookie_value
from lacunar.web.settings import ServeSettings
from lacunar.web.state import build_state

TOKEN = "correct-horse-battery-staple"


@pytest.fixture
def guarded(sample_model: TasteModel) -> TestClient:
    state = build_state(ServeSettings(token=TOKEN), taste=sample_model)
    return TestClient(create_app(state), base_url="http://127.0.0.1:8000", follow_redirects=False)


def test_a_cookie_is_good_for_its_time_and_token() -> None:
    value = cookie_value(TOKEN, now=1000)
    assert cookie_is_good(value, TOKEN, now=1000 + COOKIE_SECONDS - 1)
    assert not cookie_is_good(value, TOKEN, now=1000 + COOKIE_SECONDS)
    assert not cookie_is_good(value, TOKEN + "r", now=1001)


@pytest.mark.parametrize(
    "value", ["", ".", "9", "9999999999", "9999999999.", "9999999999.00", "²." + "0" * 64, "x.y"]
)
def test_other_cookies_are_not(value: str) -> None:
    assert not cookie_is_good(value, TOKEN, now=0)


def test_a_cookie_cannot_be_made_to_last() -> None:
    ends, _, signature = cookie_value(TOKEN, now=0).partition(".")
    assert not cookie_is_good(f"{int(ends) + 1}.{signature}", TOKEN, now=0)


def test_a_cookie_does_not_tell_the_token() -> None:
    assert TOKEN not in cookie_value(TOKEN)


def test_tokens_are_compared_in_constant_time(
    guarded: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []

    def compare(given: bytes, right: bytes) -> bool:
        compared.append((given, right))
        return given == right

    monkeypatch.setattr(tokens.hmac, "compare_digest", compare)
    guarded.get("/api/v1/nothing", headers={"Authorization": "Bearer guess"})
    assert (b"guess", TOKEN.encode()) in compared


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/openapi.json", "/metrics"])
def test_programs_without_the_token_are_told_how(guarded: TestClient, path: str) -> None:
    answer = guarded.get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "given",
    ["Bearer wrong", f"Basic {TOKEN}", "Bearer", TOKEN, f"Bearer {TOKEN}x", "Bearer \N{SNOWMAN}"],
)
def test_a_wrong_header_is_refused(guarded: TestClient, given: str) -> None:
    headers = {"Authorization": given.encode()}
    assert guarded.get("/metrics", headers=headers).status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_the_token_lets_in(guarded: TestClient, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {TOKEN}"}
    assert guarded.get("/metrics", headers=headers).status_code == 200


def test_the_token_in_the_address_does_not(guarded: TestClient) -> None:
    assert guarded.get(f"/metrics?token={TOKEN}").status_code == 401


def test_people_are_asked_for_it(guarded: TestClient) -> None:
    answer = guarded.get("/taste?by=personal&x=%3Cb%3E")
    assert answer.status_code == 401
    assert 'action="/login"' in answer.text
    assert 'value="/taste?by=personal&amp;x=%3Cb%3E"' in answer.text
    assert "Tastes" not in answer.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/login", "/static/app.css"])
def test_what_everybody_may_see(guarded: TestClient, path: str) -> None:
    assert guarded.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/static", "/staticfiles", "/login/", "//healthz", "/Healthz"])
def test_nothing_near_it(guarded: TestClient, path: str) -> None:
    assert guarded.get(path).status_code == 401
