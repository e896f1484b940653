from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from lacunar.taste.model import TasteModel
from lacunar.web.settings import ServeSettings
from lacunar.web.state import AppState, build_state

TOKEN = "correct-horse-battery-staple"
ClientOf = Callable[[AppState], TestClient]


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "127.0.0.1", "localhost:8000", "LOCALHOST.", "[::1]:9", "127.9.9.9"]
)
def test_names_of_this_machine_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", "10.0.0.1"]
)
def test_other_names_are_refused(client: TestClient, host: str) -> None:
    answer = client.get("/api/v1/nothing", headers={"Host": host})
    assert answer.status_code == 421
    assert "--allow-host" in answer.json()["detail"]


@pytest.mark.parametrize("host", ["", "a b", "user@127.0.0.1", "127.0.0.1:port", "[::1", "/"])
def test_what_is_no_name_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 400


def test_one_host_is_expected(client: TestClient) -> None:
    hosts = [("Host", "127.0.0.1"), ("Host", "evil.example")]
    assert client.get("/healthz", headers=hosts).status_code == 400


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("lacunar.example", 200),
        ("10.0.0.7:8000", 200),
        ("[fe80::1]", 200),
        ("localhost", 200),
        ("evil.example", 421),
    ],
)
def test_a_server_for_others_has_its_names_and_any_address(
    client_of: ClientOf, sample_model: TasteModel, host: str, status: int
) -> None:
    settings = ServeSettings(host="0.0.0.0", token=TOKEN, allow_host=("Lacunar.example",))
    client = client_of(build_state(settings, taste=sample_model))
    assert client.get("/healthz", headers={"Host": host}).status_code == status


OWN = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": OWN},
        {"Origin": OWN, "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_forms_of_the_own_pages_and_programs_may_post(
    client: TestClient, headers: dict[str, str]
) -> None:
    assert client.post("/api/v1/nothing", headers=headers).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:3000"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8000.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": OWN},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    ],
)
def test_forms_of_other_sites_may_not(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/api/v1/nothing", headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.json()["detail"]


def test_a_link_from_another_site_may_lead_here(client: TestClient) -> None:
    visit = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    assert client.get("/", headers=visit).status_code == 200


@pytest.mark.parametrize(("mode", "dest"), [("no-cors", "image"), ("navigate", "iframe")])
def test_other_sites_may_not_put_the_work_on_us(client: TestClient, mode: str, dest: str) -> None:
    hidden = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
    assert client.get("/", headers=hidden).status_code == 403
