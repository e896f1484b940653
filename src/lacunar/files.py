"""Files that are there whole or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from lacunar.siblings import sibling


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
