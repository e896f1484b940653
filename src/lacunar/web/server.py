"""A server in one process, from the first connection to the last answer."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn

from lacunar.errors import InputError
from lacunar.parallel import one_blas_thread
from lacunar.web.app import create_app
from lacunar.web.protocol import guarded_protocol
from lacunar.web.settings import ServeSettings
from lacunar.web.state import AppState


def serve(state: AppState, *, listening: Callable[[str], None] | None = None) -> None:
    """Answer requests until told to stop, by Ctrl-C or SIGTERM, and finish what is under way.

    Parameters
    ----------
    state : AppState
    listening : callable, optional
        Called with the server's address once it takes connections.

    Raises
    ------
    InputError
        If the address cannot be bound.
    """
    settings = state.settings
    sock = bind(settings)
    server = build_server(state)
    try:
        # Many answer at once: the threads of libraries would only fight for the same cores.
        with one_blas_thread(), _stopping_is_no_failure(server):
            if listening is not None:
                listening(address(settings.host, sock))
            server.run([sock])
    finally:
        sock.close()
        state.pool.close()


def build_server(state: AppState) -> uvicorn.Server:
    """A server that has yet to run, with every limit that the settings name."""
    settings = state.settings
    return uvicorn.Server(
        uvicorn.Config(
            create_app(state),
            loop="asyncio",
            http=guarded_protocol(settings, state.metrics),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            # Whoever stands before the server has no say in who asks.
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=settings.idle_timeout,
            timeout_graceful_shutdown=settings.stop_timeout,
            h11_max_incomplete_event_size=settings.max_head,
        )
    )


def bind(settings: ServeSettings) -> socket.socket:
    """Take the address, or say why not.

    Raises
    ------
    InputError
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        sock = socket.create_server((settings.host, settings.port), family=family, backlog=256)
    except OSError as error:
        raise InputError(
            f"expected an address that is free, got {settings.host} port {settings.port}: "
            f"{error.strerror or error}"
        ) from error
    # asyncio does so only where a socket names its protocol. Without it a body waits some 40 ms
    # until the client has acknowledged the head.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def address(host: str, sock: socket.socket) -> str:
    """The URL of a server that is bound."""
    port = sock.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.contextmanager
def _stopping_is_no_failure(server: uvicorn.Server) -> Iterator[None]:
    """Return after a graceful stop: uvicorn raises the signal once more when all is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        # Also before uvicorn listens for signals, and without effect after it.
        server.should_exit = True

    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
