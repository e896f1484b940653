from __future__ import annotations

import asyncio
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient
from starlette.types import Message

from lacunar.taste.model import TasteModel
from lacunar.web.addresses import OPENAPI_URL
from lacunar.web.app import create_app
from lacunar.web.settings import ServeSettings
from lacunar.web.state import AppState, build_state

NAMES = (
    *("host", "origin", "cookie", "authorization", "content-type", "content-length", "expect"),
    *("sec-fetch-site", "sec-fetch-mode", "if-none-match", "transfer-encoding"),
)
VALUES = st.sampled_from(
    [b"127.0.0.1", b"http://127.0.0.1", b"application/json", b"multipart/form-data; boundary=b"]
) | st.binary(max_size=40)


def test_the_first_page_is_light(client: TestClient) -> None:
    page = client.get("/")
    linked = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text))
    answers = [page, *(client.get(path) for path in linked)]
    assert all(answer.status_code == 200 for answer in answers)
    assert len(answers) <= 6
    assert sum(len(answer.content) for answer in answers) <= 150_000


def test_pages_load_nothing_from_elsewhere(client: TestClient) -> None:
    for path in ("/", "/nothing"):
        loaded = re.findall(r'(?:src|href|action)="([^"]*)"', client.get(path).text)
        assert loaded
        assert all(address.startswith(("/", "#")) for address in loaded)


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"])
def test_there_is_no_page_that_loads_scripts_from_a_cdn(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_api_is_described(client: TestClient) -> None:
    document = client.get(OPENAPI_URL).json()
    assert document["openapi"].startswith("3.")
    assert "/healthz" in document["paths"]
    assert not [path for path in document["paths"] if path in {"/", "/login", "/api-docs"}]


def test_paths_are_taken_at_their_word(client: TestClient) -> None:
    assert client.get("/healthz/").status_code == 404
    assert client.get("/Healthz").status_code == 404


def test_nothing_is_sent_to_collectors(
    taste_state: AppState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    app = create_app(taste_state)
    assert app._telemetry["auto_configure"] is False
    assert not app._native_telemetry.enabled()


def test_forms_have_bounds(client: TestClient) -> None:
    many = {f"f{n}": "x" for n in range(300)}
    refused = client.post("/login", data=many)
    assert refused.status_code == 400
    long = client.post("/login", data={"token": "x" * 70_000})
    assert long.status_code == 400
    files = [("files", (f"{n}.png", b"x")) for n in range(33)]
    assert client.post("/login", files=files).status_code == 400
    head = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\nx\r\n--b--\r\n' % (b"x" * 9000)
    multipart = {"Content-Type": "multipart/form-data; boundary=b"}
    assert client.post("/login", content=head, headers=multipart).status_code == 400
    assert (
        client.post(
            "/login", content=b"x", headers={"Content-Type": "multipart/form-data"}
        ).status_code
        == 400
    )


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE", "B"]),
    path=st.sampled_from(["/", "/login", "/logout", "/static/app.css", "/metrics", "/api/v1/x"])
    | st.text(max_size=30).map(lambda text: "/" + text),
    query=st.binary(max_size=30),
    headers=st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=6),
    body=st.binary(max_size=200),
    guarded=st.booleans(),
)
def test_no_request_makes_the_server_fail(
    sample_model: TasteModel,
    method: str,
    path: str,
    query: bytes,
    headers: list[tuple[str, bytes]],
    body: bytes,
    guarded: bool,
) -> None:
    token = "x" * 16 if guarded else None
    state = build_state(ServeSettings(token=token), taste=sample_model)
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    names = {name for name, _ in headers}
    known = [] if "host" in names else [(b"host", b"127.0.0.1")]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 1),
        "root_path": "",
        "method": method,
        "path": path,
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "query_string": query,
        "headers": [*known, *((name.encode(), value) for name, value in headers)],
    }
    asyncio.run(create_app(state)(scope, receive, send))
    assert sent[0]["status"] < 500
    assert b"content-security-policy" in dict(sent[0]["headers"])
    state.pool.close()
