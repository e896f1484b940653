from __future__ import annotations

import socket

import pytest

from lacunar.errors import InputError
from lacunar.web.app import create_app
from lacunar.web.server import address, bind, build_server
from lacunar.web.settings import ServeSettings
from lacunar.web.state import AppState


def test_any_free_port_can_be_taken_and_is_told() -> None:
    with bind(ServeSettings(port=0)) as sock:
        port = sock.getsockname()[1]
        assert address("127.0.0.1", sock) == f"http://127.0.0.1:{port}"
        assert address("::1", sock) == f"http://[::1]:{port}"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_no_answer_waits_to_be_acknowledged(host: str) -> None:
    with (
        bind(ServeSettings(host=host, port=0)) as sock,
        socket.create_connection(sock.getsockname()[:2], timeout=10),
    ):
        accepted, _ = sock.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port}: Address already in use"):
            bind(ServeSettings(port=port))


def test_a_name_nobody_has_is_told() -> None:
    settings = ServeSettings(host="no-such-host.invalid", token="x" * 16)
    with pytest.raises(InputError, match=r"no-such-host\.invalid"):
        bind(settings)


def test_the_server_names_itself_to_nobody_and_believes_no_proxy(taste_state: AppState) -> None:
    config = build_server(create_app(taste_state), taste_state).config
    assert not config.server_header
    assert not config.proxy_headers
    assert not config.access_log
    config.load()
    assert config.ws_protocol_class is None
