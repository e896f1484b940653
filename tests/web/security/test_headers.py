from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from lacunar.web.security.headers import HEADERS, POLICY


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/static/app.js", 200),
        ("GET", "/healthz", 200),
        ("GET", "/nothing", 404),
        ("GET", "/api/v1/nothing", 404),
        ("DELETE", "/", 405),
        ("GET", "/fails", 500),
    ],
)
def test_every_answer_carries_them(client: TestClient, method: str, path: str, status: int) -> None:
    def fail() -> None:
        raise RuntimeError("a secret of the server")

    client.app.add_api_route("/fails", fail)
    answer = client.request(method, path)
    assert answer.status_code == status
    assert (
        HEADERS.items() <= {name.title(): value for name, value in answer.headers.items()}.items()
    )
    assert "a secret" not in answer.text
    assert "Traceback" not in answer.text


def test_no_script_or_style_may_stand_in_a_page() -> None:
    assert "unsafe" not in POLICY
    assert POLICY.startswith("default-src 'none'")


def test_pages_are_not_kept_and_files_are(client: TestClient) -> None:
    assert client.get("/").headers["cache-control"] == "no-store"
    assert client.get("/static/app.js").headers["cache-control"] == "no-cache"
