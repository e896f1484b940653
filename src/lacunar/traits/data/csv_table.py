"""Reading of CSV files as columns of text, with the line numbers of their rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lacunar.errors import InputError


@dataclass(frozen=True, slots=True)
class Table:
    """Some columns of a CSV file or a frame, N rows.

    Parameters
    ----------
    path : Path or None
        The CSV file; None for a frame.
    columns : dict of str to list of str
        N cells each, with surrounding spaces removed.
    lines : list of int
        Line of the file where each row begins, from 1; in a frame, positions of the rows, from 0.
    """

    path: Path | None
    columns: dict[str, list[str]]
    lines: list[int]

    def where(self, row: int, column: str) -> str:
        """Return file, line and column of a cell, or row and column in a frame, for messages."""
        file = "" if self.path is None else f"{self.path}, "
        return f"{file}{self.line(row)}, column {column}"

    def line(self, row: int) -> str:
        """Return the line of a row in the file, or the row in a frame, for messages."""
        return f"{'row' if self.path is None else 'line'} {self.lines[row]}"


def read_table(path: Path, wanted: Sequence[str], *, hint: str = "") -> Table:
    r"""Read the wanted columns of a comma-separated file with a header.

    Parameters
    ----------
    path : Path
        UTF-8, with or without a byte order mark, with any line ends.
    wanted : sequence of str
        Names of the columns to read; others are ignored.
    hint : str
        End of the message about a missing column.

    Raises
    ------
    InputError
        If the file is missing, empty, binary or not UTF-8, if a column is missing or repeated, if
        there are no rows, or if a row is malformed or has another number of fields.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "people.csv"
    ...     _ = path.write_text("file,note,coat\na.png,hm,open\n")
    ...     table = read_table(path, ["coat", "file"])
    >>> table.columns, table.lines
    ({'coat': ['open'], 'file': ['a.png']}, [2])
    """
    rows = _rows(path, _text(path))
    _, header = next(rows, (1, None))
    if header is None:
        raise InputError(f"{path}: expected rows of text, got none")
    positions = _positions(path, header, wanted, hint)
    columns: dict[str, list[str]] = {name: [] for name in wanted}
    lines = []
    for line, row in rows:
        if len(row) != len(header):
            raise InputError(f"{path}, line {line}: expected {len(header)} fields, got {len(row)}")
        lines.append(line)
        for name, position in positions.items():
            columns[name].append(row[position].strip())
    if not lines:
        raise InputError(f"{path}: expected at least one row of data, got none")
    return Table(path, columns, lines)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: expected a readable file, got: {error.strerror}") from error
    if not content.strip():
        raise InputError(f"{path}: expected rows of text, got an empty file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        byte = error.object[error.start]
        raise InputError(
            f"{path}, line {line}: expected UTF-8 text, got the byte 0x{byte:02x}"
        ) from error
    if "\0" in text:
        raise InputError(f"{path}: expected rows of text, got a binary file")
    return text


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, each with the line where it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for row in reader:
            if row:
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{path}, line {line}: expected a well-formed row, got: {error}"
        ) from error


def _positions(path: Path, header: list[str], wanted: Sequence[str], hint: str) -> dict[str, int]:
    names = [name.strip() for name in header]
    missing = [name for name in wanted if name not in names]
    if missing:
        raise InputError(
            f"{path}, line 1: expected the columns {', '.join(wanted)};"
            f" got {', '.join(names)}, which lacks {', '.join(missing)}{hint}"
        )
    repeated = [name for name in wanted if names.count(name) > 1]
    if repeated:
        raise InputError(f"{path}, line 1: expected each column once, got {repeated[0]} twice")
    return {name: names.index(name) for name in wanted}
