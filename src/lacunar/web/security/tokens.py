"""Authentication by a token, in a header or by the cookie of a login."""

from __future__ import annotations

import hmac
import time
from hashlib import sha256

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from lacunar.web.problems import Refusal, for_programs
from lacunar.web.rendering import render

COOKIE = "lacunar"
COOKIE_SECONDS = 12 * 3600
# The login page and the health checks need no token.
_OPEN = frozenset({"/login", "/healthz", "/readyz"})


def same_token(given: str, token: str) -> bool:
    """Compare tokens in constant time."""
    return hmac.compare_digest(given.encode(), token.encode())


def cookie_value(token: str, *, now: float | None = None) -> str:
    """A signed cookie that is valid for some hours.

    Browsers send cookies to every port of a host, so the cookie does not hold the token.

    Examples
    --------
    >>> cookie_value("a-token-of-enough-letters", now=0).partition(".")[0]
    '43200'
    """
    ends = int((time.time() if now is None else now) + COOKIE_SECONDS)
    return f"{ends}.{_signature(token, ends)}"


def cookie_is_good(value: str, token: str, *, now: float | None = None) -> bool:
    """Whether a cookie was signed with this token and has not expired."""
    ends, _, signature = value.partition(".")
    if not (ends.isascii() and ends.isdecimal() and len(ends) <= 12):
        return False
    right = hmac.compare_digest(signature.encode(), _signature(token, int(ends)).encode())
    return right and int(ends) > (time.time() if now is None else now)


class TokensMiddleware:
    """Refuse requests without the token; browsers get the login page.

    Parameters
    ----------
    app : ASGIApp
    token : str
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._open(scope["path"]):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if self._authenticated(request):
            await self._app(scope, receive, send)
            return
        request.app.state.lacunar.metrics.refused.labels("token").inc()
        if for_programs(scope["path"]):
            raise Refusal(
                401,
                "Unauthorized",
                "expected the server's token in the header Authorization: Bearer",
                {"WWW-Authenticate": "Bearer"},
            )
        back = _address(scope) if scope["method"] in {"GET", "HEAD"} else "/"
        response = render(request, "login.html", title="Log in", status=401, back=back, wrong=False)
        response.headers["WWW-Authenticate"] = "Bearer"
        await response(scope, receive, send)

    def _open(self, path: str) -> bool:
        return path in _OPEN or path.startswith("/static/")

    def _authenticated(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and same_token(given.strip(), self._token):
            return True
        return cookie_is_good(request.cookies.get(COOKIE, ""), self._token)


def _address(scope: Scope) -> str:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return (path + (b"?" + query if query else b"")).decode("latin-1")


def _signature(token: str, ends: int) -> str:
    return hmac.new(token.encode(), f"lacunar login until {ends}".encode(), sha256).hexdigest()
