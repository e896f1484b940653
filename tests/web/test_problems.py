from __future__ import annotations

from typing import Annotated

import pytest
from fastapi import Query
from pydantic import BaseModel
from starlette.requests import ClientDisconnect
from starlette.testclient import TestClient

from lacunar.errors import InputError
from lacunar.web.problems import Problem, Refusal, for_programs


class Wish(BaseModel):
    name: str
    stars: list[int]


@pytest.fixture
def failing(client: TestClient) -> TestClient:
    """Routes under the API and beside it that go wrong in every way."""

    def mend() -> None:
        raise InputError("expected a film of the catalogue, got '<b>7</b>'")

    def refuse() -> None:
        raise Refusal(404, "No such user", "expected a user of the log, got '7'", {"X-Way": "out"})

    def fail() -> None:
        raise RuntimeError("a secret of the server")

    def top(top: Annotated[int, Query(le=9)]) -> int:
        return top

    def wish(wish: Wish) -> Wish:
        return wish

    async def leave() -> None:
        raise ClientDisconnect

    for root in ("/api/v1/x", "/x"):
        client.app.add_api_route(f"{root}/leave", leave)
        client.app.add_api_route(f"{root}/mend", mend)
        client.app.add_api_route(f"{root}/refuse", refuse)
        client.app.add_api_route(f"{root}/fail", fail)
        client.app.add_api_route(f"{root}/top", top)
        client.app.add_api_route(f"{root}/wish", wish, methods=["POST"])
    return client


def _problem(client: TestClient, path: str) -> Problem:
    answer = client.get(path)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = Problem.model_validate_json(answer.content)
    assert problem.status == answer.status_code
    return problem


def test_bad_input_is_told_in_its_sentence(failing: TestClient) -> None:
    problem = _problem(failing, "/api/v1/x/mend")
    assert problem.status == 422
    assert problem.detail == "expected a film of the catalogue, got '<b>7</b>'"


def test_people_get_a_page_with_the_same_sentence(failing: TestClient) -> None:
    answer = failing.get("/x/mend")
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")
    assert "Expected a film of the catalogue, got &#39;&lt;b&gt;7&lt;/b&gt;&#39;." in answer.text
    assert answer.text.count("<h1>") == 1


def test_a_refusal_keeps_its_title_and_headers(failing: TestClient) -> None:
    assert _problem(failing, "/api/v1/x/refuse").title == "No such user"
    assert failing.get("/x/refuse").headers["x-way"] == "out"


def test_a_failure_tells_nothing_but_that_it_is_one(
    failing: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    assert _problem(failing, "/api/v1/x/fail").status == 500
    page = failing.get("/x/fail")
    assert page.status_code == 500
    for told in (page.text, failing.get("/api/v1/x/fail").text):
        assert "secret" not in told
        assert "Traceback" not in told
    assert "a secret of the server" in caplog.text


def test_a_wrong_parameter_is_named_and_not_repeated(failing: TestClient) -> None:
    problem = _problem(failing, "/api/v1/x/top?top=" + "9" * 2000)
    assert problem.status == 422
    assert problem.detail.startswith("query.top: ")
    assert len(problem.model_dump_json()) < 1000
    assert [error.where for error in problem.errors or []] == ["query.top"]


def test_a_document_that_is_wrong_everywhere_is_told_in_part(failing: TestClient) -> None:
    answer = failing.post("/api/v1/x/wish", json={"name": 1, "stars": ["x"] * 5000})
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 20


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[" * 100_000, b'{"stars": NaN}', b""])
def test_what_is_no_document_is_the_senders_mistake(failing: TestClient, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = failing.post("/api/v1/x/wish", content=content, headers=headers)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_only_json_is_taken_for_json(failing: TestClient) -> None:
    wish = b'{"name": "x", "stars": [1]}'
    form = {"Content-Type": "text/plain"}
    assert failing.post("/api/v1/x/wish", content=wish, headers=form).status_code == 422


def test_another_method_is_told_which_there_are(failing: TestClient) -> None:
    answer = failing.put("/api/v1/x/wish")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


def test_problems_are_described(client: TestClient) -> None:
    document = client.get("/api/v1/openapi.json").json()
    assert {"Problem", "Mistake"} <= document["components"]["schemas"].keys()
    for methods in document["paths"].values():
        for operation in methods.values():
            told = operation["responses"]["4XX"]["content"]["application/problem+json"]
            assert told["schema"]["$ref"] == "#/components/schemas/Problem"


@pytest.mark.parametrize(
    ("path", "programs"),
    [("/api/v1/x", True), ("/metrics", True), ("/api-docs", False), ("/", False), ("/apix", False)],
)
def test_who_asks_is_told_by_the_path(path: str, programs: bool) -> None:
    assert for_programs(path) is programs


def test_somebody_who_leaves_early_is_no_failure(
    failing: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    for path in ("/api/v1/x/leave", "/x/leave"):
        assert failing.get(path).status_code == 499
    assert caplog.records == []
