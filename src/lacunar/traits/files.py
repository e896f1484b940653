"""Files that are there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def replace_file(path: Path, contents: Iterable[bytes]) -> str:
    """Write a file beside its destination, sync it and move it there.

    Parameters
    ----------
    path : Path
        Keeps its old content, if it had any, until the new one is whole.
    contents : iterable of bytes

    Returns
    -------
    str
        SHA-256 of the content.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     digest = replace_file(Path(folder) / "a", [b"one ", b"two"])
    ...     (Path(folder) / "a").read_bytes()
    b'one two'
    """
    hasher = hashlib.sha256()
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            for content in contents:
                hasher.update(content)
                file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise
    return hasher.hexdigest()
