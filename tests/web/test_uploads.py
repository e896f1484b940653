from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import Request
from starlette.types import Message

from lacunar.web.problems import Refusal
from lacunar.web.settings import ServeSettings
from lacunar.web.uploads import Upload, most_images, read_fields, read_upload

SETTINGS = ServeSettings(max_files=3, max_fields=2, max_field=1024)

Files = list[tuple[str, tuple[str, bytes]]]


def request_of(content: bytes, kind: str) -> Request:
    pieces = [content[i : i + 100_000] for i in range(0, len(content), 100_000)] or [b""]

    async def messages() -> AsyncIterator[Message]:
        for piece in pieces:
            yield {"type": "http.request", "body": piece, "more_body": True}
        yield {"type": "http.request", "body": b"", "more_body": False}

    stream = messages()
    headers = [(b"content-type", kind.encode())]
    return Request({"type": "http", "method": "POST", "headers": headers}, stream.__anext__)


def upload(files: Files, data: dict[str, str] | None = None) -> Upload:
    posted = httpx.Request("POST", "http://x", files=files, data=data or {})
    request = request_of(posted.read(), posted.headers["content-type"])
    return asyncio.run(read_upload(request, SETTINGS))


def test_files_and_fields_come_as_they_were_sent() -> None:
    large = bytes(range(256)) * 20_000
    found = upload([("images", ("a.png", b"one")), ("images", ("b.png", large))], {"places": "1"})
    assert [(image.name, image.content) for image in found.images] == [
        ("a.png", b"one"),
        ("b.png", large),
    ]
    assert found.fields == {"places": "1"}


def test_no_file_is_ever_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a file was asked for")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", refuse)
    (image,) = upload([("images", ("a.png", bytes(5_000_000)))]).images
    assert len(image.content) == 5_000_000


def test_other_files_and_empty_fields_are_passed_over() -> None:
    found = upload([("images", ("", b"")), ("other", ("a.png", b"one"))])
    assert found.images == []


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\a.png", "a.png"),
        ("a\u202egnp.exe", "a\ufffdgnp.exe"),
        ("x" * 500, "x" * 119 + "…"),
        ("<script>alert(1)<script>.png", "<script>alert(1)<script>.png"),
    ],
)
def test_a_name_is_only_a_name(sent: str, shown: str) -> None:
    (image,) = upload([("images", (sent, b"one"))]).images
    assert image.name == shown


def test_more_files_or_fields_than_may_be_are_refused() -> None:
    with pytest.raises(Refusal, match="Too many files") as caught:
        upload([("images", (f"{i}.png", b"one")) for i in range(4)])
    assert caught.value.status_code == 400
    with pytest.raises(Refusal, match="Too many fields"):
        upload([("images", ("a.png", b"one"))], dict.fromkeys("abc", "1"))


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"a=1", "application/x-www-form-urlencoded", 415),
        (b"{}", "", 415),
        (b"--x\r\n", "multipart/form-data", 400),
        (b"hello", "multipart/form-data; boundary=x", 400),
        (b"--x\r\nno header\r\n\r\n", "multipart/form-data; boundary=x", 400),
    ],
)
def test_what_is_no_such_form_is_refused(content: bytes, kind: str, status: int) -> None:
    with pytest.raises(Refusal) as caught:
        asyncio.run(read_upload(request_of(content, kind), SETTINGS))
    assert caught.value.status_code == status
    assert "expected" in str(caught.value.detail)


def test_a_form_that_breaks_off_brings_nothing() -> None:
    posted = httpx.Request("POST", "http://x", files=[("images", ("a.png", b"one"))] * 2)
    content, kind = posted.read(), posted.headers["content-type"]
    assert len(asyncio.run(read_upload(request_of(content, kind), SETTINGS)).images) == 2
    for end in (0, 40, content.rindex(b"one") + 1, len(content) - 4):
        with pytest.raises(Refusal, match="breaks off") as refused:
            asyncio.run(read_upload(request_of(content[:end], kind), SETTINGS))
        assert refused.value.status_code == 400


def test_fields_of_a_plain_form_are_read_and_files_refused() -> None:
    form = request_of(b"a=1&b=two+words", "application/x-www-form-urlencoded; charset=utf-8")
    assert asyncio.run(read_fields(form, SETTINGS)) == {"a": "1", "b": "two words"}
    posted = httpx.Request("POST", "http://x", files=[("a", ("a.png", b"one"))])
    with pytest.raises(Refusal, match="got 'multipart/form-data'"):
        asyncio.run(
            read_fields(request_of(posted.read(), posted.headers["content-type"]), SETTINGS)
        )


def test_images_are_as_many_as_both_limits_allow() -> None:
    assert most_images(SETTINGS) == 3
    assert most_images(ServeSettings(max_files=500)) == 32
