"""Limits for the size of requests and for the time they take."""

from __future__ import annotations

import asyncio
import contextlib
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lacunar.web.problems import Refusal
from lacunar.web.settings import ServeSettings
from lacunar.web.work import Busy

_CLOSE = {"Connection": "close"}
# A client that still sends does not read, so some more of the body is read, up to these limits.
_LINGER_SECONDS, _LINGER_BYTES = 2.0, 64_000_000


class BodiesMiddleware:
    """Refuse heads and bodies that are too large or too slow.

    The protocol limits a head only while it is incomplete, so a head that comes in one piece is
    checked again. A body is limited by its ``Content-Length`` and by the bytes received.

    Only forms may be as large as files; other bodies are small documents. All bodies being
    received have a common limit, so that many clients cannot fill the memory.

    Parameters
    ----------
    app : ASGIApp
    settings : ServeSettings
    """

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self._app = app
        self._settings = settings
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        settings, size, complete = self._settings, 0, False
        headers = Headers(scope=scope)
        if _head_size(scope) > settings.max_head:
            raise Refusal(
                431,
                "Request Header Fields Too Large",
                f"expected a head of at most {settings.max_head:,} bytes, got more",
                _CLOSE,
                reason="malformed",
            )
        if "transfer-encoding" in headers and "content-length" in headers:
            # A proxy may have used the other one: request smuggling (RFC 9112, 6.3).
            raise Refusal(
                400,
                "Bad Request",
                "expected Content-Length or Transfer-Encoding, got both",
                _CLOSE,
                reason="malformed",
            )
        if (encoding := headers.get("content-encoding", "identity").lower()) != "identity":
            raise Refusal(
                415,
                "Unsupported Media Type",
                f"expected a body that is not compressed, got Content-Encoding {encoding!r}",
                _CLOSE,
                reason="malformed",
            )
        form = headers.get("content-type", "").lower().startswith("multipart/form-data")
        most = settings.max_body if form else min(settings.max_document, settings.max_body)
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdecimal()):
            raise Refusal(400, "Bad Request", "expected a number in the header Content-Length")
        if len(length) > 18 or int(length) > most:
            raise _too_large(most)
        ends = time.monotonic() + settings.body_timeout

        async def limited() -> Message:
            nonlocal size, complete
            if complete:
                return await receive()
            patience = min(settings.body_gap_timeout, ends - time.monotonic())
            try:
                message = await asyncio.wait_for(receive(), patience)
            except TimeoutError:
                raise Refusal(
                    408,
                    "Request Timeout",
                    "The body of the request came too slowly.",
                    _CLOSE,
                    reason="slow-body",
                ) from None
            piece = len(message.get("body", b""))
            size += piece
            self._under_way += piece
            complete = not message.get("more_body", False)
            if size > most:
                raise _too_large(most)
            if self._under_way > settings.max_bodies:
                raise Busy
            return message

        try:
            await self._app(scope, limited, send)
        finally:
            self._under_way -= size


class LingerMiddleware:
    """Read more of an unfinished request before its response is sent.

    Closing a connection with unread data resets it before the client reads the response.

    Parameters
    ----------
    app : ASGIApp
    seconds : float
    """

    def __init__(self, app: ASGIApp, seconds: float = _LINGER_SECONDS) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else {}
        if "transfer-encoding" not in headers and headers.get("content-length", "0") == "0":
            await self._app(scope, receive, send)
            return
        complete = False
        # Such a client sends its body only after the server asks for it.
        asks_first = headers.get("expect", "").lower() == "100-continue"
        asked = False

        async def noting() -> Message:
            nonlocal complete, asked
            asked = True
            message = await receive()
            complete = complete or not message.get("more_body", False)
            return message

        async def drain() -> None:
            taken = 0
            while not complete and taken < _LINGER_BYTES:
                taken += len((await noting()).get("body", b""))

        async def after_draining(message: Message) -> None:
            if message["type"] == "http.response.start" and not complete:
                if asked or not asks_first:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(drain(), self._seconds)
                if not complete:
                    MutableHeaders(scope=message).update(_CLOSE)
            await send(message)

        await self._app(scope, noting, after_draining)


class DeadlineMiddleware:
    """End every request after a time limit.

    Parameters
    ----------
    app : ASGIApp
    seconds : float
    """

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        deadline = asyncio.timeout(self._seconds)
        try:
            async with deadline:
                await self._app(scope, receive, send)
        except TimeoutError:
            if not deadline.expired():
                raise
            raise Refusal(
                504,
                "Too slow",
                f"The request took more than {self._seconds:g} seconds.",
                _CLOSE,
                reason="deadline",
            ) from None


def _head_size(scope: Scope) -> int:
    address = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
    return address + sum(len(name) + len(value) + 4 for name, value in scope["headers"])


def _too_large(most: int) -> Refusal:
    return Refusal(
        413,
        "Content Too Large",
        f"expected a body of at most {most:,} bytes, got more",
        reason="body",
    )
