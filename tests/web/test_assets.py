from __future__ import annotations

import hashlib
import re

import pytest
from starlette.testclient import TestClient

from lacunar.web.assets import asset_url, assets


@pytest.mark.parametrize("name", sorted(assets()))
def test_a_file_is_served_for_ever_under_its_version(client: TestClient, name: str) -> None:
    answer = client.get(asset_url(name))
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert hashlib.sha256(answer.content).hexdigest().startswith(assets()[name].version)
    assert client.get(f"/static/{name}?v=old").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("tag", ['"{}"', 'W/"{}"', '"old", "{}"'])
def test_what_the_reader_has_is_not_sent_again(client: TestClient, tag: str) -> None:
    known = {"If-None-Match": tag.format(assets()["app.css"].version)}
    answer = client.get("/static/app.css", headers=known)
    assert (answer.status_code, answer.content) == (304, b"")


def test_what_the_reader_has_is_sent_if_it_is_another(client: TestClient) -> None:
    assert client.get("/static/app.css", headers={"If-None-Match": '"old"'}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static",
        "/static/..%2f..%2fpyproject.toml",
        "/static/%2e%2e/app.py",
        "/static//etc/passwd",
        "/static/app.css%00.js",
        "/static/app.css/",
        "/static/__init__.py",
    ],
)
def test_there_is_nothing_else(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_files_cannot_be_written(client: TestClient) -> None:
    assert client.post("/static/app.css").status_code == 405


def test_htmx_comes_with_its_licence() -> None:
    assert b"Zero-Clause BSD" in assets()["htmx.LICENSE.txt"].content


def test_the_style_and_script_load_nothing() -> None:
    for name in ("app.css", "app.js"):
        text = assets()[name].content.decode()
        assert not re.search(r"https?:|url\(|@import|import\(", text)
