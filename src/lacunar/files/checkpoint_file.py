"""What an unfinished run keeps in one safetensors file: arrays, and JSON that tells runs apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from lacunar.errors import InputError


def read_kept(
    path: Path, key: str, part: str, *, of: str
) -> tuple[dict[str, NDArray[Any]], Any] | None:
    """Read what a run kept, if it did.

    Parameters
    ----------
    path : Path
        Its metadata hold one document, ``state``, with the key of the run.
    key : str
        Tells runs apart.
    part : str
        Which part of the document is wanted.
    of : str
        What a run is called in a refusal.

    Returns
    -------
    arrays, part : dict of str to ndarray, JSON
        None where there is no such file.

    Raises
    ------
    InputError
        If it is of another run or cannot be read.
    """
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="np") as file:
            state = json.loads(file.metadata()["state"])
            arrays = {
                name: file.get_tensor(name)
                for name in file.keys()  # noqa: SIM118 - the open file has keys and is no mapping
            }
        found, wanted = state["key"], state[part]
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: expected a whole checkpoint, got: {error}") from error
    if found != key:
        raise InputError(
            f"{path}: expected a checkpoint of these data, settings and versions, got that of"
            f" another {of}; name another folder or delete this one"
        )
    return arrays, wanted
