from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
TOKEN = "correct-horse-battery-staple"


@contextmanager
def _serving(*options: object, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The server as a process, and its address once it listens."""
    command = [sys.executable, "-m", "lacunar", "serve", "--port", "0", "--json"]
    process = subprocess.Popen(
        [*command, *map(str, options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **variables},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.stderr and process.stderr.read()
        yield process, json.loads(line)["url"]
    finally:
        process.kill()
        process.communicate()


def _get(url: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:  # noqa: S310 - the test's own server
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def _one_sentence(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr


def test_a_server_without_a_model_is_refused(run: Run) -> None:
    _one_sentence(run("serve"), "expected --taste MODEL or --traits MODEL")


def test_an_audit_without_a_model_is_refused(run: Run, model: Path) -> None:
    _one_sentence(
        run("serve", "--taste", model, "--audit", "x"), "--audit: expected --traits MODEL"
    )
    _one_sentence(run("serve", "--taste", model, "--corrections", "x.csv"), "--audit DATA")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_other_addresses_are_refused_without_a_token(run: Run, model: Path, host: str) -> None:
    _one_sentence(run("serve", "--taste", model, "--host", host), "a token", "--token-file", host)


@pytest.mark.parametrize("content", ["", "short", "naïve-naïve-naïve-naïve"])
def test_a_poor_token_is_refused_and_not_shown(
    run: Run, model: Path, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "token"
    path.write_text(content, encoding="utf-8")
    done = run("serve", "--taste", model, "--token-file", path)
    _one_sentence(done, "expected", "token")
    assert not content or content not in done.stderr


def test_a_token_is_never_an_argument(run: Run) -> None:
    assert run("serve", "--token", TOKEN).returncode == 2
    assert "--token " not in run("serve", "--help").stdout


def test_a_path_without_a_model_is_refused(run: Run, tmp_path: Path) -> None:
    _one_sentence(run("serve", "--taste", tmp_path / "none"), str(tmp_path / "none"))


def test_a_port_that_is_taken_is_refused(run: Run, model: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        _one_sentence(run("serve", "--taste", model, "--port", port), "expected an address", "free")


def test_a_server_answers_until_it_is_stopped(model: Path) -> None:
    with _serving("--taste", model) as (process, url):
        assert url.startswith("http://127.0.0.1:")
        assert _get(f"{url}/readyz") == 200
        assert _get(f"{url}/") == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))


def test_ctrl_c_is_the_way_to_stop(model: Path) -> None:
    with _serving("--taste", model) as (process, _):
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0


def test_requests_in_progress_are_finished_before_the_end(model: Path) -> None:
    with _serving("--taste", model, LACUNAR_TOKEN=TOKEN) as (process, url):
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            body = f"token={TOKEN}".encode()
            connection.sendall(
                b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body)
            )
            connection.sendall(body[:5])
            time.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert process.poll() is None
            connection.sendall(body[5:])
            assert connection.recv(65_536).startswith(b"HTTP/1.1 303")
        assert process.wait(15) == 0


@pytest.mark.parametrize("way", ["file", "variable"])
def test_a_token_can_be_given_in_two_ways(model: Path, tmp_path: Path, way: str) -> None:
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n", encoding="ascii")
    options = ["--token-file", path] if way == "file" else []
    variables = {"LACUNAR_TOKEN": TOKEN} if way == "variable" else {}
    with _serving("--taste", model, *options, **variables) as (_, url):
        assert _get(f"{url}/metrics") == 401
        assert _get(f"{url}/metrics", Authorization=f"Bearer {TOKEN}") == 200
