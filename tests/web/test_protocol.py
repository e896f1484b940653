from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from lacunar.taste.model import TasteModel
from lacunar.web.app import create_app
from lacunar.web.protocol import GuardedProtocol, guarded_protocol
from lacunar.web.server import bind, build_server
from lacunar.web.settings import ServeSettings
from lacunar.web.state import AppState, build_state

GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
Running = Callable[..., AbstractContextManager[tuple[str, int]]]


@pytest.fixture
def running(sample_model: TasteModel) -> Running:
    """Run a server in a thread, on any free port of this machine."""

    @contextmanager
    def run(**options: object) -> Iterator[tuple[str, int]]:
        settings = ServeSettings(port=0, **options)
        state: AppState = build_state(settings, taste=sample_model)
        sock, server = bind(settings), build_server(create_app(state), state)
        thread = threading.Thread(target=server.run, args=([sock],))
        thread.start()
        try:
            yield sock.getsockname()
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()
            sock.close()
            state.pool.close()

    return run


def _connect(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, timeout=10)


def _read(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def test_a_connection_answers_many_requests(running: Running) -> None:
    with running() as address, _connect(address) as connection:
        for _ in range(3):
            connection.sendall(GET)
            answer = b""
            while not answer.endswith(b'{"status":"ok"}'):
                answer += connection.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 200 OK")
            assert b"\r\nserver:" not in answer.lower()


def test_a_head_that_drips_is_told_and_closed(running: Running) -> None:
    with running(head_timeout=0.5) as address, _connect(address) as connection:
        began = time.monotonic()
        stop = threading.Event()

        def drip() -> None:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            while not stop.wait(0.1):
                try:
                    connection.sendall(b"X-A: b\r\n")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        answer = _read(connection)
        stop.set()
        thread.join()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert 0.4 < time.monotonic() - began < 5


def test_a_head_that_drips_after_an_answer_is_closed(running: Running) -> None:
    with running(head_timeout=0.5) as address, _connect(address) as connection:
        connection.sendall(GET + b"GET /")
        assert b"408 Request Timeout" in _after_answer(connection)


def _after_answer(connection: socket.socket) -> bytes:
    answer = connection.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 200")
    # Anything that comes stops the clock that uvicorn has for idle connections.
    connection.sendall(b"he")
    return answer + _read(connection)


def test_a_connection_that_says_nothing_is_closed(running: Running) -> None:
    with running(head_timeout=0.3) as address, _connect(address) as connection:
        assert _read(connection) == b""


def test_what_is_no_request_is_told_so(running: Running) -> None:
    with running() as address, _connect(address) as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        head, _, body = _read(connection).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ")
        assert b"content-security-policy: default-src 'none'" in head.lower()
        assert json.loads(body)["status"] == 400


def test_a_head_that_is_too_large_is_refused(running: Running) -> None:
    with running(max_head=2048) as address, _connect(address) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"b" * 4096)
        assert _read(connection).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    ],
)
def test_requests_that_can_be_read_in_two_ways_are_refused(
    running: Running, request_bytes: bytes
) -> None:
    with running() as address, _connect(address) as connection:
        connection.sendall(request_bytes)
        assert _read(connection).startswith(b"HTTP/1.1 400 ")


def test_a_body_that_is_broken_is_told_once(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    with running(token="x" * 16) as address, _connect(address) as connection:
        connection.sendall(
            b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\n5\r\ntoken\r\n"
        )
        time.sleep(0.2)
        connection.sendall(b"no length\r\n")
        answer = _read(connection)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.count(b"HTTP/1.1 4") == 1
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_connections_are_counted(running: Running) -> None:
    with running(max_connections=2) as address:
        kept = [_connect(address) for _ in range(2)]
        for connection in kept:
            connection.sendall(GET)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        with _connect(address) as third:
            assert _read(third).startswith(b"HTTP/1.1 503 ")
        kept.pop().close()
        time.sleep(0.2)
        with _connect(address) as third:
            third.sendall(GET)
            assert third.recv(65_536).startswith(b"HTTP/1.1 200")
        kept.pop().close()


def test_one_client_elsewhere_does_not_take_all_connections(sample_model: TasteModel) -> None:
    settings = ServeSettings(max_client_connections=2, max_connections=10)
    protocol = guarded_protocol(settings, build_state(settings, taste=sample_model).metrics)

    def connection(client: str) -> GuardedProtocol:
        made = object.__new__(protocol)
        made.client, made.connections = (client, 1), others
        others.append(made)
        return made

    others: list[GuardedProtocol] = []
    own = [connection("2001:db8::1")._too_many() for _ in range(3)]
    assert own == [False, False, True]
    assert connection("2001:db8::ffff")._too_many()
    assert not connection("2001:db8:1::1")._too_many()
    assert not any(connection("127.0.0.1")._too_many() for _ in range(5))
    assert connection("192.0.2.7")._too_many()


def test_a_body_that_stalls_is_told_and_closed(running: Running) -> None:
    with running(body_gap_timeout=0.3, token="x" * 16) as address, _connect(address) as connection:
        connection.sendall(
            b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\ntoken="
        )
        answer = _read(connection)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in answer.lower()


def test_a_body_of_pieces_without_end_is_cut_off(running: Running) -> None:
    with running(max_body=4096, token="x" * 16) as address, _connect(address) as connection:
        connection.sendall(
            b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        )

        def pour() -> None:
            try:
                for _ in range(100_000):
                    connection.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")
            except OSError:
                return

        thread = threading.Thread(target=pour)
        thread.start()
        answer = connection.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 413 ")
        connection.close()
        thread.join(20)
        assert not thread.is_alive()


def test_a_reader_who_does_not_read_is_dropped(running: Running) -> None:
    with running(body_gap_timeout=0.5, idle_timeout=1) as address:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(10)
        connection.connect(address)
        ask = b"GET /static/htmx.min.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        with connection:
            # Enough answers to fill every buffer between the two.
            connection.setblocking(False)
            began = time.monotonic()
            while time.monotonic() - began < 15:
                try:
                    connection.send(ask)
                except BlockingIOError:
                    pass
                except OSError:
                    break
                time.sleep(0.005)
            else:
                pytest.fail("the server never gave up")
