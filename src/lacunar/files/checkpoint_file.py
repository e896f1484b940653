"""Checkpoints in one safetensors file: arrays, and JSON with the key of the run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from lacunar.errors import InputError


def read_checkpoint_file(
    path: Path, key: str, field: str, *, of: str
) -> tuple[dict[str, NDArray[Any]], Any] | None:
    """Read the checkpoint of a run, if there is one.

    Parameters
    ----------
    path : Path
        Its metadata has one JSON document, ``state``, with the key of the run.
    key : str
        Identifies the run: its data, settings and versions.
    field : str
        Field of the document to return.
    of : str
        Name of the kind of run, for error messages.

    Returns
    -------
    arrays, value : dict of str to ndarray, JSON
        None if there is no such file.

    Raises
    ------
    InputError
        If it belongs to another run or cannot be read.
    """
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="np") as file:
            state = json.loads(file.metadata()["state"])
            arrays = {
                name: file.get_tensor(name)
                for name in file.keys()  # noqa: SIM118 - the open file is no mapping
            }
        found_key, value = state["key"], state[field]
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: expected a complete checkpoint, got: {error}") from error
    if found_key != key:
        raise InputError(
            f"{path}: expected a checkpoint of these data, settings and versions, got that of"
            f" another {of}; choose another folder or delete this one"
        )
    return arrays, value
