"""Model directories: a manifest, arrays, tables and a model card.

A model is a directory with a ``manifest.json``, arrays in safetensors, tables in Parquet and a
``MODEL_CARD.md``. It is written next to its destination, synced and moved there in one step: the
destination always holds a whole model, the old or the new one. Reading checks the version and
every hash, and opens only files that the manifest names. The same content gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from lacunar.aliases import AnyPath
from lacunar.errors import InputError
from lacunar.files.atomic import sibling
from lacunar.files.directory_swap import (
    content_path,
    locked_for_reading,
    replace_directory,
    sync_directory,
)
from lacunar.store.manifest import (
    CARD,
    FORMAT_VERSION,
    MANIFEST,
    Manifest,
    read_checked,
    read_manifest,
)
from lacunar.version import __version__

# Errors of building a model from unexpected values: a manifest may hold anything.
UNFIT = (
    ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
    pa.ArrowException,
)  # fmt: skip
# Ten times the largest public data set. A few bytes of Parquet can claim any number of rows.
_MAX_ROWS = 1 << 28
_LIBRARIES = ("duckdb", "numpy", "pyarrow", "safetensors", "scikit-learn", "scipy")


@dataclass(frozen=True, slots=True)
class Bundle:
    """The content of a model directory.

    Parameters
    ----------
    kind : str
        ``taste`` or ``traits``.
    config : dict
        Settings of the fit, as JSON values.
    fingerprint : str
        SHA-256 of the training data.
    facts : dict
        Other small values, as JSON values.
    arrays : mapping of str to ndarray
    tables : mapping of str to pyarrow.Table
    card : str
        The model card, Markdown.
    """

    kind: str
    config: dict[str, Any]
    fingerprint: str
    facts: dict[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    tables: Mapping[str, pa.Table]
    card: str


def check_destination(path: AnyPath, *, force: bool) -> None:
    """Check a destination before a long fit, as :func:`write_bundle` does.

    Raises
    ------
    InputError
        If a model exists there and ``force`` is false, if something else exists there, or if the
        place cannot be written.
    """
    path = Path(path)
    if _is_file(path):
        raise InputError(f"{path}: expected a place for a model directory, got a file")
    if not path.parent.is_dir():
        raise InputError(f"{path}: expected an existing parent directory, got none")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise InputError(f"{path}: expected a place for a model, got one that is read-only")
    found = _names_at(path)
    if not found:
        return
    if MANIFEST not in found:
        raise InputError(f"{path}: expected a model or no directory, got another directory")
    if not force:
        raise InputError(f"{path}: a model is there already; pass `force` to replace it")


def write_bundle(path: Path, bundle: Bundle, *, force: bool = False) -> None:
    """Write a model directory, whole or not at all.

    If the process dies, the destination still holds the old model or the new one. Leftovers of
    killed runs next to it are removed.

    Raises
    ------
    InputError
        See :func:`check_destination`; also if the disk is full.
    """
    check_destination(path, force=force)
    try:
        with sibling(path, directory=True) as staging:
            _write_files(staging, bundle)
            replace_directory(staging, path, force=force)
    except OSError as error:
        # Another process may have written a model there in the meantime.
        check_destination(path, force=force)
        raise InputError(
            f"{path}: expected a place for a model, got: {error.strerror or error}"
        ) from error


def read_bundle(path: Path, *, kind: str) -> Bundle:
    """Read a model directory after checking its version and every hash.

    Raises
    ------
    InputError
        If it is not a model of this kind, has a newer format, or was changed.
    """
    arrays: dict[str, NDArray[Any]] = {}
    tables: dict[str, pa.Table] = {}
    card = ""
    with locked_for_reading(path) as directory:
        manifest = read_manifest(path)
        if manifest.kind != kind:
            raise InputError(f"{path}: expected a model of kind {kind}, got {manifest.kind}")
        # One file at a time: all together would take about as much memory as the ratings.
        for name, expected in manifest.files.items():
            content = read_checked(directory / name, expected)
            try:
                if name == CARD:
                    card = content.decode(errors="replace")
                elif name.endswith(".safetensors"):
                    arrays |= load(content)
                elif name.endswith(".parquet"):
                    tables[name.removesuffix(".parquet")] = _read_table(content)
            # safetensors raises KeyError for a type that NumPy lacks.
            except (SafetensorError, KeyError, ValueError, OSError, pa.ArrowException) as error:
                first = str(error).splitlines()[0] if str(error) else type(error).__name__
                raise InputError(
                    f"{path / name}: expected arrays or a table, got: {first}"
                ) from error
    return Bundle(
        kind=manifest.kind,
        config=manifest.config,
        fingerprint=manifest.fingerprint,
        facts=manifest.facts,
        arrays=arrays,
        tables=tables,
        card=card,
    )


def _is_file(path: Path) -> bool:
    # A single stat, because another process may be moving the directory.
    try:
        return not stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _names_at(path: Path) -> set[str]:
    while (place := content_path(path)).exists():
        with suppress(FileNotFoundError):
            return {file.name for file in place.iterdir()}
    return set()


def _read_table(content: bytes) -> pa.Table:
    # Arrow's reading threads may outlive the call and abort the process as it ends
    # (apache/arrow#34314), so none are started.
    file = pq.ParquetFile(pa.BufferReader(content), pre_buffer=False)
    if file.metadata.num_rows > _MAX_ROWS:
        raise ValueError(f"{file.metadata.num_rows} rows, more than {_MAX_ROWS}")
    return file.read(use_threads=False)


def _write_files(directory: Path, bundle: Bundle) -> None:
    # One file at a time: all together would take about as much memory as the ratings.
    arrays = {name: np.ascontiguousarray(array) for name, array in bundle.arrays.items()}
    files = {
        CARD: _write_file(directory / CARD, bundle.card.encode()),
        "arrays.safetensors": _write_file(
            directory / "arrays.safetensors", save(dict(sorted(arrays.items())))
        ),
    }
    for name, table in sorted(bundle.tables.items()):
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        files[f"{name}.parquet"] = _write_file(directory / f"{name}.parquet", sink.getvalue())
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        kind=bundle.kind,
        lacunar=__version__,
        libraries={name: version(name) for name in _LIBRARIES},
        config=bundle.config,
        fingerprint=bundle.fingerprint,
        facts=bundle.facts,
        files=files,
    )
    document = json.dumps(manifest.model_dump(), indent=2) + "\n"
    _write_file(directory / MANIFEST, document.encode())
    sync_directory(directory)


def _write_file(path: Path, content: bytes | pa.Buffer) -> str:
    """Write and sync a new file; return the SHA-256 of its content."""
    view = memoryview(content)
    with path.open("xb") as file:
        file.write(view)
        file.flush()
        os.fsync(file.fileno())
    return hashlib.sha256(view).hexdigest()
