"""Replacement of a directory by another, so that readers always find one of them.

Linux exchanges two names in one step (``renameat2``, ``RENAME_EXCHANGE``). On other systems, and on
file systems without it, the old directory is first renamed to a name that readers know. If the
process dies between the two steps, readers find it there, and the next replacement recovers it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lacunar.files.atomic import remove

if sys.platform != "win32":
    import fcntl

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def replace_directory(staging: Path, path: Path, *, force: bool = True) -> None:
    """Move a directory to a destination and replace the directory there.

    Parameters
    ----------
    staging : Path
        Beside ``path``. Afterwards it is gone, or holds the old content of ``path``.
    path : Path
        A free name or a directory of plain files.
    force : bool
        Whether these files may be replaced.

    Raises
    ------
    FileExistsError
        If there are files and ``force`` is off.
    OSError
        If it cannot be moved. After any error, the old content is still at ``path``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     old, new = Path(folder) / "model", Path(folder) / "new"
    ...     for directory in (old, new):
    ...         directory.mkdir()
    ...         _ = (directory / "name").write_text(directory.name)
    ...     replace_directory(new, old)
    ...     (old / "name").read_text()
    'new'
    """
    with _locked(path.parent):
        _recover(path)
        if not path.exists():
            staging.rename(path)
        elif not force and any(path.iterdir()):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        elif not _exchange(staging, path):
            _replace_in_two_steps(staging, path)
        sync_directory(path.parent)


@contextmanager
def locked_for_reading(path: Path) -> Iterator[Path]:
    """Path of a directory's content, which no other process replaces during the block.

    Yields
    ------
    Path
        See :func:`content_path`.
    """
    with _locked(path.parent, shared=True):
        yield content_path(path)


def content_path(path: Path) -> Path:
    """Path of a directory's content: ``path``, or its old name after a broken replacement."""
    previous = _previous_name(path)
    return previous if not path.exists() and previous.is_dir() else path


def sync_directory(path: Path) -> None:
    """Flush the names in a directory to disk, so that they survive a power failure."""
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _previous_name(path: Path) -> Path:
    return path.with_name(f".{path.name}.previous")


def _recover(path: Path) -> None:
    """Undo or finish a replacement whose process died between the two steps."""
    previous = _previous_name(path)
    if not previous.is_dir():
        return
    if path.exists():
        remove(previous)
    else:
        previous.rename(path)


def _replace_in_two_steps(staging: Path, path: Path) -> None:
    previous = _previous_name(path)
    path.rename(previous)
    try:
        staging.rename(path)
    except BaseException:
        previous.rename(path)
        raise
    sync_directory(path.parent)
    remove(previous)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two names in one step; False if the system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # the C library does not have it
        return False
    names = (os.fsencode(first), os.fsencode(second))
    return bool(rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0)


@contextmanager
def _locked(directory: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold a lock on a directory of destinations, on systems with locks."""
    if sys.platform == "win32":
        yield
        return
    try:
        descriptor = os.open(directory, os.O_RDONLY)
    except OSError:  # it is missing, or may be entered but not read
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
