"""MovieLens data sets from GroupLens: download, checks and unpacking.

Harper and Konstan (2015), "The MovieLens Datasets: History and Context", ACM Transactions on
Interactive Intelligent Systems 5(4), 19.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lacunar.datasets.download import ConnectionLostError, DownloadProgress, check_address, download
from lacunar.errors import InputError
from lacunar.files.atomic import only_writer, sibling
from lacunar.files.directory_swap import replace_directory

_BASE_URL = "https://files.grouplens.org/datasets/movielens"
_LICENCE = (
    "for research, not for commercial use without permission; cite Harper and Konstan (2015); "
    "its README.txt has the full terms"
)
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Archive:
    """A published zip file of one folder of plain files.

    Attributes
    ----------
    description, licence : str
        One line each.
    size : int
        Bytes of the zip file.
    sha256 : str
        Of the zip file, in hexadecimal.
    members : tuple of str
        The exact set of files in its folder.
    unpacked_limit : int
        Largest number of bytes to unpack.
    member_sha256 : mapping of str to str
        Of members, where known.
    """

    description: str
    licence: str
    size: int
    sha256: str
    members: tuple[str, ...]
    unpacked_limit: int
    member_sha256: Mapping[str, str] = field(default_factory=dict)


_TABLES = ("README.txt", "links.csv", "movies.csv", "ratings.csv", "tags.csv")

# Sizes and SHA-256 of both zip files: TensorFlow Datasets, url_checksums/movielens.txt. GroupLens
# also publishes an MD5 of ml-25m.zip (6b51fb2759a8657d3bfcbfc42b592ada, in ml-25m.zip.md5).
DATASETS: dict[str, Archive] = {
    "ml-latest-small": Archive(
        description="100,836 ratings of 9,742 films by 610 people, 1996 to 2018 (1 MB)",
        licence=_LICENCE,
        size=978_202,
        sha256="696d65a3dfceac7c45750ad32df2c259311949efec81f0f144fdfb91ebc9e436",
        members=_TABLES,
        unpacked_limit=10_000_000,
        member_sha256={
            "ratings.csv": "aa289ca83157595d0df6aea1be6a4ded676ddc4385472e8313a8ed9805352646",
            "movies.csv": "5a5f32dd9bb3797b8e728a1b98958789d2b13f294a69fdfbc5727f8a9611aa07",
        },
    ),
    "ml-25m": Archive(
        description="25,000,095 ratings of 62,423 films by 162,541 people, 1995 to 2019 (262 MB)",
        licence=_LICENCE,
        size=261_978_986,
        sha256="8b21cfb7eb1706b4ec0aac894368d90acf26ebdfb6aced3ebd4ad5bd1eb9c6aa",
        members=(*_TABLES, "genome-scores.csv", "genome-tags.csv"),
        unpacked_limit=1_500_000_000,
    ),
}


def fetch(
    name: str,
    directory: Path,
    *,
    base_url: str = _BASE_URL,
    progress: DownloadProgress | None = None,
    force: bool = False,
) -> Path:
    """Download a data set and unpack it.

    The zip file is written to ``NAME.zip.part`` beside ``directory``; after a broken download, the
    next call continues it. ``directory`` appears at the end, complete, in one step.

    Parameters
    ----------
    name : str
        A key of `DATASETS`.
    directory : Path
        Destination of the files. Missing or empty, unless ``force`` is on.
    base_url : str
        Address of the folder of ``NAME.zip``.
    progress : callable, optional
        Called with the bytes so far and the bytes of the whole zip file.
    force : bool
        Replace an earlier copy of the data set. A folder with other files is never replaced.

    Returns
    -------
    directory : Path

    Raises
    ------
    InputError
        If the name is unknown, ``directory`` is occupied or cannot be written, another process
        downloads the same data set, there is no connection, or the file differs from the published
        one.

    Examples
    --------
    >>> fetch("ml-100m", Path("ml"))
    Traceback (most recent call last):
    lacunar.errors.InputError: expected one of ml-latest-small, ml-25m, got 'ml-100m'
    """
    if name not in DATASETS:
        raise InputError(f"expected one of {', '.join(DATASETS)}, got {name!r}")
    archive = DATASETS[name]
    url = f"{base_url.rstrip('/')}/{name}.zip"
    check_address(url)
    directory = directory.absolute()
    _check_destination(directory, archive, force=force)
    _make_parents(directory)
    part = directory.with_name(f"{name}.zip.part")
    try:
        with only_writer(part), sibling(directory, directory=True) as unpacked:
            try:
                download(url, part, size=archive.size, sha256=archive.sha256, progress=progress)
                _unpack(part, unpacked, name, archive)
            except ConnectionLostError as error:
                raise ConnectionLostError(
                    f"{error}; or download {url} by hand and unpack its files into {directory}"
                ) from error
            except InputError:
                part.unlink(missing_ok=True)
                raise
            replace_directory(unpacked, directory, force=force)
            part.unlink()
    except OSError as error:
        raise InputError(
            f"{directory}: expected a place for the files of {name}, got: {error.strerror}"
        ) from error
    return directory


def _make_parents(directory: Path) -> None:
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{directory}: expected to create this directory, got: {error.strerror}"
        ) from error


def _check_destination(directory: Path, archive: Archive, *, force: bool) -> None:
    if not directory.exists():
        return
    if not directory.is_dir():
        raise InputError(f"expected a folder or a free name, got the file {directory}")
    entries = sorted(entry.name for entry in directory.iterdir())
    if entries and not force:
        raise InputError(
            f"expected {directory} to be missing or empty, got a folder with {entries[0]!r}: "
            "pass `force` to replace an earlier copy"
        )
    unexpected = [entry for entry in entries if entry not in archive.members]
    if unexpected:
        raise InputError(
            f"expected {directory} to hold an earlier copy and nothing else, got {unexpected[0]!r}"
        )


def _unpack(path: Path, directory: Path, name: str, archive: Archive) -> None:
    """Write the expected members into ``directory``; no name in the zip file is used as a path."""
    try:
        with zipfile.ZipFile(path) as file:
            found = {info.filename for info in file.infolist() if not info.is_dir()}
            expected = {f"{name}/{member}" for member in archive.members}
            if found != expected:
                wrong = min(found ^ expected)
                raise InputError(
                    f"expected {name}.zip to hold the files of {name}/ and no others, "
                    f"got {'' if wrong in found else 'no '}{wrong!r}"
                )
            left = archive.unpacked_limit
            for member in archive.members:
                left -= _unpack_member(file, name, member, directory, archive, left)
    except zipfile.BadZipFile as error:
        raise InputError(f"expected {name}.zip to be a zip file, got: {error}") from error


def _unpack_member(
    file: zipfile.ZipFile, name: str, member: str, directory: Path, archive: Archive, limit: int
) -> int:
    digest, written = hashlib.sha256(), 0
    with file.open(f"{name}/{member}") as source, (directory / member).open("wb") as target:
        while chunk := source.read(_CHUNK_BYTES):
            written += len(chunk)
            if written > limit:
                raise InputError(
                    f"expected {name}.zip to unpack to at most {archive.unpacked_limit} bytes, "
                    f"got more at {member}"
                )
            digest.update(chunk)
            target.write(chunk)
    expected = archive.member_sha256.get(member)
    if expected is not None and digest.hexdigest() != expected:
        raise InputError(
            f"expected {member} of {name}.zip to have SHA-256 {expected}, got {digest.hexdigest()}"
        )
    return written
