"""Conversion of CSV cells to labels: the index of a class, or -1 for unknown."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError, did_you_mean
from lacunar.traits.data.csv_table import Table
from lacunar.traits.data.schema import UNKNOWN, Attribute, Schema

_NAMED_CLASSES = 12
# Python's own conversions read more, such as 0_1 and 1e0.
_WHOLE = re.compile(r"([+-]?[0-9]+)(?:\.0*)?")
_MAX_DIGITS = 10


def read_labels(table: Table, schema: Schema) -> NDArray[np.int64]:
    """Return the labels of N rows for A attributes, shape (N, A), with -1 for unknown.

    Raises
    ------
    InputError
        With the line and the column of the first invalid cell.
    """
    labels = np.empty((len(table.lines), len(schema.attributes)), np.int64)
    for position, attribute in enumerate(schema.attributes):
        codes: dict[str, int | None] = {}
        for row, cell in enumerate(table.columns[attribute.column]):
            if cell not in codes:
                codes[cell] = label_of(cell, attribute)
            label = codes[cell]
            if label is None:
                raise InputError(
                    f"{table.where(row, attribute.column)}: expected {_choices(attribute)},"
                    f" got {cell!r}{did_you_mean(cell, attribute.classes)}"
                )
            labels[row, position] = label
    return labels


def label_of(cell: str, attribute: Attribute) -> int | None:
    """Return the label of a cell; None if the cell is invalid.

    Integer columns with missing values are often written as decimals, so ``1.0`` is read as 1.

    Examples
    --------
    >>> coat = Attribute("coat", ("open", "closed"))
    >>> [label_of(cell, coat) for cell in ("closed", "1", "1.0", "", "nan", "-1", "2", "0_1")]
    [1, 1, 1, -1, -1, -1, None, None]
    """
    if not cell:
        return UNKNOWN
    if cell in attribute.classes:
        return attribute.classes.index(cell)
    if cell.lower() == "nan":
        return UNKNOWN
    number = _WHOLE.fullmatch(cell)
    if number is None or len(number[1]) > _MAX_DIGITS:
        return None
    label = int(number[1])
    return label if UNKNOWN <= label < len(attribute.classes) else None


def _choices(attribute: Attribute) -> str:
    named = ", ".join(attribute.classes[:_NAMED_CLASSES])
    more = ", ..." if len(attribute.classes) > _NAMED_CLASSES else ""
    last = len(attribute.classes) - 1
    return f"one of {named}{more}, or 0 to {last}, or -1 or nothing for unknown"


def merge_repeats(
    table: Table,
    schema: Schema,
    images: Sequence[Hashable],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64] | None,
) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Merge the rows of each image: a label is known if one of its rows has it.

    Parameters
    ----------
    table : Table
        N rows.
    schema : Schema
        A attributes.
    images : sequence of N hashable
        What tells the image of each row from others, such as its file with links resolved.
    labels : int64 array of shape (N, A)
    groups : int64 array of shape (N,), optional

    Returns
    -------
    labels : int64 array of shape (M, A)
        Labels of the M images.
    kept : int array of shape (M,)
        First row of each image.

    Raises
    ------
    InputError
        If two rows give an image different labels or groups, with their lines.
    """
    rows_of: dict[Hashable, list[int]] = {}
    for row, image in enumerate(images):
        rows_of.setdefault(image, []).append(row)
    kept = np.array([rows[0] for rows in rows_of.values()])
    merged = labels[kept]
    for position, rows in enumerate(rows_of.values()):
        if len(rows) > 1:
            _check_agreement(table, schema, rows, labels, groups)
            # -1 for unknown is lower than every class.
            merged[position] = labels[rows].max(axis=0)
    return merged, kept


def _check_agreement(
    table: Table,
    schema: Schema,
    rows: list[int],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64] | None,
) -> None:
    columns = [attribute.column for attribute in schema.attributes]
    codes = list(labels.T)
    if groups is not None and schema.group_column is not None:
        columns.append(schema.group_column)
        codes.append(groups)
    for column, code in zip(columns, codes, strict=True):
        known = [row for row in rows if code[row] != UNKNOWN]
        other = next((row for row in known if code[row] != code[known[0]]), None)
        if other is not None:
            cells = table.columns[column]
            raise InputError(
                f"{table.where(other, column)}: expected {cells[known[0]]!r} as"
                f" {table.line(known[0])} has for the same image, got {cells[other]!r}"
            )
