"""Manifests of model directories, and checks of the files that they name.

A model may come from an untrusted source: a manifest names plain files of its own directory by
their hashes, and only these files are opened.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from lacunar.errors import InputError
from lacunar.files.atomic import file_digest
from lacunar.files.directory_swap import content_path

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
CARD = "MODEL_CARD.md"
# The manifest of a model of 25 million ratings has 100 kB.
_MAX_BYTES = 16_000_000
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class Manifest(BaseModel):
    """The manifest of a model directory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int
    kind: str
    lacunar: str
    libraries: dict[str, str]
    config: dict[str, Any]
    fingerprint: str
    facts: dict[str, Any]
    files: dict[str, str]

    @property
    def seeds(self) -> list[int]:
        """Seeds of the fit: all that it tried, or the one seed of all random choices."""
        found = self.facts.get("seeds", [self.config.get("seed")])
        return [seed for seed in found if isinstance(seed, int)] if isinstance(found, list) else []

    @property
    def versions(self) -> dict[str, str]:
        """Versions of Lacunar and of the libraries that fitted and wrote the model."""
        fitted = self.facts.get("versions", {})
        found = {"lacunar": self.lacunar} | self.libraries
        return found | (fitted if isinstance(fitted, dict) else {})


@dataclass(frozen=True, slots=True)
class Difference:
    """A file of a model that differs from the manifest."""

    file: str
    found: Literal["changed", "missing", "no plain file"]


def read_manifest(path: Path) -> Manifest:
    """Read the manifest of a model directory, without checking hashes.

    Parameters
    ----------
    path : Path
        A model directory. If a replacement was interrupted on a file system that cannot exchange
        directories, the previous model next to it is read.

    Raises
    ------
    InputError
        If it is not a model directory, or its manifest is invalid, has a newer format or names
        anything but plain files of the directory.
    """
    file = content_path(path) / MANIFEST
    if file.is_symlink() or not file.is_file():
        raise InputError(f"{path}: expected a model directory with a {MANIFEST}, got none")
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{file}: expected a readable file, got: {error.strerror}") from error
    manifest = _parse(file, content)
    odd = [name for name in manifest.files if not _PLAIN_NAME.fullmatch(name)]
    if odd:
        raise InputError(f"{file}: expected plain file names, got {odd[0]!r}")
    if CARD not in manifest.files:
        raise InputError(f"{file}: expected a {CARD} among the files, got none")
    return manifest


def manifest_digest(path: Path) -> str:
    """SHA-256 of a model's manifest, which covers all files because it holds their hashes."""
    return file_digest(content_path(path) / MANIFEST)


def find_differences(path: Path, manifest: Manifest) -> list[Difference]:
    """Hash every file that a manifest names.

    Parameters
    ----------
    path : Path
        Directory of the model.
    manifest : Manifest

    Returns
    -------
    list of Difference
        In the order of the manifest; empty if the model is unchanged.
    """
    directory = content_path(path)
    found = ((name, _state(directory / name, hash_)) for name, hash_ in manifest.files.items())
    return [Difference(name, state) for name, state in found if state is not None]


def unnamed_files(path: Path, manifest: Manifest) -> list[str]:
    """Files in a model directory that its manifest does not name; they are never read."""
    return sorted(
        {file.name for file in content_path(path).iterdir()} - {MANIFEST, *manifest.files}
    )


def read_checked(file: Path, expected: str) -> bytes:
    """Read a file that a manifest names by its hash.

    Raises
    ------
    InputError
        If it is not a plain file, cannot be read or has another hash.
    """
    if file.is_symlink() or not file.is_file():
        raise InputError(f"{file}: expected a file that the manifest names, got none")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: expected a readable file, got: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != expected:
        raise InputError(f"{file}: expected the content the manifest names, got a changed file")
    return content


def _parse(file: Path, content: bytes) -> Manifest:
    if len(content) > _MAX_BYTES:
        raise InputError(f"{file}: expected a model manifest of at most {_MAX_BYTES:,} bytes")
    try:
        document = json.loads(content)
        found = document.get("format_version") if isinstance(document, dict) else None
        if isinstance(found, int) and not isinstance(found, bool):
            _check_version(file, found)
        return Manifest.model_validate(document)
    # RecursionError: lists nested too deeply. ValueError: numbers with too many digits.
    except (ValidationError, RecursionError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        first = str(error).splitlines()[0]
        raise InputError(f"{file}: expected a model manifest, got: {first}") from error


def _check_version(file: Path, found: int) -> None:
    if found > FORMAT_VERSION:
        raise InputError(
            f"{file}: expected format version {FORMAT_VERSION} or older, got {found}: "
            "a newer lacunar wrote this model"
        )
    if found < 1:
        raise InputError(f"{file}: expected a format version from 1 on, got {found}")


def _state(file: Path, expected: str) -> Literal["changed", "missing", "no plain file"] | None:
    if file.is_symlink():
        return "no plain file"
    if not file.exists():
        return "missing"
    if not file.is_file():
        return "no plain file"
    try:
        found = file_digest(file)
    except OSError as error:
        raise InputError(f"{file}: expected a readable file, got: {error.strerror}") from error
    return None if found == expected else "changed"
