"""Reads TOML files; invalid ones raise InputError."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from lacunar.errors import InputError


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Read a TOML file in UTF-8, with or without a byte order mark.

    Parameters
    ----------
    path : Path
    what : str
        Expected content, for error messages.

    Raises
    ------
    InputError
        If it cannot be read, or is not valid TOML.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.toml"
    ...     _ = path.write_text('hat = "red"')
    ...     read_toml(path, "a schema")
    {'hat': 'red'}
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: expected a readable file, got: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        first_line = str(error).splitlines()[0]
        raise InputError(f"{path}: expected {what} in TOML, got: {first_line}") from error
