"""Checkpoints of the stages of a fit, from which an interrupted fit resumes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from lacunar.errors import InputError
from lacunar.files.atomic import remove_leftovers, replace_file
from lacunar.files.checkpoint_file import read_checkpoint_file

Result = TypeVar("Result")
# A suffix of its own for safetensors files: others in the folder are never removed.
_ENDING = ".stage"


@dataclass(frozen=True, slots=True)
class Saved:
    """The serialised result of a stage.

    Parameters
    ----------
    arrays : mapping of str to ndarray
    facts : dict
        All other values, as JSON types.
    """

    arrays: Mapping[str, NDArray[Any]]
    facts: dict[str, Any]


class StageCache:
    """Runs the stages of one fit, or reads their results from a folder.

    Parameters
    ----------
    folder : Path, optional
        Folder of the checkpoints; without it nothing is saved.
    key : str
        Identifies the fit: SHA-256 of the data, the settings and the versions.

    Examples
    --------
    >>> import tempfile
    >>> def run(work):
    ...     pack, unpack = lambda x: Saved({}, {"x": x}), lambda saved: saved.facts["x"]
    ...     return StageCache(folder, "k").get_or_compute("sum", work, pack, unpack)
    >>> with tempfile.TemporaryDirectory() as name:
    ...     folder = Path(name)
    ...     run(lambda: 1 + 1), run(lambda: 1 / 0)
    (2, 2)
    """

    def __init__(self, folder: Path | None = None, key: str = "") -> None:
        self._folder = folder
        self._key = key

    def get_or_compute(
        self,
        stage: str,
        work: Callable[[], Result],
        pack: Callable[[Result], Saved],
        unpack: Callable[[Saved], Result],
    ) -> Result:
        """Run a stage, unless its result is saved already.

        Parameters
        ----------
        stage : str
            Name of the stage and of its file.
        work : callable
            Computes the result.
        pack, unpack : callable
            Serialise the result and restore exactly the same result.

        Raises
        ------
        InputError
            If the folder is not writable, or a result belongs to another fit or is unreadable.
        """
        if self._folder is None:
            return work()
        path = self._folder / f"{stage}{_ENDING}"
        saved = _read(path, self._key)
        if saved is not None:
            return unpack(saved)
        result = work()
        _write(path, self._key, pack(result))
        return result


def finished(folder: Path) -> list[str]:
    """Return the stages with a result in a folder, in alphabetical order."""
    return sorted(path.stem for path in folder.glob(f"*{_ENDING}"))


def remove_stages(folder: Path) -> None:
    """Remove the checkpoints of a fit, and the folder if it is empty then."""
    for path in folder.glob(f"*{_ENDING}"):
        path.unlink()
    _clear(folder)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _write(path: Path, key: str, saved: Saved) -> None:
    arrays = {name: np.asarray(array, order="C") for name, array in saved.arrays.items()}
    state = json.dumps({"key": key, "facts": saved.facts})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, [save(arrays, metadata={"state": state})])
    except OSError as error:
        raise InputError(
            f"{path.parent}: expected a writable folder for checkpoints, got: {error.strerror}"
        ) from error


def _read(path: Path, key: str) -> Saved | None:
    _clear(path.parent)
    kept = read_checkpoint_file(path, key, "facts", of="fit")
    return None if kept is None else Saved(*kept)


def _clear(folder: Path) -> None:
    """Remove incomplete files of a fit that was interrupted while writing."""
    for staging in folder.glob(f".*{_ENDING}.*.part"):
        remove_leftovers(folder / staging.name[1 : staging.name.index(_ENDING) + len(_ENDING)])
