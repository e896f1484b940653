"""Sheets of Excel as CSV."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path
from typing import Any

from lacunar.errors import InputError

#: Suffixes of files of Excel.
SHEETS = (".xlsx", ".xls")


def copy_sheet_as_csv(path: Path, copy: Path) -> None:
    """Write the first sheet of a file of Excel as CSV; its rows become lines of the same numbers.

    Parameters
    ----------
    path : Path
    copy : Path
        The file to write.

    Raises
    ------
    InputError
        If the file is none of Excel, or python-calamine is not installed.
    """
    try:
        from python_calamine import CalamineError, load_workbook
    except ImportError as error:
        raise InputError(
            f"{path}: expected python-calamine, which reads files of Excel, got none:"
            " pip install 'lacunar[excel]'"
        ) from error
    try:
        with load_workbook(path) as book:
            rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, OSError) as error:
        raise InputError(f"{path}: expected a file of Excel, got: {error}") from error
    # Excel keeps rows of which the content was deleted.
    while rows and not any(cell != "" for cell in rows[-1]):
        rows.pop()
    with copy.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(map(_texts, rows))


def _texts(row: list[Any]) -> list[str]:
    return [_text(cell) for cell in row]


def _text(cell: Any) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).replace("\r\n", "\n")
