"""uvicorn's HTTP/1.1 protocol with limits for slow clients and for connections."""

from __future__ import annotations

import asyncio
import json
import sys
from http import HTTPStatus
from typing import Any, ClassVar

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from lacunar.web.metrics import Metrics
from lacunar.web.problems import PROBLEM_JSON
from lacunar.web.security.headers import HEADERS
from lacunar.web.security.rates import network_of
from lacunar.web.settings import ServeSettings, is_loopback

# Time for a client to read the last response of a connection.
_LINGER_SECONDS = 5.0


def guarded_protocol(settings: ServeSettings, metrics: Metrics) -> type[GuardedProtocol]:
    """The protocol class for uvicorn, with the limits of a server."""

    class Protocol(GuardedProtocol):
        limits = settings
        counts = metrics

    return Protocol


class GuardedProtocol(H11Protocol):
    """An HTTP/1.1 connection with time limits.

    uvicorn waits without limit for the rest of a request's head and for a client that does not
    read. This class limits the time for a head, the time between two reads of a response, the time
    to close a connection, and the number of connections.
    """

    limits: ClassVar[ServeSettings]
    counts: ClassVar[Metrics]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head_timer: asyncio.TimerHandle | None = None
        self._abort_timer: asyncio.TimerHandle | None = None
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        if self._too_many():
            self._refuse(503, "The server has too many connections.", "connections")
            self.transport.close()
        else:
            self._head_timer = self.loop.call_later(self.limits.head_timeout, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._stop_head_timer()
        self._stop_abort_timer()

    def data_received(self, data: bytes) -> None:
        if self._refused or self.transport.is_closing():
            return
        super().data_received(data)
        self._watch_head()

    def _watch_head(self) -> None:
        if self._answering or self._refused:
            self._stop_head_timer()
        elif self._head_timer is None and not self.transport.is_closing():
            self._head_timer = self.loop.call_later(self.limits.head_timeout, self._head_is_late)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._abort_soon()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._abort_soon()

    def shutdown(self) -> None:
        super().shutdown()
        if self.transport.is_closing():
            self._abort_soon()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._abort_soon(self.limits.body_gap_timeout)

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_abort_timer()

    def send_400_response(self, msg: str) -> None:
        # uvicorn calls this while it handles the error of the parser.
        status = getattr(sys.exc_info()[1], "error_status_hint", 400)
        del msg
        self._refuse(status, "expected an HTTP/1.1 request, got something else", "malformed")

    def _too_many(self) -> bool:
        if len(self.connections) > self.limits.max_connections:
            return True
        if self.client is None or is_loopback(self.client[0]):
            return False
        own = network_of(self.client[0])
        clients = [other.client for other in self.connections if isinstance(other, H11Protocol)]
        alike = sum(client is not None and network_of(client[0]) == own for client in clients)
        return alike > self.limits.max_client_connections

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self._answering:
            return
        partial, _ = self.conn.trailing_data
        if partial:
            self._refuse(408, "The head of the request did not come in time.", "slow-head")
        else:
            self.transport.close()
            self._abort_soon()

    def _refuse(self, status: int, detail: str, reason: str) -> None:
        """Send an error response without the app, and read no more."""
        self._refused = True
        self._unset_keepalive_if_required()
        if self._answering:
            # The rest of the app's response could not be sent.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.counts.refused.labels(reason).inc()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            title = HTTPStatus(status).phrase
            problem = {"type": "about:blank", "title": title, "status": status, "detail": detail}
            body = json.dumps(problem).encode()
            headers = {
                **HEADERS,
                "Cache-Control": "no-store",
                "Content-Type": PROBLEM_JSON,
                "Content-Length": str(len(body)),
                "Connection": "close",
            }
            for event in (
                h11.Response(status_code=status, headers=list(headers.items()), reason=title),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
            # Closing with unread data would reset the connection before the client reads this.
            self.transport.write_eof()
        else:
            self.transport.close()
        self._abort_soon()

    def _abort_soon(self, seconds: float = _LINGER_SECONDS) -> None:
        if self._abort_timer is None:
            self._abort_timer = self.loop.call_later(seconds, self.transport.abort)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_abort_timer(self) -> None:
        if self._abort_timer is not None:
            self._abort_timer.cancel()
            self._abort_timer = None
