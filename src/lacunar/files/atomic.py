"""Files that are there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from lacunar.errors import InputError


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file beside a destination; once its content is written, sync it and move it there.

    Parameters
    ----------
    path : Path
        Keeps its old content, if it had any, until the new one is whole, and keeps it for good
        where an error ends the writing. What killed runs left beside it is removed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "a") as file:
    ...         _ = file.write(b"one")
    ...     (Path(folder) / "a").read_bytes()
    b'one'
    """
    with sibling(path) as staging:
        with staging.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        staging.replace(path)


def replace_file(path: Path, contents: Iterable[bytes]) -> str:
    """Write a file as :func:`replacing` does.

    Parameters
    ----------
    path : Path
    contents : iterable of bytes

    Returns
    -------
    str
        SHA-256 of the content.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     digest = replace_file(Path(folder) / "a", [b"one ", b"two"])
    ...     (Path(folder) / "a").read_bytes()
    b'one two'
    """
    hasher = hashlib.sha256()
    with replacing(path) as file:
        for content in contents:
            hasher.update(content)
            file.write(content)
    return hasher.hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if sys.platform != "win32":
    import fcntl

_TOKEN_BYTES = 8


@contextmanager
def sibling(path: Path, *, directory: bool = False) -> Iterator[Path]:
    """Make a file or a directory beside a destination, for content that is to be moved there.

    What killed runs left beside the same destination is removed first. What other processes are
    writing is left alone.

    Parameters
    ----------
    path : Path
        The destination; its parent exists.
    directory : bool
        Whether to make a directory.

    Yields
    ------
    Path
        Empty. Whatever has this name at the end is removed.

    Raises
    ------
    OSError
        If nothing can be made there.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a"
    ...     with sibling(path) as staging:
    ...         _ = staging.write_text("one")
    ...         _ = staging.replace(path)
    ...     path.read_text(), len(list(Path(folder).iterdir()))
    ('one', 1)
    """
    remove_leftovers(path)
    staging, descriptor = _claim(path, directory=directory)
    try:
        yield staging
    finally:
        remove(staging)
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Keep other processes from going on with a file that this one goes on with.

    Parameters
    ----------
    path : Path
        Made where it is missing; removed at the end if nothing was written.

    Raises
    ------
    InputError
        If another process has it, where locks are to be had.
    OSError
        If it cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not _lock(descriptor, wait=False):
            raise InputError(
                f"{path}: expected to be the only one that writes it, got another process"
            )
        try:
            yield
        finally:
            if os.fstat(descriptor).st_size == 0:
                path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def remove_leftovers(path: Path) -> None:
    """Remove what killed runs left beside a destination.

    Where locks are not to be had (Windows, some network drives), it stays: hidden, ending in
    ``.part``, and free to be deleted by hand.
    """
    if sys.platform == "win32":
        return
    pattern = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{{2 * _TOKEN_BYTES}}}\.part")
    with suppress(OSError):
        for found in path.parent.iterdir():
            if pattern.fullmatch(found.name):
                _remove_if_abandoned(found)


def remove(path: Path) -> None:
    """Remove a file, or a directory of files; a directory that holds another one stays."""
    with suppress(OSError):
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
            return
        for file in path.iterdir():
            file.unlink()
        path.rmdir()


def _claim(path: Path, *, directory: bool) -> tuple[Path, int | None]:
    while True:
        staging = path.with_name(f".{path.name}.{secrets.token_hex(_TOKEN_BYTES)}.part")
        if directory:
            staging.mkdir()
        else:
            # Not by tempfile, whose files nobody but their owner may read, also under their last
            # name.
            staging.touch(exist_ok=False)
        if sys.platform == "win32":
            return staging, None
        with suppress(FileNotFoundError):
            descriptor = os.open(staging, os.O_RDONLY)
            _lock(descriptor, wait=True)
            # Between its making and its lock another process may have taken it for a leftover.
            if _is_still(staging, descriptor):
                return staging, descriptor
            os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    return False


def _lock(descriptor: int, *, wait: bool) -> bool:
    """Lock an open file or directory; False if another process has it.

    Where there are no locks nobody has one, and nobody takes the file for a leftover either.
    """
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
    return True


if sys.platform != "win32":

    def _remove_if_abandoned(path: Path) -> None:
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                # Any failure ends it: what cannot be locked may be in use.
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(path)
            finally:
                os.close(descriptor)
