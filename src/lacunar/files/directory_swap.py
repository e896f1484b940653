"""A directory put in the place of another, so that one of them is always there.

Linux exchanges two names in one step (``renameat2``, ``RENAME_EXCHANGE``). RowsProvider, and on
file systems that cannot, the previous directory steps aside under a name that readers know; if the
process dies between the two steps, they find it there, and the next replacement goes on from it.
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
    """Move a directory to a place; what was there is under no name of its own then.

    Parameters
    ----------
    staging : Path
        Beside ``path``. Afterwards it is gone, or holds what was there before.
    path : Path
        A free place or a directory of plain files.
    force : bool
        Whether those files may go.

    Raises
    ------
    FileExistsError
        If files are there that may not go.
    OSError
        If it cannot be done. Whatever is raised, what was at ``path`` is there still.

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
        _go_on(path)
        if not path.exists():
            staging.rename(path)
        elif not force and any(path.iterdir()):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        elif not _exchange(staging, path):
            _step_aside(staging, path)
        sync_directory(path.parent)


@contextmanager
def staying(path: Path) -> Iterator[Path]:
    """Find a directory's content, which others replace only once it has been read.

    Yields
    ------
    Path
        See :func:`held_at`.
    """
    with _locked(path.parent, shared=True):
        yield held_at(path)


def held_at(path: Path) -> Path:
    """Where a directory's content is: there, or where :func:`replace_directory` left it."""
    aside = _aside(path)
    return aside if not path.exists() and aside.is_dir() else path


def sync_directory(path: Path) -> None:
    """Make the names in a directory outlast a loss of power."""
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.previous")


def _go_on(path: Path) -> None:
    """Undo or end what a process that died between two steps began."""
    aside = _aside(path)
    if not aside.is_dir():
        return
    if path.exists():
        remove(aside)
    else:
        aside.rename(path)


def _step_aside(staging: Path, path: Path) -> None:
    aside = _aside(path)
    path.rename(aside)
    try:
        staging.rename(path)
    except BaseException:
        aside.rename(path)
        raise
    sync_directory(path.parent)
    remove(aside)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two names in one step; whether the system can."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # a C library without it
        return False
    names = (os.fsencode(first), os.fsencode(second))
    return bool(rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0)


@contextmanager
def _locked(directory: Path, *, shared: bool = False) -> Iterator[None]:
    """Wait for others that replace anything in a directory, where locks are to be had."""
    if sys.platform == "win32":
        yield
        return
    try:
        descriptor = os.open(directory, os.O_RDONLY)
    except OSError:  # it may be entered and not read, or is not there
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
