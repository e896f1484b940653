"""A training run on disk after each epoch, so that a killed one can go on."""

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
    """Everything that training goes on from.

    There is no state of a random generator: each epoch seeds its own from the seed of the run
    and its number.

    Parameters
    ----------
    key : str
        Tells runs apart: SHA-256 of the data, the settings and the versions.
    network, average, kept, optimiser : mapping of str to ndarray
        Weights after the last epoch, their moving average if there is one, what the kept epoch
        answers with, and moments of the weights.
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
    """Replace the checkpoint of a folder, whole or not at all, and its ``history.jsonl``.

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
    """Read the checkpoint of a folder; none where there is none.

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
    """Whether there is something to go on from in a folder, of whatever run."""
    return (folder / _FILE).is_file()


def remove_checkpoint(folder: Path) -> None:
    """Take away what :func:`write_checkpoint` wrote, and the folder if nothing else is in it."""
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
