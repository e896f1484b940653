"""The web server: one uvicorn process on one bound socket."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence

import uvicorn
from fastapi import FastAPI

from lacunar.aliases import no_progress
from lacunar.errors import InputError
from lacunar.parallel import one_blas_thread
from lacunar.web.app import create_app
from lacunar.web.protocol import guarded_protocol
from lacunar.web.reload import ModelWatch, WatchedModel
from lacunar.web.settings import ServeSettings
from lacunar.web.state import AppState


def serve(
    state: AppState,
    *,
    models: Sequence[WatchedModel] = (),
    listening: Callable[[str], None] | None = None,
    say: Callable[[str], None] = no_progress,
) -> None:
    """Serve until Ctrl-C or SIGTERM, then finish the requests in progress.

    A model is loaded again when its files change; SIGHUP loads all of them again.

    Parameters
    ----------
    state : AppState
    models : sequence of WatchedModel
        Files of the models in ``state`` that may be replaced.
    listening : callable, optional
        Called with the server's URL once it accepts connections.
    say : callable
        Called with a line for each new model that is taken or refused.

    Raises
    ------
    InputError
        If the address cannot be bound.
    """
    settings = state.settings
    sock = bind(settings)
    app = create_app(state)
    server = build_server(app, state)
    watch = ModelWatch(app, models, say)
    try:
        # Jobs run in parallel already: more threads in libraries would compete for the same cores.
        with one_blas_thread(), handled_signals(server, watch), watch.running():
            if listening is not None:
                listening(address(settings.host, sock))
            server.run([sock])
    finally:
        sock.close()
        state.pool.close()


def build_server(app: FastAPI, state: AppState) -> uvicorn.Server:
    """Build a server with the limits of the settings, not yet running."""
    settings = state.settings
    return uvicorn.Server(
        uvicorn.Config(
            app,
            loop="asyncio",
            http=guarded_protocol(settings, state.metrics),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            # Headers of a proxy must not change the client's address.
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=settings.idle_timeout,
            timeout_graceful_shutdown=settings.stop_timeout,
            h11_max_incomplete_event_size=settings.max_head,
        )
    )


def bind(settings: ServeSettings) -> socket.socket:
    """Bind the address of the settings.

    Raises
    ------
    InputError
        If it cannot be bound.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        sock = socket.create_server((settings.host, settings.port), family=family, backlog=256)
    except OSError as error:
        raise InputError(
            f"expected an address that is free, got {settings.host} port {settings.port}: "
            f"{error.strerror or error}"
        ) from error
    # asyncio sets this only for a socket with an explicit protocol. Without it a body waits about
    # 40 ms for the acknowledgement of the head.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def address(host: str, sock: socket.socket) -> str:
    """URL of a bound socket."""
    port = sock.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.contextmanager
def handled_signals(server: uvicorn.Server, watch: ModelWatch) -> Iterator[None]:
    """Handle signals: SIGHUP loads the models again, others stop the server.

    Returns after a graceful stop, although uvicorn raises the signal again at the end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        # Works before uvicorn installs its handlers, and has no effect after the stop.
        server.should_exit = True

    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    if hasattr(signal, "SIGHUP"):
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, watch.reload)
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
