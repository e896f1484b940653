"""Cells of text into labels: the position of a class, or -1 where it is unknown."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.traits.schema import UNKNOWN, Attribute, Schema
from lacunar.traits.table import Table

_NAMED_CLASSES = 12


def read_labels(table: Table, schema: Schema) -> NDArray[np.int64]:
    """Labels of a table's N rows for the schema's A attributes, shape (N, A), -1 for unknown.

    Raises
    ------
    InputError
        With the line and the column of the first cell that is no class.
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
                    f" got {cell!r}"
                )
            labels[row, position] = label
    return labels


def label_of(cell: str, attribute: Attribute) -> int | None:
    """Label that a cell stands for; none where it stands for nothing.

    A column of whole numbers with gaps is often written as decimals, so ``1.0`` is 1.

    Examples
    --------
    >>> coat = Attribute("coat", ("open", "closed"))
    >>> [label_of(cell, coat) for cell in ("closed", "1", "1.0", "", "nan", "-1", "2", "torn")]
    [1, 1, 1, -1, -1, -1, None, None]
    """
    if not cell:
        return UNKNOWN
    if cell in attribute.classes:
        return attribute.classes.index(cell)
    try:
        number = float(cell)
    except ValueError:
        return None
    if math.isnan(number):
        return UNKNOWN
    return int(number) if number in range(UNKNOWN, len(attribute.classes)) else None


def _choices(attribute: Attribute) -> str:
    named = ", ".join(attribute.classes[:_NAMED_CLASSES])
    more = ", ..." if len(attribute.classes) > _NAMED_CLASSES else ""
    last = len(attribute.classes) - 1
    return f"one of {named}{more}, or 0 to {last}, or -1 or nothing for unknown"
