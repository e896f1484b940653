from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from lacunar.web.problems import Refusal
from lacunar.web.security.bodies import BodiesMiddleware, DeadlineMiddleware, LingerMiddleware
from lacunar.web.settings import ServeSettings
from lacunar.web.work import Busy

Ask = Callable[..., object]
SMALL = ServeSettings(max_body=1024, body_gap_timeout=0.2, body_timeout=0.5)


def test_a_body_of_the_largest_size_passes(ask: Ask, counting: ASGIApp) -> None:
    app = BodiesMiddleware(counting, SMALL)
    answer = ask(app, headers=[("content-length", "1024")], pieces=[b"x" * 1000, b"x" * 24])
    assert answer.body == b"1024"


def test_a_body_that_says_it_is_too_large_is_refused_unread(ask: Ask, counting: ASGIApp) -> None:
    app = BodiesMiddleware(counting, SMALL)
    with pytest.raises(Refusal, match="at most 1,024 bytes") as refused:
        ask(app, headers=[("content-length", "1025")], pieces=[99.0])
    assert refused.value.status_code == 413


@pytest.mark.parametrize("said", [[], [("content-length", "5")]])
def test_a_body_is_counted_whatever_it_says(
    ask: Ask, counting: ASGIApp, said: list[tuple[str, str]]
) -> None:
    app = BodiesMiddleware(counting, SMALL)
    with pytest.raises(Refusal) as refused:
        ask(app, headers=said, pieces=[b"x" * 600, b"x" * 600])
    assert refused.value.status_code == 413


def test_a_head_that_comes_at_once_is_counted(ask: Ask, counting: ASGIApp) -> None:
    app = BodiesMiddleware(counting, ServeSettings(max_head=1024))
    # The path, and for each field its colon, space and line end.
    fits = 1024 - len("/") - len("x") - 4
    assert ask(app, headers=[("x", "y" * fits)]).status == 200
    with pytest.raises(Refusal, match="at most 1,024 bytes") as refused:
        ask(app, headers=[("x", "y" * (fits + 1))])
    assert refused.value.status_code == 431


def test_a_body_has_one_length(ask: Ask, counting: ASGIApp) -> None:
    app = BodiesMiddleware(counting, SMALL)
    headers = [("content-length", "3"), ("transfer-encoding", "chunked")]
    with pytest.raises(Refusal, match="got both") as refused:
        ask(app, headers=headers, pieces=[b"abc"])
    assert refused.value.status_code == 400
    assert refused.value.headers == {"Connection": "close"}


@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP", "identity, gzip"])
def test_a_compressed_body_is_refused(ask: Ask, counting: ASGIApp, encoding: str) -> None:
    app = BodiesMiddleware(counting, SMALL)
    with pytest.raises(Refusal, match="expected a body that is not compressed") as refused:
        ask(app, headers=[("content-encoding", encoding)], pieces=[b"abc"])
    assert refused.value.status_code == 415


def test_only_a_form_may_be_large(ask: Ask, counting: ASGIApp) -> None:
    app = BodiesMiddleware(counting, ServeSettings(max_document=1024, max_body=4096))
    large = [b"x" * 2000]
    form = [("content-type", "Multipart/Form-Data; boundary=b")]
    assert ask(app, headers=form, pieces=large).body == b"2000"
    with pytest.raises(Refusal, match="1,024"):
        ask(app, headers=[("content-type", "application/json")], pieces=large)


def test_all_bodies_together_are_bounded() -> None:
    app_is_reading = asyncio.Event()
    settings = ServeSettings(max_bodies=1500)

    async def reading(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        app_is_reading.set()
        await asyncio.sleep(0.1)

    async def piece() -> dict[str, object]:
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

    async def both() -> None:
        app = BodiesMiddleware(reading, settings)
        scope = {"type": "http", "path": "/", "query_string": b"", "headers": []}
        first = asyncio.create_task(app(scope, piece, print))
        await app_is_reading.wait()
        with pytest.raises(Busy):
            await app(scope, piece, print)
        await first
        # What is done makes room.
        await app(scope, piece, print)

    asyncio.run(both())


@pytest.mark.parametrize("length", ["-1", "1e3", "²", ""])
def test_a_length_is_a_number(ask: Ask, counting: ASGIApp, length: str) -> None:
    app = BodiesMiddleware(counting, SMALL)
    with pytest.raises(Refusal) as refused:
        ask(app, headers=[("content-length", length)])
    assert refused.value.status_code == 400


def test_a_pause_in_a_body_ends_the_wait(ask: Ask, counting: ASGIApp) -> None:
    app = BodiesMiddleware(counting, SMALL)
    with pytest.raises(Refusal) as refused:
        ask(app, pieces=[b"x", 30.0, b"x"])
    assert refused.value.status_code == 408
    assert refused.value.headers == {"Connection": "close"}


def test_a_body_that_drips_ends_the_wait(ask: Ask, counting: ASGIApp) -> None:
    app = BodiesMiddleware(counting, SMALL)
    drops: list[bytes | float] = [b"x", 0.1] * 50
    with pytest.raises(Refusal) as refused:
        ask(app, pieces=drops)
    assert refused.value.status_code == 408


def test_after_the_body_one_may_wait_for_the_end_of_the_connection(ask: Ask) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        # Longer than any body may take; the client is still there.
        await asyncio.sleep(0.6)
        await receive()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    assert ask(BodiesMiddleware(app, SMALL), pieces=[b"whole"]).status == 204


def test_an_early_answer_waits_for_what_is_still_coming(ask: Ask, careless: ASGIApp) -> None:
    answer = ask(
        LingerMiddleware(careless),
        headers=[("content-length", "9")],
        pieces=[b"abc", 0.05, b"def", b"ghi"],
    )
    assert answer.status == 403
    assert "connection" not in answer.headers


def test_an_early_answer_does_not_wait_for_ever(ask: Ask, careless: ASGIApp) -> None:
    answer = ask(
        LingerMiddleware(careless, seconds=0.1),
        headers=[("transfer-encoding", "chunked")],
        pieces=[b"abc", 30.0, b"def"],
    )
    assert answer.headers["connection"] == "close"


def test_a_client_that_asks_first_is_not_told_to_send(ask: Ask, careless: ASGIApp) -> None:
    answer = ask(
        LingerMiddleware(careless),
        headers=[("content-length", "9"), ("expect", "100-continue")],
        pieces=[30.0],
    )
    assert answer.headers["connection"] == "close"


def test_a_request_ends_at_its_deadline(ask: Ask) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(30)

    with pytest.raises(Refusal, match=r"more than 0\.1 seconds") as refused:
        ask(DeadlineMiddleware(app, 0.1))
    assert refused.value.status_code == 504


def test_a_time_out_of_the_app_itself_is_not_taken_for_the_deadline(ask: Ask) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise TimeoutError("within")

    with pytest.raises(TimeoutError, match="within"):
        ask(DeadlineMiddleware(app, 5))


def test_a_large_body_is_refused_as_a_problem(client: TestClient) -> None:
    answer = client.post("/api/v1/anything", content=b"x", headers={"Content-Length": "99999999"})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-security-policy"]
