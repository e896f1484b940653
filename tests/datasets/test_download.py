import hashlib
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lacunar.datasets.download import ConnectionLostError, check_address, download
from lacunar.errors import InputError

BODY = bytes(range(256)) * 40
SHA256 = hashlib.sha256(BODY).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves one body; can ignore Range, or end a reply early."""

    def __init__(self, body):
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.ranges, self.cut_after = body, True, None
        self.redirect, self.shifted = None, 0
        self.asked, self.sent = [], []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/a.zip"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        wanted = self.headers.get("Range")
        server.asked.append(wanted)
        if server.redirect:
            self.send_response(302)
            self.send_header("Location", server.redirect)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and server.ranges else 0
        if start >= len(server.body):
            self.send_error(416)
            return
        start += server.shifted
        rest = server.body[start:]
        self.send_response(206 if wanted and server.ranges else 200)
        if wanted and server.ranges:
            span = f"bytes {start}-{len(server.body) - 1}/{len(server.body)}"
            self.send_header("Content-Range", span)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        # Recorded before sending, because a test may read it as soon as the bytes arrive.
        server.sent.append(len(rest[: server.cut_after]))
        self.wfile.write(rest[: server.cut_after])

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Server(BODY)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def get(server, path, **options):
    download(server.url, path, **{"size": len(BODY), "sha256": SHA256, **options})


def test_a_whole_file_arrives(server, tmp_path):
    get(server, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == BODY
    assert server.asked == [None]


def test_progress_ends_at_the_size(server, tmp_path):
    seen = []
    get(server, tmp_path / "a", progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(BODY), len(BODY))
    assert seen == sorted(seen)


def test_a_cut_download_keeps_its_part_and_asks_only_for_the_rest(server, tmp_path):
    server.cut_after = 4000
    with pytest.raises(
        ConnectionLostError, match=r"expected 10240 bytes .* got 4000 .*run it again"
    ):
        get(server, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == BODY[:4000]
    server.cut_after = None
    get(server, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == BODY
    assert server.asked == [None, "bytes=4000-"]
    assert server.sent == [4000, len(BODY) - 4000]


def test_a_server_without_ranges_sends_the_file_anew(server, tmp_path):
    server.ranges = False
    (tmp_path / "a").write_bytes(BODY[:4000])
    get(server, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == BODY
    assert server.sent == [len(BODY)]


def test_a_complete_part_needs_no_server(tmp_path):
    (tmp_path / "a").write_bytes(BODY)
    seen = []
    download(
        "http://127.0.0.1:1/a.zip",
        tmp_path / "a",
        size=len(BODY),
        sha256=SHA256,
        progress=lambda done, total: seen.append(done),
    )
    assert seen == [len(BODY)]


def test_a_part_of_another_file_is_fetched_anew_after_the_resume(server, tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 4000)
    get(server, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == BODY
    assert server.asked == ["bytes=4000-", None]


def test_a_part_longer_than_the_file_is_fetched_anew(server, tmp_path):
    (tmp_path / "a").write_bytes(BODY + b"x")
    get(server, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == BODY
    assert server.asked == [None]


def test_a_part_beyond_the_servers_file_is_fetched_anew_and_found_wrong(server, tmp_path):
    server.body = BODY[:100]
    (tmp_path / "a").write_bytes(BODY[:4000])
    with pytest.raises(ConnectionLostError, match="got 100 before"):
        get(server, tmp_path / "a")
    assert server.asked == ["bytes=4000-", None]


def test_other_bytes_than_asked_for_are_not_appended(server, tmp_path):
    server.shifted = 7
    (tmp_path / "a").write_bytes(BODY[:4000])
    with pytest.raises(ConnectionLostError, match="from byte 4000 on"):
        get(server, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == BODY[:4000]


def test_a_wrong_checksum_is_an_error_and_removes_the_part(server, tmp_path):
    server.body = b"y" * len(BODY)
    with pytest.raises(InputError, match=f"expected .* to have SHA-256 {SHA256}, got"):
        get(server, tmp_path / "a")
    assert not (tmp_path / "a").exists()
    assert server.asked == [None]


def test_no_more_than_the_size_is_written(server, tmp_path):
    server.body = BODY + b"more"
    get(server, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == BODY


def test_a_refused_connection_names_the_address(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/a.zip"
    with pytest.raises(ConnectionLostError, match=f"expected to reach {url}, got no connection"):
        download(url, tmp_path / "a", size=1, sha256="00")
    assert list(tmp_path.iterdir()) == []


def test_a_redirect_away_from_https_is_refused(server, tmp_path):
    server.redirect = "http://192.0.2.1/a.zip"
    with pytest.raises(InputError, match=r"expected an https address .* got 'http://192\.0\.2\.1"):
        get(server, tmp_path / "a")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a.zip",
        "file:///etc/hosts",
        "http://127.0.0.1.example.org/a.zip",
        "http://localhost@example.org/a.zip",
        "a.zip",
    ],
)
def test_plain_http_and_other_schemes_are_refused(url):
    with pytest.raises(InputError, match="expected an https address"):
        check_address(url)


@pytest.mark.parametrize("host", ["127.0.0.1:80", "localhost", "[::1]:8000"])
def test_a_loopback_host_may_be_plain_http(host):
    check_address(f"http://{host}/a.zip")
