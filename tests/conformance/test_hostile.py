"""Requests that mean harm, sent to a server in a process of its own, and what each of them gets."""

from __future__ import annotations

import contextlib
import io
import socket
import struct
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from lacunar.store import save_taste
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.fit import fit_taste

DOCUMENT = Path(__file__).parents[2] / "docs" / "serving.md"
TOKEN = "correct-horse-battery-staple"
SCRIPT = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(1)>.png"
API, PAGE = "/api/v1/predictions", "/traits/try"


@dataclass(frozen=True, slots=True)
class Case:
    """A request, and the answer to it; ``sent`` and ``said`` are the words of the documentation."""

    sent: str
    request: bytes | Callable[[], bytes]
    status: int
    said: str
    holds: Callable[[bytes], bool] = bool


def request(
    line: str,
    *headers: str,
    body: bytes = b"",
    host: str | None = "Host: 127.0.0.1",
    token: str | None = f"Authorization: Bearer {TOKEN}",
    length: bool = True,
) -> bytes:
    counted = f"Content-Length: {len(body)}" if body and length else None
    said = [f"{line} HTTP/1.1", host, token, counted, "Connection: close", *headers]
    return "\r\n".join([part for part in said if part] + ["", ""]).encode() + body


def form(*parts: tuple[str, bytes], end: bytes = b"--b--\r\n") -> bytes:
    """A form with files in the field ``images``."""
    return b"".join(_part(name, content) for name, content in parts) + end


def _part(name: str, content: bytes) -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="images"; filename="{name}"\r\n\r\n'
    return head.encode() + content + b"\r\n"


def posted(path: str, body: bytes, kind: str = "multipart/form-data; boundary=b") -> bytes:
    return request(f"POST {path}", f"Content-Type: {kind}", body=body)


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def bomb(side: int) -> bytes:
    """A picture of two colours, ``side`` pixels wide and high, in a thousandth of its size."""
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((side // 8 + 1) * side), 9)
    return png((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))


def wordy() -> bytes:
    """A picture of one pixel with a comment that unpacks to 64 MB."""
    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    text = b"Comment\0\0" + zlib.compress(bytes(64_000_000), 9)
    data = zlib.compress(b"\0\0")
    return png((b"IHDR", head), (b"zTXt", text), (b"IDAT", data), (b"IEND", b""))


def photo() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (30, 60), (190, 40, 40)).save(file, "PNG")
    return file.getvalue()


def inert(answer: bytes) -> bool:
    """Whether the script is there as text and not as markup."""
    return SCRIPT.encode() not in answer and b"&lt;script&gt;alert(1)&lt;/script&gt;" in answer


def leads_home(answer: bytes) -> bool:
    return b"\r\nlocation: /\r\n" in answer.lower()


def no_secret(answer: bytes) -> bool:
    return b"root:" not in answer


def chunks(size: int) -> bytes:
    return b"%x\r\n" % size + bytes(size) + b"\r\n0\r\n\r\n"


JSON, CHUNKED = "Content-Type: application/json", "Transfer-Encoding: chunked"
FIELDS = "application/x-www-form-urlencoded"
LIST = "POST /api/v1/recommendations"
UP = "../../../../etc/passwd"
CASES = (
    Case(
        f"`GET /static/{UP}`",
        request(f"GET /static/{UP}"),
        404,
        "files are known by name, none is opened",
        no_secret,
    ),
    Case(
        "the same with `%2e%2e%2f`",
        request("GET /static/" + UP.replace("../", "%2e%2e%2f")),
        404,
        "the same",
        no_secret,
    ),
    Case(
        "a user by the name of `../../etc/passwd`",
        request("GET /taste/users/..%2f..%2fetc%2fpasswd"),
        404,
        "no such user",
        no_secret,
    ),
    Case(
        "`GET http://169.254.169.254/latest/`, a whole address",
        request("GET http://169.254.169.254/latest/"),
        404,
        "no address is followed",
    ),
    Case(
        "a null byte in a path",
        request("GET /taste/users/1%00.png"),
        404,
        "no such user",
    ),
    Case(
        "a head of 40 kB",
        request("GET /", "X-Long: " + "x" * 40_000),
        431,
        "16 kB are the most",
    ),
    Case(
        "a document of 2 MB",
        request(LIST, JSON, body=bytes(2_000_000)),
        413,
        "1 MB is the most",
    ),
    Case(
        "the same in chunks, its length unsaid",
        request(LIST, JSON, CHUNKED, body=chunks(2_000_000), length=False),
        413,
        "the same, by count",
    ),
    Case(
        "a form of 33 MB",
        lambda: posted(API, bytes(33_000_000)),
        413,
        "32 MB are the most",
    ),
    Case(
        "a length beside chunks (request smuggling)",
        request(LIST, JSON, CHUNKED, "Content-Length: 5", body=chunks(3), length=False),
        400,
        "one of both is expected",
    ),
    Case(
        "a PNG bomb: 30,000 x 30,000 pixels in 110 kB",
        lambda: posted(API, form(("bomb.png", bomb(30_000)))),
        422,
        "50 million pixels are the most, counted before any is decoded",
    ),
    Case(
        "a PNG whose comment unpacks to 64 MB",
        lambda: posted(API, form(("wordy.png", wordy()))),
        422,
        "a broken image",
    ),
    Case(
        "an SVG with a script by the name of `a.png`",
        posted(API, form(("a.png", f"<svg>{SCRIPT}</svg>".encode()))),
        422,
        "told by content: no image",
    ),
    Case(
        "a form without a boundary",
        posted(API, form(("a.png", photo())), "multipart/form-data"),
        400,
        "no whole form",
    ),
    Case(
        "a form that breaks off in its second file",
        posted(API, form(("a.png", photo()), ("b.png", photo()))[:-40]),
        400,
        "the same",
    ),
    Case(
        "a form of 100 files",
        posted(API, form(*(("a.png", b"x"),) * 100)),
        400,
        "32 are the most",
    ),
    Case(
        "JSON of 100,000 nested lists",
        request(LIST, JSON, body=b"[" * 100_000),
        400,
        "no JSON",
    ),
    Case(
        "`Host: evil.example` (DNS rebinding)",
        request("GET /taste", host="Host: evil.example"),
        421,
        "not a name of the server",
    ),
    Case("two Hosts", request("GET /", "Host: evil.example"), 400, "one is expected"),
    Case(
        "POST with `Origin: http://evil.example`",
        request(LIST, JSON, "Origin: http://evil.example", body=b"{}"),
        403,
        "another site",
    ),
    Case(
        "GET that another site's page makes",
        request("GET /api/v1/segments", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"),
        403,
        "the same",
    ),
    Case("no token", request("GET /api/v1/segments", token=None), 401, "it is asked for"),
    Case(
        "a wrong token",
        request("GET /api/v1/segments", token=f"Authorization: Bearer {TOKEN}r"),
        401,
        "the same",
    ),
    Case(
        "a cookie that was made up",
        request("GET /taste", token=f"Cookie: lacunar=99999999999.{'0' * 64}"),
        401,
        "the login page",
    ),
    Case(
        "a login that is to lead to `//evil.example`",
        posted("/login", f"token={TOKEN}&back=//evil.example".encode(), FIELDS),
        303,
        "leads to the first page",
        leads_home,
    ),
    Case(
        "a body of which one byte comes",
        request(LIST, JSON, "Content-Length: 100") + b"{",
        408,
        "after 10 s",
    ),
    Case(
        "a head that does not end",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow:",
        408,
        "after 10 s",
    ),
    Case(
        "a script in a film's title",
        request("GET /taste/try?q=script"),
        200,
        "shown as text",
        inert,
    ),
    Case(
        "a script in the name of an image",
        posted(PAGE, form((IMAGE, photo()))),
        200,
        "shown as text",
        lambda answer: IMAGE.encode() not in answer and b"&lt;img src=x" in answer,
    ),
)


def table() -> str:
    """What the documentation says of all cases."""
    rows = (f"| {case.sent} | {case.status}: {case.said} |" for case in CASES)
    return "\n".join(("| sent | got |", "|---|---|", *rows))


@pytest.fixture(scope="module")
def titled_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A taste model of films of which one has a script for a title."""
    data = tmp_path_factory.mktemp("titled")
    titles = [f"Film {n} (1999)" for n in range(9)] + [f"{SCRIPT} (1999)"]
    movies = [f"{n},{title},{('Drama', 'War', 'Comedy')[n % 3]}" for n, title in enumerate(titles)]
    ratings = [
        f"{user},{item},{1 + (user * item + item) % 5},0"
        for user in range(40)
        for item in range(10)
        if (user + item) % 3
    ]
    (data / "movies.csv").write_text("\n".join(["movieId,title,genres", *movies]) + "\n")
    header = "userId,movieId,rating,timestamp"
    (data / "ratings.csv").write_text("\n".join([header, *ratings]) + "\n")
    config = TasteConfig(min_components=2, max_components=2, n_seeds=2)
    save_taste(fit_taste(read_ratings(data), config), data / "model")
    return data / "model"


@pytest.fixture(scope="module")
def address(
    start_server: Callable[..., str], titled_directory: Path, people_model_directory: Path
) -> tuple[str, int]:
    models = ("--taste", titled_directory, "--traits", people_model_directory)
    url = urlsplit(start_server(*models, LACUNAR_TOKEN=TOKEN))
    assert url.hostname is not None
    assert url.port is not None
    return url.hostname, url.port


@pytest.fixture(scope="module")
def answers(address: tuple[str, int]) -> dict[str, bytes]:
    """All at once: those that wait for ten seconds wait together."""

    def ask(case: Case) -> bytes:
        content = case.request if isinstance(case.request, bytes) else case.request()
        with socket.create_connection(address, timeout=60) as connection:
            # A server that refuses a body need not take it in.
            with contextlib.suppress(ConnectionError):
                connection.sendall(content)
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    with ThreadPoolExecutor(len(CASES)) as threads:
        return dict(zip((case.sent for case in CASES), threads.map(ask, CASES), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sent)
def test_a_hostile_request_gets_what_the_documentation_says(
    answers: dict[str, bytes], case: Case
) -> None:
    answer = answers[case.sent]
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == case.status, answer[:2000].decode()
    assert case.holds(answer), answer.decode()
    # Whatever is answered, it carries the policy under which no script of a page runs.
    assert b"default-src 'none'; script-src 'self'" in head
    if case.status >= 400:
        assert len(body) < 5_000
        assert b"Traceback" not in body


@pytest.mark.slow
def test_the_server_serves_on(address: tuple[str, int], answers: dict[str, bytes]) -> None:
    assert answers
    with socket.create_connection(address, timeout=60) as connection:
        connection.sendall(request("GET /readyz"))
        assert connection.recv(100).startswith(b"HTTP/1.1 200")


def test_the_documentation_has_these_requests_and_no_others() -> None:
    assert len(CASES) >= 25
    text = DOCUMENT.read_text(encoding="utf-8")
    assert table() in text, f"docs/serving.md: expected this table\n{table()}"
