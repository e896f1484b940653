"""Cache of decoded images: memory-mapped arrays on disk, keyed by the content of their files."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import astuple, dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from numpy.typing import DTypeLike, NDArray

from lacunar.aliases import StepProgress, no_progress
from lacunar.errors import InputError, all_in_one
from lacunar.files.atomic import file_digest, remove_leftovers, replace_file
from lacunar.parallel import blocks, in_order
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.images import READABLE, Fit, Picture, fit_into, read_image

# Increase it with every change of decoding or resizing that changes pixels.
_PREPROCESSING = 1
_MANIFEST = "manifest.json"
_PIXELS = "pixels.npy"


@dataclass(frozen=True, slots=True)
class _Frame:
    height: int
    width: int
    fit: Fit


def default_cache_dir() -> Path:
    """Return the default cache directory: ``LACUNAR_CACHE``, or ``~/.cache/lacunar``."""
    named = os.environ.get("LACUNAR_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "lacunar"


def load_images(
    dataset: LabelledImages,
    *,
    height: int,
    width: int,
    fit: Fit = "pad",
    cache_dir: Path | None = None,
    progress: StepProgress | None = None,
) -> ImageArray:
    r"""Decode the images of a data set, or load them from the cache.

    Each file is written next to its destination, synced and renamed. The manifest with the hash
    of the array is written last, so an array is complete or absent. Processes that build the same
    array at once write the same bytes. An array whose hash does not match its manifest, and one
    of an earlier version, is built again. The cache may be deleted at any time.

    Parameters
    ----------
    dataset : LabelledImages
        N images.
    height, width : int
        Size of the frame that each image is fitted into, in pixels.
    fit : {"pad", "stretch"}
        See :func:`lacunar.traits.data.images.fit_into`.
    cache_dir : Path, optional
        See :func:`default_cache_dir`. It needs about 3 * N * height * width bytes.
    progress : callable, optional
        Called with the number of images decoded so far, and N.

    Raises
    ------
    InputError
        If images cannot be read (names the first ten with their lines, and the number of all), or
        the cache cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> from lacunar.traits.data.dataset import read_dataset
    >>> from lacunar.traits.data.schema import Attribute, Schema
    >>> coat = Attribute("coat", ("open", "closed"))
    >>> with tempfile.TemporaryDirectory() as name:
    ...     folder = Path(name)
    ...     Image.new("RGB", (20, 40), "white").save(folder / "a.png")
    ...     _ = (folder / "coats.csv").write_text("file,coat\na.png,closed\n")
    ...     dataset = read_dataset(folder, Schema((coat,), image_column="file"))
    ...     images = load_images(dataset, height=10, width=10, cache_dir=folder / "cache")
    ...     images.pixels.shape, images.pixels[0, 5, :, 0].tolist()
    ((1, 10, 10, 3), [0, 0, 255, 255, 255, 255, 255, 0, 0, 0])
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        frame = _Frame(height, width, fit)
        key = _key(dataset, frame, pool)
        folder = (cache_dir or default_cache_dir()) / key
        for name in (_PIXELS, _MANIFEST):
            remove_leftovers(folder / name)
        if not _is_complete(folder):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                digests = _build(dataset, frame, folder, pool, progress or no_progress)
                if _key(dataset, frame, pool) != key:
                    raise InputError(
                        f"{dataset.origin}: expected images that stay as they are,"
                        " got some that changed while they were read"
                    )
                replace_file(folder / _MANIFEST, [json.dumps(digests).encode()])
            except OSError as error:
                raise InputError(
                    f"{folder}: expected a place for decoded images, got: {error.strerror};"
                    " set the variable LACUNAR_CACHE to use another"
                ) from error
    return _open(key, folder)


def open_images(key: str, *, cache_dir: Path | None = None) -> ImageArray:
    """Map images into memory that another process has just loaded with :func:`load_images`.

    Parameters
    ----------
    key : str
        :attr:`ImageArray.key <lacunar.traits.data.image_array.ImageArray>` of the images.
    cache_dir : Path, optional
        See :func:`default_cache_dir`.

    Raises
    ------
    InputError
        If the cache does not have them.
    """
    folder = (cache_dir or default_cache_dir()) / key
    try:
        return _open(key, folder)
    except OSError as error:
        raise InputError(
            f"{folder}: expected images that another process has decoded, got: {error.strerror}"
        ) from error


def _key(dataset: LabelledImages, frame: _Frame, pool: Executor) -> str:
    def digests(rows: range) -> list[str]:
        return [_digest_of(dataset.pictures[row], dataset.where(row)) for row in rows]

    n = len(dataset)
    # The 0 was the number of body-part maps, which earlier versions read. Without it every key
    # would change, and with the keys the fingerprints of all data sets.
    preparation = [_PREPROCESSING, PIL.__version__, *astuple(frame), n, 0]
    hasher = hashlib.sha256(json.dumps(preparation).encode())
    for found in in_order(pool, digests, blocks(n)):
        for digest in found:
            hasher.update(f"{digest}\n".encode())
    return hasher.hexdigest()


def _build(
    dataset: LabelledImages,
    frame: _Frame,
    folder: Path,
    pool: Executor,
    progress: StepProgress,
) -> dict[str, str]:
    """Write the array; return the content of its manifest."""
    n, height, width = len(dataset), frame.height, frame.width
    broken: list[tuple[int, InputError]] = []

    def decode(rows: range) -> NDArray[np.uint8]:
        block = np.empty((len(rows), height, width, 3), np.uint8)
        for at, row in enumerate(rows):
            try:
                image = read_image(dataset.pictures[row], where=dataset.where(row))
            except InputError as error:
                broken.append((row, error))
            else:
                block[at] = fit_into(image, height, width, frame.fit)
        return block

    def reported(decoded: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
        done = 0
        for block in decoded:
            yield block
            done += len(block)
            progress(done, n)
        if broken:
            in_rows = sorted(broken, key=itemgetter(0))
            raise all_in_one([error for _, error in in_rows], READABLE)

    pixels = reported(in_order(pool, decode, blocks(n)))
    return {_PIXELS: _write(folder / _PIXELS, (n, height, width, 3), np.uint8, pixels)}


def _open(key: str, folder: Path) -> ImageArray:
    return ImageArray(key, np.load(folder / _PIXELS, mmap_mode="r"))


def _is_complete(folder: Path) -> bool:
    try:
        manifest = json.loads((folder / _MANIFEST).read_bytes())
        # The manifest of an earlier version names more files, and so differs.
        return bool(manifest == {_PIXELS: file_digest(folder / _PIXELS)})
    except (OSError, ValueError):
        return False


def _digest_of(picture: Picture, where: str) -> str:
    if isinstance(picture, bytes):
        return hashlib.sha256(picture).hexdigest()
    if not isinstance(picture, Path):
        pixels = read_image(picture, where=where)
        return hashlib.sha256(f"{pixels.shape}".encode() + pixels.tobytes()).hexdigest()
    try:
        return file_digest(picture)
    except OSError as error:
        raise InputError(f"{where}: expected a readable file, got: {error.strerror}") from error


def _write(
    path: Path, shape: tuple[int, ...], dtype: DTypeLike, parts: Iterable[NDArray[Any]]
) -> str:
    """Write an array block by block; return the SHA-256 of the file."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header,
        {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape},
    )

    def contents() -> Iterator[bytes]:
        yield header.getvalue()
        for part in parts:
            yield part.tobytes()

    return replace_file(path, contents())
