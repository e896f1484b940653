"""Which images are meant: files, folders, the rows of a CSV file, a list on standard input."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.traits.data.csv_table import read_table
from lacunar.traits.data.dataset import resolve_inside
from lacunar.traits.data.images import read_image
from lacunar.traits.data.schema import SCHEMA_NAME, Schema, read_schema

STANDARD_INPUT = Path("-")
SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".webp")


class AnyImage(Protocol):
    """An image to answer for, wherever it comes from; ``name`` is what answers call it."""

    @property
    def name(self) -> str: ...

    def read(self) -> NDArray[np.uint8]:
        """Decode it, uint8 of shape (height, width, 3); InputError where that cannot be."""
        ...


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image to answer for.

    Parameters
    ----------
    name : str
        What answers call it: the path, or the cell of the CSV file.
    path : Path
        Where it is; it may turn out not to be there.
    where : str
        What an error calls it, with the line of the list that names it.
    """

    name: str
    path: Path
    where: str

    def read(self) -> NDArray[np.uint8]:
        """Decode it.

        Raises
        ------
        InputError
            If there is no such file, or :func:`lacunar.traits.data.images.read_image` refuses it.
        """
        if not self.path.is_file():
            raise InputError(f"{self.where}: expected an image file, got none")
        return read_image(self.path, where=self.where)


@dataclass(frozen=True, slots=True)
class ImageContent:
    """An image to answer for that came as the content of a file.

    Parameters
    ----------
    name : str
        What answers and errors call it.
    content : bytes
    """

    name: str
    content: bytes = field(repr=False)

    def read(self) -> NDArray[np.uint8]:
        """Decode it.

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


def find_images(places: Sequence[Path]) -> list[Path]:
    """List image files: those that are named, and those that lie in named folders, by name.

    Of a folder the files ending in ``SUFFIXES`` count, in either case; its own folders do not.

    Raises
    ------
    InputError
        If there is no such file or folder, or a folder has no such file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.PNG", "a.jpg", "notes.txt"):
    ...         (Path(folder) / name).touch()
    ...     [path.name for path in find_images([Path(folder)])]
    ['a.jpg', 'b.PNG']
    """
    found: list[Path] = []
    for place in places:
        if place.is_dir():
            inside = [path for path in place.iterdir() if path.suffix.lower() in SUFFIXES]
            if not inside:
                raise InputError(
                    f"{place}: expected files ending in {', '.join(SUFFIXES)}, got none"
                )
            found += sorted(inside)
        elif place.is_file():
            found.append(place)
        else:
            raise InputError(f"{place}: expected an image file or a folder of them, got neither")
    return found


def list_images(
    places: Sequence[Path],
    schema: Schema,
    *,
    column: str | None = None,
    standard_input: BinaryIO | None = None,
    null: bool = False,
) -> list[ImageFile]:
    r"""List the images of places, in the order of the places.

    Parameters
    ----------
    places : sequence of Path
        Image files; folders, of which the image files count, by name; CSV files, whose every row
        counts; ``-`` for a list of files on standard input, one a line.
    schema : Schema
        Names the column of the image files and their folder beside a CSV file, unless a
        ``schema.toml`` beside it does. Where there is no such folder, files are beside the CSV
        file itself.
    column : str, optional
        Column of the image files, whatever a schema says.
    standard_input : binary file, optional
        What ``-`` reads.
    null : bool
        Paths on standard input end in a NUL byte instead of a line end, as ``find -print0`` has it.

    Raises
    ------
    InputError
        If a place is none of these or has no image, or a CSV file lacks the column, has an empty
        cell in it or names a file outside its folder, with its line.

    Examples
    --------
    >>> import io
    >>> from lacunar.traits.data.schema import PEOPLE
    >>> [image.where for image in list_images([STANDARD_INPUT], PEOPLE,
    ...  standard_input=io.BytesIO(b"a.png\nb.png\n"))]
    ['standard input, line 1, a.png', 'standard input, line 2, b.png']
    """
    if null and STANDARD_INPUT not in places:
        raise InputError("--null: expected - among the places, which stands for standard input")
    if column is not None and not any(map(_is_csv, places)):
        raise InputError("--column: expected a CSV file among the places, got none")
    found: list[ImageFile] = []
    for place in places:
        if place == STANDARD_INPUT and standard_input is not None:
            found += _read_list(standard_input, null=null)
        elif _is_csv(place) and not place.is_dir():
            found += _read_csv(place, schema, column)
        else:
            found += [
                ImageFile(_text(str(path)), path, _text(str(path))) for path in find_images([place])
            ]
    return found


def _is_csv(place: Path) -> bool:
    return place.suffix.lower() == ".csv"


def _read_csv(path: Path, schema: Schema, column: str | None) -> list[ImageFile]:
    beside = path.parent / SCHEMA_NAME
    layout = read_schema(beside) if beside.is_file() else schema
    column = column or layout.image_column
    table = read_table(path, [column], hint="; name another with --column")
    root = path.parent.resolve()
    folder = layout.images if (root / layout.images).is_dir() else "."
    found = []
    for row, name in enumerate(table.columns[column]):
        where = table.where(row, column)
        if not name:
            raise InputError(f"{where}: expected the name of an image file, got an empty cell")
        # One that is not there is told when its turn comes, as one that is broken.
        inside = resolve_inside(root, folder, name, where)
        found.append(ImageFile(name, inside or root / folder / name, f"{where}, {name}"))
    return found


def _read_list(file: BinaryIO, *, null: bool) -> list[ImageFile]:
    content = file.read()
    # Names are bytes to the system: one that is not UTF-8 still names its file.
    entries = (
        content.split(b"\0") if null else [line.rstrip(b"\r\n") for line in content.split(b"\n")]
    )
    found = []
    for number, entry in enumerate(entries, start=1):
        if not entry.strip():
            continue
        path = os.fsdecode(entry)
        if "\0" in path:
            raise InputError(
                f"standard input, line {number}: expected the path of an image,"
                " got NUL bytes, which --null takes for ends"
            )
        name = _text(path)
        what = "entry" if null else "line"
        found.append(ImageFile(name, Path(path), f"standard input, {what} {number}, {name}"))
    if not found:
        raise InputError("standard input: expected paths of images, one a line, got none")
    return found


def _text(name: str) -> str:
    """Write the bytes of a name that are no UTF-8 as escapes, which every output can hold."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
