"""Conversion of the columns of a frame to cells of text, like those of a CSV file, and images."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lacunar.errors import InputError
from lacunar.frames import wrapped_frame
from lacunar.traits.data.csv_table import Table
from lacunar.traits.data.images import Picture, check_picture
from lacunar.traits.data.schema import Attribute, Schema

# Names of classes that False and True stand for.
_FALSE = frozenset({"0", "absent", "false", "no", "off"})
_TRUE = frozenset({"1", "on", "present", "true", "yes"})
_PATH = "a path"
_KINDS: dict[str, type | tuple[type, ...]] = {
    _PATH: (str, os.PathLike),
    "a Pillow image": Image.Image,
    "an array": (np.ndarray, list),
    "the content of a file": bytes,
}


def frame_table(frame: Any, schema: Schema) -> tuple[Table, list[Picture] | None]:
    """Read the columns of a schema from a frame of N rows.

    Missing values become empty cells.

    Parameters
    ----------
    frame : DataFrame, Table or relation
        Of pandas, Polars, PyArrow or DuckDB. Rows are counted from 0.
    schema : Schema
        Its image column has text or path-like objects, or images of one kind: Pillow images, uint8
        arrays or lists of shape (H, W, 3) or (H, W), or bytes, the contents of image files.

    Returns
    -------
    table : Table
        An image in memory is called by its row.
    pictures : list of N Picture, or None
        None if the image column has paths.

    Raises
    ------
    InputError
        If it is not a frame, has no rows, lacks a column or has one twice; or for the first image
        of no or another kind, or truth value that could be either class.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from pathlib import Path
    >>> schema = Schema((Attribute("hat", ("no", "yes")),), image_column="file")
    >>> table, _ = frame_table(pa.table({"file": ["a.png", "b.png"], "hat": [True, None]}), schema)
    >>> table.columns, table.where(1, "hat")
    ({'file': ['a.png', 'b.png'], 'hat': ['yes', '']}, 'row 1, column hat')
    >>> table, pictures = frame_table(pa.table({"file": [b"...", b"..."], "hat": [0, 1]}), schema)
    >>> table.columns["file"], pictures
    (['row 0', 'row 1'], [b'...', b'...'])
    """
    values = _values(frame, schema.columns)
    n = len(values[schema.image_column])
    if not n:
        raise InputError("expected at least one row, got none", field="frame")
    table = Table(None, {}, list(range(n)))
    column = schema.image_column
    images = values.pop(column)
    is_paths = _kind_of(table, column, images) == _PATH
    pictures = None if is_paths else _pictures(table, column, images)
    table.columns[column] = _paths(images) if pictures is None else [f"row {k}" for k in range(n)]
    for column, cells in values.items():
        table.columns[column] = [str(cell).strip() for cell in cells]
    for attribute in schema.attributes:
        _name_truth_values(table, attribute, values[attribute.column])
    return table, pictures


def _values(frame: Any, wanted: Sequence[str]) -> dict[str, list[Any]]:
    """Values of the wanted columns, with empty text for missing ones."""
    import narwhals as nw

    wrapped = wrapped_frame(frame, argument="frame")
    names = wrapped.collect_schema().names()
    missing = [name for name in wanted if name not in names]
    if missing:
        raise InputError(
            f"expected the columns {', '.join(wanted)}; got {', '.join(map(str, names))},"
            f" which lacks {', '.join(missing)}",
            field="frame",
        )
    chosen = wrapped.select(*wanted)
    collected = chosen.collect() if isinstance(chosen, nw.LazyFrame) else chosen
    return {
        name: [
            "" if missing or _is_nan(value) else value
            for value, missing in zip(
                collected[name].to_list(), collected[name].is_null().to_list(), strict=True
            )
        ]
        for name in wanted
    }


def _is_nan(value: object) -> bool:
    return isinstance(value, float | np.floating) and math.isnan(value)


def _kind_of(table: Table, column: str, images: Sequence[Any]) -> str:
    """Kind of all images of a column; empty cells are of any kind."""
    known = ""
    for row, image in enumerate(images):
        if isinstance(image, str) and not image:
            continue
        kind = next((kind for kind, of in _KINDS.items() if isinstance(image, of)), None)
        if kind is None:
            raise InputError(
                f"{table.where(row, column)}: expected the path of an image file, as text or Path,"
                f" or a Pillow image or array, got {type(image).__name__}"
            )
        if known and kind != known:
            raise InputError(
                f"{table.where(row, column)}: expected {known} as in the rows before, got {kind}"
            )
        known = kind
    return known or _PATH


def _pictures(table: Table, column: str, images: Sequence[Any]) -> list[Picture]:
    pictures: list[Picture] = []
    for row, image in enumerate(images):
        where = table.where(row, column)
        if isinstance(image, str):
            raise InputError(f"{where}: expected an image, got an empty cell")
        pictures.append(_as_array(image, where) if isinstance(image, list) else image)
        check_picture(pictures[-1], where)
    return pictures


def _as_array(image: list[Any], where: str) -> NDArray[Any]:
    try:
        pixels = np.asarray(image)
    except ValueError as error:
        raise InputError(f"{where}: expected rows of equal length, got several lengths") from error
    # A list says nothing of the type of its numbers.
    fits = pixels.dtype.kind == "i" and pixels.size and 0 <= pixels.min() <= pixels.max() <= 255
    return pixels.astype(np.uint8) if fits else pixels


def _paths(values: Sequence[Any]) -> list[str]:
    return [value.strip() if isinstance(value, str) else os.fsdecode(value) for value in values]


def _name_truth_values(table: Table, attribute: Attribute, values: Sequence[Any]) -> None:
    """Replace True and False by the names of the classes that they stand for."""
    cells = table.columns[attribute.column]
    for row, value in enumerate(values):
        if isinstance(value, bool | np.bool_):
            name = _class_of(bool(value), attribute)
            if name is None:
                raise InputError(
                    f"{table.where(row, attribute.column)}: expected the name or number of one of"
                    f" the classes {', '.join(attribute.classes)}, got {value}, which does not say"
                    " which one"
                )
            cells[row] = name


def _class_of(value: bool, attribute: Attribute) -> str | None:
    """Class that a truth value stands for; None if it could be either."""
    names = {name.casefold(): name for name in attribute.classes}
    no, yes = _FALSE.intersection(names), _TRUE.intersection(names)
    if len(attribute.classes) != 2 or len(no) != 1 or len(yes) != 1:
        return None
    return names[next(iter(yes if value else no))]
