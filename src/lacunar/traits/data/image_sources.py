"""Image sources: files, folders, rows of a CSV file, and lists on standard input."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import AnyPath
from lacunar.errors import InputError
from lacunar.reprs import short_repr
from lacunar.traits.data.csv_table import read_table
from lacunar.traits.data.dataset import resolve_inside
from lacunar.traits.data.images import Picture, read_image
from lacunar.traits.data.schema import SCHEMA_NAME, Schema, read_schema

STANDARD_INPUT = Path("-")
SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".webp")


class AnyImage(Protocol):
    """An image to predict, from any source; predictions contain its ``name``."""

    @property
    def name(self) -> str: ...

    def read(self) -> NDArray[np.uint8]:
        """Decode the image, uint8 of shape (height, width, 3), or raise an InputError."""
        ...


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image file to predict.

    Parameters
    ----------
    name : str
        Name in predictions: the path, or the cell of the CSV file.
    path : Path
        Path of the file, which may not exist.
    where : str
        Name in error messages, with the line of the list that names the file.
    """

    name: str
    path: Path
    where: str

    def __repr__(self) -> str:
        return short_repr("ImageFile", [self.name])

    def read(self) -> NDArray[np.uint8]:
        """Decode the image.

        Raises
        ------
        InputError
            If the file does not exist, or :func:`lacunar.traits.data.images.read_image` refuses it.
        """
        if not self.path.is_file():
            raise InputError(f"{self.where}: expected an image file, got none")
        return read_image(self.path, where=self.where)


@dataclass(frozen=True, slots=True)
class ImageContent:
    """An image to predict, in memory.

    Parameters
    ----------
    name : str
        Name in predictions and error messages.
    content : bytes, Pillow image or uint8 array of shape (H, W, 3) or (H, W)
        The content of a file, or an image.
    """

    name: str
    content: Picture = field(repr=False)

    def __repr__(self) -> str:
        return short_repr("ImageContent", [self.name])

    def read(self) -> NDArray[np.uint8]:
        """Decode the image.

        Raises
        ------
        InputError
            See :func:`lacunar.traits.data.images.read_image`.

        Examples
        --------
        >>> ImageContent("a.png", b"hello").read()
        Traceback (most recent call last):
        lacunar.errors.InputError: a.png: expected a JPEG, PNG, WEBP or BMP image, got another
        kind of file or a broken one
        """
        return read_image(self.content, where=self.name)


def find_images(inputs: AnyPath | Sequence[AnyPath]) -> list[Path]:
    """List image files: the given files, and the image files of given folders, sorted by name.

    Image files of a folder end in one of ``SUFFIXES``, in upper or lower case. Subfolders are not
    searched, and the files ``._NAME`` that macOS adds are left out; see :func:`other_files`.

    Raises
    ------
    InputError
        If an input is neither a file nor a folder, or a folder has no image files.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.PNG", "a.jpg", "notes.txt"):
    ...         (Path(folder) / name).touch()
    ...     [path.name for path in find_images([Path(folder)])]
    ['a.jpg', 'b.PNG']
    """
    files: list[Path] = []
    listed = [inputs] if isinstance(inputs, str | os.PathLike) else inputs
    for path in map(Path, listed):
        if path.is_dir():
            inside = [file for file in path.iterdir() if _is_image(file)]
            if not inside:
                raise InputError(
                    f"{path}: expected files ending in {', '.join(SUFFIXES)},"
                    f" got {other_files(path) or 'none'}"
                )
            files += sorted(inside)
        elif path.is_file():
            files.append(path)
        else:
            raise InputError(f"{path}: expected an image file or a folder of them, got neither")
    return files


def other_files(folder: Path) -> str:
    """Describe the files of a folder that are not among its images; hidden files do not count.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("a.jpg", "b.TIF", "c.tif", "notes"):
    ...         (Path(folder) / name).touch()
    ...     other_files(Path(folder))
    '3 others (2 .tif, 1 without a suffix)'
    """
    suffixes = Counter(
        file.suffix.lower() or "without a suffix"
        for file in folder.iterdir()
        if not (_is_image(file) or file.is_dir() or file.name.startswith("."))
    )
    kinds = ", ".join(f"{n} {suffix}" for suffix, n in sorted(suffixes.items()))
    n = suffixes.total()
    return f"{n} other{'s' if n > 1 else ''} ({kinds})" if n else ""


def list_images(
    inputs: Sequence[Path],
    schema: Schema,
    *,
    column: str | None = None,
    standard_input: BinaryIO | None = None,
    null: bool = False,
) -> list[ImageFile]:
    r"""List the images of files, folders, CSV files and standard input, in the given order.

    Parameters
    ----------
    inputs : sequence of Path
        Image files; folders, for their image files sorted by name; CSV files, for all their rows;
        ``-``, for a list of files on standard input, one per line.
    schema : Schema
        Gives the column of the image files of a CSV file and their folder, unless there is a
        ``schema.toml`` next to it. If that folder does not exist, the files are next to the CSV
        file.
    column : str, optional
        Column of the image files, instead of that of the schema.
    standard_input : binary file, optional
        Read for ``-``.
    null : bool
        Whether paths on standard input end with NUL bytes instead of line ends, as from
        ``find -print0``.

    Raises
    ------
    InputError
        If an input is invalid or has no image; or a CSV file has no such column, an empty cell in
        it, or a file outside its folder, with its line.

    Examples
    --------
    >>> import io
    >>> from lacunar.traits.data.schema import PEOPLE
    >>> [image.where for image in list_images([STANDARD_INPUT], PEOPLE,
    ...  standard_input=io.BytesIO(b"a.png\nb.png\n"))]
    ['standard input, line 1, a.png', 'standard input, line 2, b.png']
    """
    if null and STANDARD_INPUT not in inputs:
        raise InputError("expected - among the inputs, which is standard input", field="null")
    if column is not None and not any(map(_is_csv, inputs)):
        raise InputError("expected a CSV file among the inputs, got none", field="column")
    images: list[ImageFile] = []
    for path in inputs:
        if path == STANDARD_INPUT and standard_input is not None:
            images += _read_list(standard_input, null=null)
        elif _is_csv(path) and not path.is_dir():
            images += _read_csv(path, schema, column)
        else:
            images += [
                ImageFile(_text(str(file)), file, _text(str(file))) for file in find_images([path])
            ]
    return images


def _is_image(file: Path) -> bool:
    resource = file.name.startswith("._")
    return file.suffix.lower() in SUFFIXES and not (resource or file.is_dir())


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == ".csv"


def _read_csv(path: Path, schema: Schema, column: str | None) -> list[ImageFile]:
    schema_file = path.parent / SCHEMA_NAME
    layout = read_schema(schema_file) if schema_file.is_file() else schema
    column = column or layout.image_column
    table = read_table(path, [column], hint="; name another with `column`")
    root = path.parent.resolve()
    folder = layout.images if (root / layout.images).is_dir() else "."
    images = []
    for row, name in enumerate(table.columns[column]):
        where = table.where(row, column)
        if not name:
            raise InputError(f"{where}: expected the name of an image file, got an empty cell")
        # A missing file raises an error when it is read, like a broken one.
        inside = resolve_inside(root, folder, name, where)
        images.append(ImageFile(name, inside or root / folder / name, f"{where}, {name}"))
    return images


def _read_list(file: BinaryIO, *, null: bool) -> list[ImageFile]:
    content = file.read()
    # File names are bytes for the system; a name that is not UTF-8 is valid.
    entries = (
        content.split(b"\0") if null else [line.rstrip(b"\r\n") for line in content.split(b"\n")]
    )
    images = []
    for number, entry in enumerate(entries, start=1):
        if not entry.strip():
            continue
        path = os.fsdecode(entry)
        if "\0" in path:
            raise InputError(
                f"standard input, line {number}: expected the path of an image,"
                " got NUL bytes; pass `null` if paths end with them"
            )
        name = _text(path)
        what = "entry" if null else "line"
        images.append(ImageFile(name, Path(path), f"standard input, {what} {number}, {name}"))
    if not images:
        raise InputError("standard input: expected paths of images, one per line, got none")
    return images


def _text(name: str) -> str:
    """Escape the bytes of a name that are not UTF-8, so that every output can contain it."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
