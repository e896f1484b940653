"""Rate limits per client, by token buckets."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from lacunar.web.problems import Refusal
from lacunar.web.settings import ServeSettings, is_loopback

DEFAULT_RATE = 20.0
_MAX_CLIENTS = 4096


class Buckets:
    """Token buckets of the clients that were seen last.

    Parameters
    ----------
    rate : float
        Tokens per second.
    burst : int
        Tokens of a full bucket.
    max_clients : int
        The bucket that was unused for longest is dropped first.
    clock : callable
        Returns seconds.

    Examples
    --------
    >>> buckets = Buckets(rate=2, burst=1, clock=lambda: 0.0)
    >>> buckets.take("a"), buckets.take("a"), buckets.take("b")
    (0.0, 0.5, 0.0)
    """

    def __init__(
        self,
        rate: float,
        burst: int,
        *,
        max_clients: int = _MAX_CLIENTS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._max_clients = max_clients
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, client: str) -> float:
        """Take a token and return 0, or return the seconds until there is one."""
        now = self._clock()
        tokens, then = self._buckets.pop(client, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - then) * self._rate)
        wait = max(0.0, (1 - tokens) / self._rate)
        self._buckets[client] = (tokens if wait else tokens - 1, now)
        if len(self._buckets) > self._max_clients:
            self._buckets.popitem(last=False)
        return wait


class RatesMiddleware:
    """Refuse clients that send too many requests.

    Parameters
    ----------
    app : ASGIApp
    settings : ServeSettings
        Its ``rate`` limits all clients. If it is None, clients on this machine have no limit.
    """

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self._app = app
        self._for_all = settings.rate is not None
        rate = DEFAULT_RATE if settings.rate is None else settings.rate
        self._buckets = Buckets(rate, settings.burst) if rate else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._buckets is not None:
            client = scope["client"][0] if scope.get("client") else ""
            if self._for_all or not is_loopback(client):
                wait = self._buckets.take(network_of(client))
                if wait:
                    raise Refusal(
                        429,
                        "Too Many Requests",
                        "Too many requests in a short time; try again later.",
                        {"Retry-After": str(math.ceil(wait))},
                        reason="rate",
                    )
        await self._app(scope, receive, send)


def network_of(client: str) -> str:
    """The key of a client: its IPv4 address, or the /64 network of its IPv6 address.

    Examples
    --------
    >>> network_of("192.0.2.7"), network_of("2001:db8::1:2:3:4")
    ('192.0.2.7', '2001:db8::/64')
    """
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))
