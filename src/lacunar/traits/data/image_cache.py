"""Images decoded once: arrays on disk that are mapped into memory, keyed by what they came from."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from numpy.typing import DTypeLike, NDArray

from lacunar.aliases import StepProgress, no_progress
from lacunar.errors import InputError
from lacunar.files.atomic import remove_leftovers, replace_file
from lacunar.parallel import blocks, in_order
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.images import Fit, content_box, fit_into, fit_map, read_image, read_map

# Goes up with every change to the pixels that reading and fitting give.
_PREPROCESSING = 1
_MANIFEST = "manifest.json"
_PIXELS, _BOXES, _MAPS, _KNOWN = "pixels.npy", "boxes.npy", "maps.npy", "known.npy"


@dataclass(frozen=True, slots=True)
class _Frame:
    height: int
    width: int
    fit: Fit


def default_cache_dir() -> Path:
    """Where decoded images are kept unless told: ``LACUNAR_CACHE``, or ``~/.cache/lacunar``."""
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
    r"""Decode the images of a data set, or find them decoded.

    Every file of an array is written beside its destination, synced and renamed, the one with
    their hashes last, so that an array is there whole or not at all. Processes that build the
    same array at once write the same bytes. An array that was changed is built anew. The cache
    may be deleted at any time.

    Parameters
    ----------
    dataset : LabelledImages
        N images.
    height, width : int
        Pixels of the frame that each image is fitted into.
    fit : {"pad", "stretch"}
        See :func:`lacunar.traits.data.images.fit_into`.
    cache_dir : Path, optional
        See :func:`default_cache_dir`. Holds 3 * N * height * width bytes and little more.
    progress : callable, optional
        Called with the images that are decoded and N.

    Raises
    ------
    InputError
        With the line of the first image that cannot be read, or if the cache cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> from lacunar.traits.data.dataset import read_dataset
    >>> from lacunar.traits.data.schema import Attribute, Schema
    >>> coat = Attribute("coat", ("open", "closed"))
    >>> with tempfile.TemporaryDirectory() as name:
    ...     folder = Path(name)
    ...     Image.new("RGB", (20, 40), "red").save(folder / "a.png")
    ...     _ = (folder / "coats.csv").write_text("file,coat\na.png,closed\n")
    ...     dataset = read_dataset(folder, Schema((coat,), image_column="file"))
    ...     images = load_images(dataset, height=10, width=10, cache_dir=folder / "cache")
    ...     images.pixels.shape, images.boxes.tolist()
    ((1, 10, 10, 3), [[0, 2, 10, 7]])
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        frame = _Frame(height, width, fit)
        key = _key(dataset, frame, pool)
        folder = (cache_dir or default_cache_dir()) / key
        names = (_PIXELS, _BOXES) if dataset.maps is None else (_PIXELS, _BOXES, _MAPS, _KNOWN)
        for name in (*names, _MANIFEST):
            remove_leftovers(folder / name)
        if not _is_whole(folder, names):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                digests = _build(dataset, frame, folder, pool, progress or no_progress)
                if _key(dataset, frame, pool) != key:
                    raise InputError(
                        f"{dataset.source}: expected images that stay as they are,"
                        " got some that changed while they were read"
                    )
                replace_file(folder / _MANIFEST, [json.dumps(digests).encode()])
            except OSError as error:
                raise InputError(
                    f"{folder}: expected a place for decoded images, got: {error.strerror};"
                    " the variable LACUNAR_CACHE may name another"
                ) from error
    return _open(key, folder, names)


def open_images(key: str, *, cache_dir: Path | None = None) -> ImageArray:
    """Map images that :func:`load_images` has just found whole, as another process does.

    Parameters
    ----------
    key : str
        Of the array.
    cache_dir : Path, optional
        See :func:`default_cache_dir`.

    Raises
    ------
    InputError
        If there are none.
    """
    folder = (cache_dir or default_cache_dir()) / key
    names = tuple(name for name in (_PIXELS, _BOXES, _MAPS, _KNOWN) if (folder / name).is_file())
    try:
        return _open(key, folder, names)
    except OSError as error:
        raise InputError(
            f"{folder}: expected images that another process has decoded, got: {error.strerror}"
        ) from error


def _key(dataset: LabelledImages, frame: _Frame, pool: Executor) -> str:
    def digests(rows: range) -> list[str]:
        return [
            _digest_of(path, dataset.where(row)) if path else ""
            for row in rows
            for path in (dataset.paths[row], *(dataset.maps[row] if dataset.maps else ()))
        ]

    n, n_parts = len(dataset), len(dataset.maps[0]) if dataset.maps else 0
    preparation = [_PREPROCESSING, PIL.__version__, *astuple(frame), n, n_parts]
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
    """Write every file but the one with their hashes, which it returns."""
    n, height, width = len(dataset), frame.height, frame.width
    boxes = np.empty((n, 4), np.int16)

    def decode(rows: range) -> NDArray[np.uint8]:
        block = np.empty((len(rows), height, width, 3), np.uint8)
        for at, row in enumerate(rows):
            image = read_image(dataset.paths[row], where=dataset.where(row))
            boxes[row] = content_box(image.shape[0], image.shape[1], height, width, frame.fit)
            block[at], _ = fit_into(image, height, width, frame.fit)
        return block

    def told(decoded: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
        done = 0
        for block in decoded:
            yield block
            done += len(block)
            progress(done, n)

    pixels = told(in_order(pool, decode, blocks(n)))
    digests = {_PIXELS: _write(folder / _PIXELS, (n, height, width, 3), np.uint8, pixels)}
    digests[_BOXES] = _write(folder / _BOXES, boxes.shape, np.int16, [boxes])
    if dataset.maps is not None:
        digests |= _build_maps(dataset, dataset.maps, boxes, height, width, folder, pool)
    return digests


def _build_maps(
    dataset: LabelledImages,
    maps: Sequence[Sequence[Path | None]],
    boxes: NDArray[np.int16],
    height: int,
    width: int,
    folder: Path,
    pool: Executor,
) -> dict[str, str]:
    known = np.array([[path is not None for path in files] for files in maps])

    def decode(rows: range) -> NDArray[np.uint8]:
        block = np.zeros((len(rows), known.shape[1], height, width), np.bool_)
        for at, row in enumerate(rows):
            top, left, bottom, right = boxes[row].tolist()
            for part, path in enumerate(maps[row]):
                if path is not None:
                    found = read_map(path, where=f"{dataset.where(row)}, {path.name}")
                    block[at, part] = fit_map(found, (top, left, bottom, right), height, width)
        return np.packbits(block, axis=-1)

    packed = in_order(pool, decode, blocks(len(maps)))
    shape = (*known.shape, height, -(-width // 8))
    return {
        _MAPS: _write(folder / _MAPS, shape, np.uint8, packed),
        _KNOWN: _write(folder / _KNOWN, known.shape, np.bool_, [known]),
    }


def _open(key: str, folder: Path, names: tuple[str, ...]) -> ImageArray:
    has_maps = _MAPS in names
    return ImageArray(
        key=key,
        pixels=np.load(folder / _PIXELS, mmap_mode="r"),
        boxes=np.load(folder / _BOXES),
        packed_maps=np.load(folder / _MAPS, mmap_mode="r") if has_maps else None,
        map_known=np.load(folder / _KNOWN) if has_maps else None,
    )


def _is_whole(folder: Path, names: tuple[str, ...]) -> bool:
    try:
        manifest = json.loads((folder / _MANIFEST).read_bytes())
        return bool(manifest == {name: _digest(folder / name) for name in names})
    except (OSError, ValueError):
        return False


def _digest_of(path: Path, where: str) -> str:
    try:
        return _digest(path)
    except OSError as error:
        raise InputError(f"{where}: expected a readable file, got: {error.strerror}") from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(
    path: Path, shape: tuple[int, ...], dtype: DTypeLike, parts: Iterable[NDArray[Any]]
) -> str:
    """Write an array from parts of its rows; the SHA-256 of the file."""
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
