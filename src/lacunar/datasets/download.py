"""Downloads over HTTPS: streamed, resumed after a broken connection, and checked by SHA-256."""

from __future__ import annotations

import http.client
import ipaddress
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import IO

from lacunar.errors import InputError
from lacunar.files.atomic import file_digest

DownloadProgress = Callable[[int, int | None], None]

_TIMEOUT_SECONDS = 30.0
_CHUNK_BYTES = 1 << 18


class ConnectionLostError(InputError):
    """The server did not send the file, or not all of it."""


def download(
    url: str, path: Path, *, size: int, sha256: str, progress: DownloadProgress | None = None
) -> None:
    """Download ``url`` to ``path``, continuing after the bytes that ``path`` already has.

    A server without range requests (RFC 9110, section 14) sends the whole file again. A resumed
    file with a wrong checksum is downloaded once more from its start.

    Parameters
    ----------
    url : str
        An https address, or http on a loopback host.
    path : Path
        Its folder exists. After a broken connection it keeps the bytes so far; after a wrong
        checksum it is removed.
    size : int
        Bytes of the whole file; more are never written.
    sha256 : str
        In hexadecimal.
    progress : callable, optional
        Called with the bytes so far and the bytes of the whole file.

    Raises
    ------
    ConnectionLostError
        If there is no connection, it breaks, or the server does not have the file.
    InputError
        For another kind of address or a wrong checksum.

    Examples
    --------
    >>> download("ftp://example.org/a.zip", Path("a.zip"), size=9, sha256="00")
    Traceback (most recent call last):
    lacunar.errors.InputError: expected an https address (or http on a loopback host), got
    'ftp://example.org/a.zip'
    """
    check_address(url)
    offset = _bytes_in(path)
    if offset > size:
        offset = 0
    _fetch(url, path, offset, size, progress)
    if offset and file_digest(path) != sha256:
        _fetch(url, path, 0, size, progress)
    found = file_digest(path)
    if found != sha256:
        path.unlink()
        raise InputError(f"expected {url} to have SHA-256 {sha256}, got {found}: it was discarded")


def check_address(url: str) -> None:
    """Check that an address is https, or http on a loopback host.

    Raises
    ------
    InputError
        For any other address.

    Examples
    --------
    >>> check_address("https://example.org/a.zip")
    >>> check_address("http://127.0.0.1:8000/a.zip")
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname)):
        return
    raise InputError(f"expected an https address (or http on a loopback host), got {url!r}")


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


class _CheckedRedirects(urllib.request.HTTPRedirectHandler):
    # A redirect must not lead from https to an unencrypted address.
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        check_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _fetch(url: str, path: Path, offset: int, size: int, progress: DownloadProgress | None) -> None:
    if offset < size:
        with _open(url, offset) as response:
            resumed = response.headers.get("Content-Range", "").startswith(f"bytes {offset}-")
            if offset and not resumed:
                if response.status == HTTPStatus.PARTIAL_CONTENT:
                    raise ConnectionLostError(
                        f"expected {url} from byte {offset} on, got other bytes"
                    )
                offset = 0
            with path.open("ab" if offset else "wb") as file:
                for chunk in _chunks(response, url, size - offset):
                    offset += file.write(chunk)
                    if progress is not None:
                        progress(offset, size)
    elif progress is not None:
        progress(offset, size)
    if offset < size:
        raise ConnectionLostError(
            f"expected {size} bytes from {url}, got {offset} before the connection ended: "
            "run it again to continue"
        )


def _open(url: str, offset: int) -> http.client.HTTPResponse:
    request = urllib.request.Request(url, headers={"User-Agent": "lacunar"})  # noqa: S310 - checked
    if offset:
        request.add_header("Range", f"bytes={offset}-")
    opener = urllib.request.build_opener(_CheckedRedirects)
    try:
        response: http.client.HTTPResponse = opener.open(request, timeout=_TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        error.close()
        # The part is at least as long as the file on the server, so it belongs to another file.
        if offset and error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return _open(url, 0)
        raise ConnectionLostError(
            f"expected {url} to be served, got HTTP status {error.code} {error.reason}"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise ConnectionLostError(
            f"expected to reach {url}, got no connection ({reason})"
        ) from error
    return response


def _chunks(response: http.client.HTTPResponse, url: str, limit: int) -> Iterator[bytes]:
    """The body in chunks, at most ``limit`` bytes in all."""
    while limit > 0:
        try:
            chunk = response.read(min(_CHUNK_BYTES, limit))
        except (OSError, http.client.HTTPException) as error:
            raise ConnectionLostError(
                f"expected the rest of {url}, got a broken connection ({error}): "
                "run it again to continue"
            ) from error
        if not chunk:
            return
        limit -= len(chunk)
        yield chunk


def _bytes_in(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
