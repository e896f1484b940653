"""Checks of the ``Host`` and ``Origin`` headers, against DNS rebinding and forged requests."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from lacunar.web.problems import Refusal
from lacunar.web.settings import ServeSettings, is_loopback

_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+)(?::[0-9]{1,5})?")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_WILDCARDS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, never bound


class HostsMiddleware:
    """Refuse unknown host names and requests from pages of other sites.

    The first stops DNS rebinding, where the name of an attacker's page resolves to this server.
    The second stops cross-site request forgery: browsers send the origin of a request in ``Origin``
    and ``Sec-Fetch-*``. Programs send neither header and are let in.

    Parameters
    ----------
    app : ASGIApp
    settings : ServeSettings
    """

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self._app = app
        self._names = frozenset(map(_plain, ("localhost", settings.host, *settings.allow_host)))
        self._loopback = settings.loopback
        self._any_address = settings.host in _WILDCARDS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            self._check_host(headers)
            _check_origin(headers, scope["method"])
        await self._app(scope, receive, send)

    def _check_host(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        found = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        if found is None:
            raise Refusal(400, "Bad Request", "expected one Host header with a name", reason="host")
        if not self._known(_plain(found[1])):
            raise Refusal(
                421,
                "Misdirected Request",
                "expected a name of this server in the Host header, got another; "
                "--allow-host NAME adds one",
                reason="host",
            )

    def _known(self, name: str) -> bool:
        if name in self._names or (self._loopback and is_loopback(name)):
            return True
        # DNS rebinding needs a name, so a literal address is safe.
        return self._any_address and _is_address(name)


def _check_origin(headers: Headers, method: str) -> None:
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    own_site = site in {None, "same-origin", "none"}
    if method in _SAFE:
        visit = headers.get("sec-fetch-mode") == "navigate" and (
            headers.get("sec-fetch-dest") in {None, "document"}
        )
        allowed = own_site or visit
    else:
        netloc = urlsplit(origin).netloc.lower() if origin else None
        allowed = own_site and (origin is None or netloc == headers["host"].lower())
    if not allowed:
        raise Refusal(
            403,
            "Forbidden",
            "expected a request of this server's own pages, got one of another site",
            reason="origin",
        )


def _plain(name: str) -> str:
    return name.lower().rstrip(".").removeprefix("[").removesuffix("]")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
