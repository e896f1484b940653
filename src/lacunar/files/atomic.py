"""Files and directories that appear complete or not at all.

Content is first written to a hidden staging file beside its destination, synced, and then moved
there in one step. Staging files are locked while a process writes them, so that the next writer can
remove those of killed processes.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from lacunar.errors import InputError

if sys.platform != "win32":
    import fcntl

_TOKEN_BYTES = 8
# Staging files and scratch folders in use by this process.
_unfinished: set[Path] = set()
_TRIES = 3


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a staging file; when the block ends without an error, sync it and move it to ``path``.

    Parameters
    ----------
    path : Path
        The destination. Its old content, if any, stays until the new content is complete, and
        stays for good after an error. Staging files of killed processes are removed.

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


@contextmanager
def sibling(path: Path, *, directory: bool = False) -> Iterator[Path]:
    """Make an empty staging file or directory beside a destination.

    Staging files that killed processes left for the same destination are removed first; those of
    running processes stay.

    Parameters
    ----------
    path : Path
        The destination; its parent exists.
    directory : bool
        Whether to make a directory.

    Yields
    ------
    Path
        Removed at the end, unless the block moved it.

    Raises
    ------
    OSError
        If it cannot be made.

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
    staging, descriptor = _make_staging(path, directory=directory)
    _unfinished.add(staging)
    try:
        yield staging
    finally:
        remove(staging)
        _unfinished.discard(staging)
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a temporary folder and remove it at the end, also by :func:`remove_unfinished`.

    Examples
    --------
    >>> with scratch_folder() as folder:
    ...     folder.is_dir()
    True
    >>> folder.exists()
    False
    """
    # Windows cannot delete files that are still memory-mapped.
    with TemporaryDirectory(prefix="lacunar-", ignore_cleanup_errors=True) as name:
        _unfinished.add(Path(name))
        yield Path(name)
        _unfinished.discard(Path(name))


def remove_unfinished() -> None:
    """Remove what this process has not finished, before it ends in the middle of its work."""
    for path in list(_unfinished):
        # Another thread may be writing into a directory meanwhile.
        for _ in range(_TRIES):
            remove(path)
            shutil.rmtree(path, ignore_errors=True)
            if not path.exists():
                break


@contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Lock a file that is continued across runs, so that one process at a time writes it.

    Parameters
    ----------
    path : Path
        Made if missing; removed at the end if it is empty.

    Raises
    ------
    InputError
        If another process has the lock, on systems with locks.
    OSError
        If it cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not _lock(descriptor, wait=False):
            raise InputError(
                f"{path}: expected to be the only process that writes it, got another one"
            )
        try:
            yield
        finally:
            if os.fstat(descriptor).st_size == 0:
                path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def remove_leftovers(path: Path) -> None:
    """Remove staging files that killed processes left beside a destination.

    Without locks (Windows, some network drives) they stay. They are hidden, end in ``.part``, and
    may be deleted by hand.
    """
    if sys.platform == "win32":
        return
    pattern = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{{2 * _TOKEN_BYTES}}}\.part")
    with suppress(OSError):
        for found in path.parent.iterdir():
            if pattern.fullmatch(found.name):
                _remove_if_abandoned(found)


def remove(path: Path) -> None:
    """Remove a file, or a directory of files; a directory with subdirectories stays."""
    with suppress(OSError):
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
            return
        for file in path.iterdir():
            file.unlink()
        path.rmdir()


def _make_staging(path: Path, *, directory: bool) -> tuple[Path, int | None]:
    """Path of a new staging file or directory, and the descriptor that holds its lock."""
    while True:
        staging = path.with_name(f".{path.name}.{secrets.token_hex(_TOKEN_BYTES)}.part")
        if directory:
            staging.mkdir()
        else:
            # tempfile would make a file that only its owner may read, even after the move.
            staging.touch(exist_ok=False)
        if sys.platform == "win32":
            return staging, None
        with suppress(FileNotFoundError):
            descriptor = os.open(staging, os.O_RDONLY)
            _lock(descriptor, wait=True)
            # Before it was locked, another process may have removed it as a leftover.
            if _is_same_file(staging, descriptor):
                return staging, descriptor
            os.close(descriptor)


def _is_same_file(path: Path, descriptor: int) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    return False


def _lock(descriptor: int, *, wait: bool) -> bool:
    """Lock an open file or directory; False if another process has the lock.

    True on systems without locks, where leftovers are never removed.
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
                # Any error means that it may be in use, and it stays.
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(path)
            finally:
                os.close(descriptor)
