from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from lacunar.taste.model import TasteModel
from lacunar.web.app import create_app
from lacunar.web.settings import ServeSettings
from lacunar.web.state import build_state

TOKEN = "correct-horse-battery-staple"


@pytest.fixture
def guarded(sample_model: TasteModel) -> TestClient:
    state = build_state(ServeSettings(token=TOKEN), taste=sample_model)
    return TestClient(create_app(state), base_url="http://127.0.0.1:8000", follow_redirects=False)


def test_the_form_gives_a_cookie_that_lets_in_and_can_be_given_back(guarded: TestClient) -> None:
    assert guarded.get("/").status_code == 401
    entered = guarded.post("/login", data={"token": TOKEN, "back": "/taste"})
    assert (entered.status_code, entered.headers["location"]) == (303, "/taste")
    cookie = entered.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))
    assert TOKEN not in cookie
    assert "Log out" in guarded.get("/").text
    assert guarded.post("/logout").headers["location"] == "/login"
    assert guarded.get("/").status_code == 401


@pytest.mark.parametrize("data", [{"token": "wrong"}, {"token": ""}, {}])
def test_a_wrong_token_gives_none(guarded: TestClient, data: dict[str, str]) -> None:
    answer = guarded.post("/login", data=data)
    assert answer.status_code == 401
    assert "That is not the token." in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "back",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "",
        "/a\r\nSet-Cookie: x=y",
    ],
)
def test_nobody_is_led_elsewhere(guarded: TestClient, back: str) -> None:
    entered = guarded.post("/login", data={"token": TOKEN, "back": back})
    assert entered.headers["location"] == "/"
    assert "x=y" not in entered.headers["set-cookie"]


def test_another_site_cannot_log_in_or_out(guarded: TestClient) -> None:
    foreign = {"Origin": "http://evil.example"}
    assert guarded.post("/login", data={"token": TOKEN}, headers=foreign).status_code == 403
    assert guarded.post("/logout", headers=foreign).status_code == 403


def test_without_a_token_there_is_no_login(client: TestClient) -> None:
    assert client.get("/login").status_code == 404
    assert client.post("/login", data={"token": TOKEN}).status_code == 404
    assert "Log out" not in client.get("/").text
