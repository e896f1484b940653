"""Checkpoints: the state of a training run after each epoch, to continue after an interruption."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from lacunar.errors import InputError
from lacunar.files.atomic import remove_leftovers, replace_file
from lacunar.files.checkpoint_file import read_checkpoint_file

Arrays = Mapping[str, NDArray[Any]]

_FILE = "checkpoint.safetensors"
_HISTORY = "history.jsonl"
_SECTIONS = ("network", "average", "kept", "optimiser")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state that training continues from.

    It contains no state of a random generator: each epoch seeds its own generator from the seed of
    the run and the number of the epoch.

    Parameters
    ----------
    key : str
        Identifies the run: SHA-256 of the data, the settings and the versions.
    network, average, kept, optimiser : mapping of str to ndarray
        Weights after the last epoch, their moving average (empty without averaging), the weights
        of the kept epoch, and the moments of the optimiser.
    rows : list of dict
        One per epoch: :meth:`lacunar.traits.training.history.Epoch.to_dict` and its ``seconds``.
    """

    key: str
    network: Arrays
    average: Arrays
    kept: Arrays
    optimiser: Arrays
    rows: list[dict[str, Any]]


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint of a folder atomically, then its ``history.jsonl``.

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    arrays = {
        f"{section}.{name}": np.asarray(array, order="C")
        for section in _SECTIONS
        for name, array in getattr(checkpoint, section).items()
    }
    state = json.dumps({"key": checkpoint.key, "rows": checkpoint.rows})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / _FILE, [save(arrays, metadata={"state": state})])
        replace_file(folder / _HISTORY, _lines(checkpoint.rows))
    except OSError as error:
        raise InputError(
            f"{folder}: expected a place for checkpoints, got: {error.strerror}"
        ) from error


def read_checkpoint(folder: Path, key: str) -> Checkpoint | None:
    """Read the checkpoint of a folder; None if there is no checkpoint.

    Raises
    ------
    InputError
        If it is of another run or cannot be read.
    """
    path = folder / _FILE
    for written in (path, folder / _HISTORY):
        remove_leftovers(written)
    kept = read_checkpoint_file(path, key, "rows", of="run")
    if kept is None:
        return None
    arrays, rows = kept
    sections = {section: _section(arrays, section) for section in _SECTIONS}
    return Checkpoint(key=key, rows=rows, **sections)


def has_checkpoint(folder: Path) -> bool:
    """Return whether a folder has a checkpoint, of any run."""
    return (folder / _FILE).is_file()


def remove_checkpoint(folder: Path) -> None:
    """Delete what :func:`write_checkpoint` wrote, and the folder if it is then empty."""
    for name in (_FILE, _HISTORY):
        (folder / name).unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _section(arrays: Arrays, section: str) -> Arrays:
    prefix = f"{section}."
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def _lines(rows: list[dict[str, Any]]) -> Iterator[bytes]:
    for row in rows:
        yield f"{json.dumps(row)}\n".encode()
