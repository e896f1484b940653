"""Middlewares asked without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass
class Answer:
    status: int
    headers: Headers
    body: bytes


Ask = Callable[..., Answer]


@pytest.fixture
def ask() -> Ask:
    """Send one request; a body comes as pieces, and a number waits so many seconds."""

    def run(
        app: ASGIApp,
        *,
        method: str = "POST",
        headers: Sequence[tuple[str, str]] = (),
        pieces: Sequence[bytes | float] = (),
    ) -> Answer:
        scope: Scope = {
            "type": "http",
            "method": method,
            "path": "/",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers],
        }
        coming, sent = list(pieces), []

        async def receive() -> Message:
            while coming and isinstance(coming[0], float):
                await asyncio.sleep(coming[0])
                coming.pop(0)
            if coming:
                return {"type": "http.request", "body": coming.pop(0), "more_body": bool(coming)}
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        asyncio.run(app(scope, receive, send))
        start, *rest = sent
        body = b"".join(message.get("body", b"") for message in rest)
        return Answer(start["status"], Headers(raw=start.get("headers", [])), body)

    return run


@pytest.fixture
def counting() -> ASGIApp:
    """An app that reads a body to its end and answers with its length."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        total, more = 0, True
        while more:
            message = await receive()
            total, more = total + len(message["body"]), message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(total).encode()})

    return app


@pytest.fixture
def careless() -> ASGIApp:
    """An app that answers without reading."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 403, "headers": []})
        await send({"type": "http.response.body", "body": b"no"})

    return app
