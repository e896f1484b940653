"""Results of a fit's stages on disk, so that a fit that was killed goes on where it was."""

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
# Of safetensors files; not their usual ending, which files of others may have.
_ENDING = ".stage"


@dataclass(frozen=True, slots=True)
class Saved:
    """The result of a stage as it lies on disk.

    Parameters
    ----------
    arrays : mapping of str to ndarray
    facts : dict
        Anything else, as JSON holds it.
    """

    arrays: Mapping[str, NDArray[Any]]
    facts: dict[str, Any]


class StageCache:
    """Runs the stages of one fit, or takes their results from a folder.

    Parameters
    ----------
    folder : Path, optional
        Where results are kept; nothing is kept without it.
    key : str
        Tells fits apart: SHA-256 of the data, the settings and the versions.

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
        """Do the work of a stage, unless its result is there.

        Parameters
        ----------
        stage : str
            Names the file.
        work : callable
        pack, unpack : callable
            From a result to what is kept of it, and back, exactly.

        Raises
        ------
        InputError
            If the folder cannot be written, or a result is of another fit or cannot be read.
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
    """Stages whose results a folder holds, in order of the alphabet."""
    return sorted(path.stem for path in folder.glob(f"*{_ENDING}"))


def remove_stages(folder: Path) -> None:
    """Take away what a fit wrote to be able to go on, and the folder if nothing else is in it."""
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
            f"{path.parent}: expected a place for checkpoints, got: {error.strerror}"
        ) from error


def _read(path: Path, key: str) -> Saved | None:
    _clear(path.parent)
    kept = read_checkpoint_file(path, key, "facts", of="fit")
    return None if kept is None else Saved(*kept)


def _clear(folder: Path) -> None:
    """Remove what a fit that was killed while writing left."""
    for staging in folder.glob(f".*{_ENDING}.*.part"):
        remove_leftovers(folder / staging.name[1 : staging.name.index(_ENDING) + len(_ENDING)])
