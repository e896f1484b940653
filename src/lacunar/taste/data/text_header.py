"""Dialects and headers of delimited text: separator and names of columns."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from lacunar.aliases import shortened
from lacunar.errors import InputError
from lacunar.taste.data.column_names import HINT, NAMES_FILE, check_absent, standard_names
from lacunar.taste.data.text_files import TextFile, open_bytes

#: Separators that a header may have, if none is named.
SEPARATORS = (",", "\t", ";", "|")
_SNIFFED_BYTES = 1 << 16
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Dialect:
    """Delimiter, quote, numbers and column names of a text file.

    Parameters
    ----------
    delimiter : str
        Empty: that of :data:`SEPARATORS` under which the header has the most columns that are
        looked for.
    quote : str
    names : tuple of str, optional
        Columns of a file without a header.
    file_columns : mapping of str to str
        Lacunar's column names to those in the file's header, where they are named; an empty name:
        no column.
    decimal : str
        The decimal separator.
    encoding : str
        Empty: UTF-8 (or Latin-1 without a header).
    timestamp_format : str
        Format of the timestamps, with the directives of ``strptime``; empty: seconds or ISO dates.
    """

    delimiter: str
    quote: str = ""
    names: tuple[str, ...] | None = None
    file_columns: Mapping[str, str] = field(default_factory=dict)
    decimal: str = "."
    encoding: str = ""
    timestamp_format: str = ""

    def file_column(self, column: str) -> str:
        """The file's name of a column."""
        return self.file_columns.get(column) or column


#: CSV whose separator is that of the header.
CSV = Dialect("", quote='"')


@dataclass(frozen=True, slots=True)
class Header:
    """Columns of a text file.

    Parameters
    ----------
    names : list of str
        Lacunar's names of the columns, in the order of the file.
    dialect : Dialect
        The dialect, with the delimiter of this file.
    """

    names: list[str]
    dialect: Dialect


def header(
    file: TextFile, dialect: Dialect, wanted: Collection[str], *, may_lack: Collection[str] = ()
) -> Header:
    """Read the header of a text file.

    Parameters
    ----------
    file : TextFile
    dialect : Dialect
    wanted : collection of str
        Lacunar's names of columns.
    may_lack : collection of str
        Those of ``wanted`` that may be missing, unless the dialect names them.

    Raises
    ------
    InputError
        If the file is missing, empty, binary or not UTF-8, or a column is missing or repeated.
    """
    head = _head(file)
    if dialect.names is not None:
        return Header(list(dialect.names), dialect)
    line, *_ = re.split(rb"\r\n|\r|\n", head, maxsplit=1)
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file.path}, line 1: expected UTF-8 text, got the byte 0x{line[error.start]:02x}"
            f" (encoding in a {NAMES_FILE} gives another encoding)"
        ) from error
    theirs = {name: dialect.file_column(name) for name in wanted}
    if not dialect.delimiter:
        dialect = replace(
            dialect, delimiter=_separator(text, {*theirs.values(), *dialect.file_columns.values()})
        )
    try:
        fields = next(_rows([text], dialect.delimiter, strict=True), [])
    except csv.Error as error:
        raise InputError(
            f"{file.path}, line 1: expected the names of columns, got {cell_text(text)}: {error}"
        ) from error
    # The first column of a table often holds row numbers and has no name.
    names = [name.strip() or _unnamed(number) for number, name in enumerate(fields, start=1)]
    needed = [
        theirs[name] for name in wanted if name not in may_lack or dialect.file_columns.get(name)
    ]
    missing = [name for name in needed if name not in names]
    if missing:
        raise InputError(
            f"{file.path}, line 1: expected the columns {', '.join(needed)}; got"
            f" {cell_text(text)}, which lacks {', '.join(missing)} ({HINT})"
        )
    # DuckDB ignores case in column names.
    counts = Counter(name.lower() for name in names)
    repeated = sorted({name for name in names if counts[name.lower()] > 1})
    if repeated:
        raise InputError(
            f"{file.path}, line 1: expected each column once,"
            f" got {cell_text(', '.join(repeated), plain=True)} twice"
        )
    found = Header(standard_names(names, dialect.file_columns), dialect)
    absent = [
        name for name in wanted if name not in found.names and name not in dialect.file_columns
    ]
    if absent:
        cells = _first_row(head, dialect.delimiter)
        others = {
            name: number < len(cells) and is_number(cells[number])
            for number, name in enumerate(names)
            if name not in theirs.values() and name != _unnamed(number + 1)
        }
        check_absent(f"{file.path}, line 1", absent, others)
    return found


def first_cell(file: TextFile, found: Header, column: str) -> str | None:
    """The cell of a column in the first row below the header; None if there is no such cell."""
    cells = _first_row(_head(file), found.dialect.delimiter)
    index = found.names.index(column) if column in found.names else len(cells)
    return cells[index].strip() if index < len(cells) else None


def is_number(text: str) -> bool:
    """Whether text is a number, with a decimal point or comma.

    Examples
    --------
    >>> is_number("4.5"), is_number(" 4,5 "), is_number("1e9"), is_number("nan"), is_number("")
    (True, True, True, False, False)
    """
    return _NUMBER.fullmatch(text.strip()) is not None


def cell_text(text: str, limit: int = 80, *, plain: bool = False) -> str:
    """Text of a file for an error, shortened, and quoted unless it can be shown plain."""
    short = shortened(text, limit)
    return short if plain and short.isprintable() else repr(short)


def _head(file: TextFile) -> bytes:
    try:
        with open_bytes(file.readable) as opened:
            head: bytes = opened.read(_SNIFFED_BYTES)
    except OSError as error:
        raise InputError(
            f"{file.path}: expected a readable file, got: {error.strerror or error}"
        ) from error
    if not head.strip():
        raise InputError(f"{file.path}: expected rows of text, got an empty file")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputError(
            f"{file.path}: expected UTF-8 text, got UTF-16 (a {NAMES_FILE} with the line"
            ' encoding = "utf-16" allows it)'
        )
    if b"\0" in head:
        raise InputError(f"{file.path}: expected rows of text, got a binary file")
    return head


def _separator(line: str, wanted: Collection[str]) -> str:
    def matches(separator: str) -> tuple[int, int]:
        fields = {name.strip() for name in next(_rows([line], separator), [])}
        return len(fields.intersection(wanted)), len(fields)

    return max(SEPARATORS, key=matches)


def _first_row(head: bytes, delimiter: str) -> list[str]:
    lines = head.decode("utf-8-sig", errors="replace").splitlines()[1:]
    return next((row for row in _rows(lines, delimiter) if row), [])


def _rows(lines: list[str], delimiter: str, *, strict: bool = False) -> Iterator[list[str]]:
    # As DuckDB reads them: a quote may follow a space.
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=strict)


def _unnamed(number: int) -> str:
    return f"column {number}"
