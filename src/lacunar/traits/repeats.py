"""Rows that name the same image, merged into one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.traits.schema import UNKNOWN, Schema
from lacunar.traits.table import Table


def merge_repeats(
    table: Table,
    schema: Schema,
    paths: Sequence[Path],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64] | None,
) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Merge the rows of one image: what only one of them knows is known.

    Parameters
    ----------
    table : Table
        N rows.
    schema : Schema
        A attributes.
    paths : sequence of Path
        Image of each row, links resolved.
    labels : int64 array of shape (N, A)
    groups : int64 array of shape (N,), optional

    Returns
    -------
    labels : int64 array of shape (M, A)
        Of the M images.
    kept : int array of shape (M,)
        First row of each image.

    Raises
    ------
    InputError
        With the lines of two rows that give an image different labels or groups.
    """
    rows_of: dict[Path, list[int]] = {}
    for row, path in enumerate(paths):
        rows_of.setdefault(path, []).append(row)
    kept = np.array([rows[0] for rows in rows_of.values()])
    merged = labels[kept]
    for position, rows in enumerate(rows_of.values()):
        if len(rows) > 1:
            _check_agreement(table, schema, rows, labels, groups)
            # Unknown is the lowest label there is.
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
                f"{table.where(other, column)}: expected {cells[known[0]]!r} as line"
                f" {table.lines[known[0]]} has for the same image, got {cells[other]!r}"
            )
