from __future__ import annotations

import pytest
from jinja2 import UndefinedError
from starlette.requests import Request
from starlette.testclient import TestClient

from lacunar.web.rendering import render, templates

HOSTILE = "<script>alert('x')</script>"


@pytest.fixture
def request_of(client: TestClient) -> Request:
    return Request(
        {
            "type": "http",
            "app": client.app,
            "method": "GET",
            "path": "/taste/users/7",
            "query_string": b"",
            "headers": [(b"host", b"127.0.0.1")],
        }
    )


def test_words_from_outside_are_words(request_of: Request) -> None:
    page = render(
        request_of, "problem.html", title=HOSTILE, detail=HOSTILE, errors=[]
    ).body.decode()
    assert HOSTILE not in page
    assert page.count("&lt;script&gt;") == 3


def test_a_name_that_is_missing_is_an_error(request_of: Request) -> None:
    with pytest.raises(UndefinedError):
        render(request_of, "problem.html", title="x")


def test_the_page_marks_where_the_reader_is(request_of: Request) -> None:
    page = render(request_of, "problem.html", title="x", detail="x", errors=[]).body.decode()
    assert '<a href="/taste" aria-current="page">Tastes</a>' in page
    assert page.count("aria-current") == 1


@pytest.mark.parametrize("name", sorted(templates().list_templates(["html"])))
def test_no_page_of_the_app_needs_what_the_policy_forbids(name: str) -> None:
    environment = templates()
    source, filename, _ = environment.loader.get_source(environment, name)
    if "/web/templates/" not in str(filename).replace("\\", "/"):
        return
    for forbidden in ("<style", " style=", " onclick=", " onchange=", " onsubmit=", "javascript:"):
        assert forbidden not in source
    assert "| safe" not in source
    assert "|safe" not in source
    assert source.count("<script") == source.count("<script src=")


def test_parts_of_the_reports_can_be_used() -> None:
    assert "data_table" in dir(templates().get_template("parts.html").module)
