"""Model directories: the only code that writes or reads a model.

A model is a directory of one ``manifest.json``, arrays in safetensors, tables in Parquet and a
``MODEL_CARD.md``. It is written beside its destination, synced and renamed, so that a model is
there whole or not at all. Reading checks the version and every hash, and opens nothing that the
manifest does not name. The same content gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors.numpy import load, save

from lacunar import __version__
from lacunar.errors import InputError

FORMAT_VERSION = 1
_MANIFEST = "manifest.json"
_CARD = "MODEL_CARD.md"
_LIBRARIES = ("duckdb", "numpy", "pyarrow", "safetensors", "scikit-learn", "scipy")


class Manifest(BaseModel):
    """What a model directory says of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int
    kind: str
    lacunar: str
    libraries: dict[str, str]
    config: dict[str, Any]
    fingerprint: str
    facts: dict[str, Any]
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Bundle:
    """The content of a model directory.

    Parameters
    ----------
    kind : str
        Which application it belongs to.
    config : dict
        Settings of the fit, as JSON would hold them.
    fingerprint : str
        SHA-256 of the training data.
    facts : dict
        Anything else that is small, as JSON would hold it.
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


def check_destination(path: Path, *, force: bool) -> None:
    """Refuse early what :func:`write_bundle` would refuse after a long fit.

    Raises
    ------
    InputError
        If something is there and ``force`` is off, or what is there is not a model.
    """
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise InputError(f"{path}: expected a place for a model directory, got a file")
    if not path.parent.is_dir():
        raise InputError(f"{path}: expected an existing parent directory, got none")
    if not path.exists() or not any(path.iterdir()):
        return
    if not (path / _MANIFEST).is_file():
        raise InputError(f"{path}: expected an empty place or a model, got another directory")
    if not force:
        raise InputError(f"{path}: a model is there already; name --force to replace it")


def write_bundle(path: Path, bundle: Bundle, *, force: bool = False) -> None:
    """Write a model directory, whole or not at all.

    Raises
    ------
    InputError
        See :func:`check_destination`.
    """
    check_destination(path, force=force)
    staging = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        _write_files(staging, bundle)
        staging.chmod(0o755)
        _replace(staging, path)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def read_bundle(path: Path, *, kind: str) -> Bundle:
    """Read a model directory after checking its version and every hash.

    Raises
    ------
    InputError
        If it is not a model of this kind, is of a newer format, or was changed.
    """
    manifest = read_manifest(path)
    if manifest.kind != kind:
        raise InputError(f"{path}: expected a model of kind {kind}, got {manifest.kind}")
    arrays: dict[str, NDArray[Any]] = {}
    tables: dict[str, pa.Table] = {}
    card = ""
    for name, expected in manifest.files.items():
        content = _read_checked(path, name, expected)
        if name == _CARD:
            card = content.decode()
        elif name.endswith(".safetensors"):
            arrays |= load(content)
        elif name.endswith(".parquet"):
            # Arrow's reading threads may outlive the call and abort the process as it ends
            # (apache/arrow#34314), so none are started.
            file = pq.ParquetFile(pa.BufferReader(content), pre_buffer=False)
            tables[name.removesuffix(".parquet")] = file.read(use_threads=False)
    return Bundle(
        kind=manifest.kind,
        config=manifest.config,
        fingerprint=manifest.fingerprint,
        facts=manifest.facts,
        arrays=arrays,
        tables=tables,
        card=card,
    )


def read_manifest(path: Path) -> Manifest:
    """Read what a model directory says of itself; no hash is checked."""
    file = path / _MANIFEST
    if not file.is_file():
        raise InputError(f"{path}: expected a model directory, got none with a {_MANIFEST}")
    try:
        document = json.loads(file.read_bytes())
        found = document.get("format_version") if isinstance(document, dict) else None
        if isinstance(found, int) and found > FORMAT_VERSION:
            raise InputError(
                f"{file}: expected format version {FORMAT_VERSION} or older, got {found}: "
                "a newer lacunar wrote this model"
            )
        manifest = Manifest.model_validate(document)
    except (ValidationError, UnicodeDecodeError, json.JSONDecodeError) as error:
        first = str(error).splitlines()[0]
        raise InputError(f"{file}: expected a model manifest, got: {first}") from error
    odd = [name for name in manifest.files if Path(name).name != name or name.startswith(".")]
    if odd:
        raise InputError(f"{file}: expected plain file names, got {odd[0]!r}")
    if _CARD not in manifest.files:
        raise InputError(f"{file}: expected a {_CARD} among the files, got none")
    return manifest


def _write_files(directory: Path, bundle: Bundle) -> None:
    # One file at a time: together they would take about as much memory as the log.
    arrays = {name: np.ascontiguousarray(array) for name, array in bundle.arrays.items()}
    files = {
        _CARD: _write_file(directory / _CARD, bundle.card.encode()),
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
    _write_file(directory / _MANIFEST, document.encode())
    _sync_directory(directory)


def _write_file(path: Path, content: bytes | pa.Buffer) -> str:
    """Write and sync a new file; the SHA-256 of its content."""
    view = memoryview(content)
    with path.open("xb") as file:
        file.write(view)
        file.flush()
        os.fsync(file.fileno())
    return hashlib.sha256(view).hexdigest()


def _replace(staging: Path, path: Path) -> None:
    """Move ``staging`` to ``path``; what was there goes once the new one is in place."""
    previous: Path | None = None
    if path.exists():
        previous = Path(tempfile.mkdtemp(prefix=f".{path.name}.old.", dir=path.parent))
        path.rename(previous)
    try:
        staging.rename(path)
    except BaseException:
        if previous is not None:
            previous.rename(path)
        raise
    _sync_directory(path.parent)
    if previous is not None:
        shutil.rmtree(previous)


def _sync_directory(path: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_checked(path: Path, name: str, expected: str) -> bytes:
    file = path / name
    if file.is_symlink() or not file.is_file():
        raise InputError(f"{file}: expected a file that the manifest names, got none")
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != expected:
        raise InputError(f"{file}: expected the content the manifest names, got a changed file")
    return content
