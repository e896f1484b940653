"""Loading of delimited text into DuckDB; errors name the file, line and column."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

import duckdb

from lacunar.errors import InputError
from lacunar.taste.data.column_names import NAMES_FILE
from lacunar.taste.data.duckdb import escaped, exists, first_row, quoted
from lacunar.taste.data.text_files import TextFile, open_bytes, text_files
from lacunar.taste.data.text_header import Dialect, Header, cell_text, header
from lacunar.taste.data.times import described_time


def load_delimited(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    path: Path,
    dialect: Dialect,
    columns: Mapping[str, str],
    *,
    optional: Collection[str] = (),
    stored: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
) -> frozenset[str]:
    """Create ``table`` with the given columns of a table of text, which may be several files.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    table : str
        Name of the table to create.
    path : Path
        A file or a pattern.
    dialect : Dialect
    columns : mapping of str to str
        Column name to SQL type; other columns of the file are ignored.
    optional : collection of str
        Columns whose cells may be empty.
    stored : mapping of str to str, optional
        Column name to the SQL expression to store; by default the column itself. A null stands for
        a cell that cannot be read.
    defaults : mapping of str to str, optional
        Columns that may be missing from a file with a header, unless the dialect names them, to
        the SQL expression that replaces them.

    Returns
    -------
    frozenset of str
        Those of ``columns`` that the files have.

    Raises
    ------
    InputError
        If a file is missing, empty, binary or not in the encoding (UTF-8 or, without a header,
        Latin-1), has no rows or not all columns, or has a row with another number of fields, an
        empty cell or a value that is not of its column's type.
    """
    defaults = defaults or {} if dialect.names is None else {}
    stored = {name: f'"{name}"' for name in columns} | dict(stored or {})
    present: frozenset[str] | None = None
    with text_files(path, dialect.encoding) as files:
        for file in files:
            head = header(file, dialect, tuple(columns), may_lack=defaults)
            found = frozenset(name for name in columns if name in head.names)
            if present is not None and found != present:
                raise InputError(
                    f"{file.path}, line 1: expected the columns {', '.join(sorted(present))} as in"
                    f" {files[0].path.name}, got {', '.join(sorted(found))}"
                )
            shown = {name: stored[name] if name in found else defaults[name] for name in columns}
            kept = ", ".join(f'{sql} AS "{name}"' for name, sql in shown.items())
            typed = {name: kind for name, kind in columns.items() if name in found}
            query = f"SELECT {kept} FROM {_scan_sql(file, head, typed)}"
            start = (
                f"CREATE OR REPLACE TABLE {table} AS" if present is None else f"INSERT INTO {table}"
            )
            _load_file(connection, f"{start} {query}", file, head, typed)
            present = found
    assert present is not None, "a table has at least one file"
    if not exists(connection, table):
        raise InputError(f"{path}: expected at least one row of data, got none")
    required = [name for name in columns if name in present and name not in optional]
    # Only text columns can hold blanks or null bytes.
    kinds = connection.sql(f"DESCRIBE {table}").fetchall()
    texts = {name for name, kind, *_ in kinds if kind == "VARCHAR"} & present
    for name in required:
        if exists(connection, table, _is_blank(f'"{name}"', text=name in texts)):
            condition = _is_blank(stored[name], text=name in texts)
            found_cell = locate(connection, path, dialect, condition, name, {name: columns[name]})
            raise InputError(_unread(found_cell, dialect, name, columns[name]))
    for name in sorted(texts):
        condition = f'contains("{name}", chr(0))'
        if exists(connection, table, condition):
            place = locate(connection, path, dialect, condition, name)
            raise InputError(f"{place}, column {name}: expected text, got a null byte")
    return present


class Cell(NamedTuple):
    """A cell of a text file, and where it is; its text is the file and the line."""

    file: Path
    line: int
    text: str | None

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}"


def locate(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    dialect: Dialect,
    condition: str,
    column: str,
    types: Mapping[str, str] | None = None,
) -> Cell:
    """Find the cell of a column in the first row that meets an SQL condition.

    The condition may use any column of the well-formed files. Columns without a type in ``types``
    are read as text.
    """
    # With one thread, rows are numbered in the order of the file.
    connection.execute("SET threads = 1; SET preserve_insertion_order = true")
    try:
        with text_files(path, dialect.encoding) as files:
            for file in files:
                head = header(file, dialect, (column,), may_lack=(column,))
                scan = _scan_sql(file, head, types or {})
                row = first_row(
                    connection,
                    f'SELECT row, CAST("{column}" AS VARCHAR)'
                    f" FROM (SELECT row_number() OVER () AS row, * FROM {scan})"
                    f" WHERE {condition} ORDER BY row LIMIT 1",
                )
                if row is not None:
                    return Cell(file.path, int(row[0]) + (dialect.names is None), row[1])
    finally:
        connection.execute("RESET threads; RESET preserve_insertion_order")
    raise AssertionError("the caller checked that such a row exists")


def _load_file(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    file: TextFile,
    head: Header,
    columns: Mapping[str, str],
) -> None:
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    try:
        connection.execute(sql)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:  # the parser raises several kinds
        raise InputError(_unreadable(file, error)) from error
    _raise_rejected(connection, file.path, head.dialect, columns)


def _scan_sql(file: TextFile, head: Header, columns: Mapping[str, str]) -> str:
    dialect = head.dialect
    encoding = "utf-8" if dialect.names is None else _encoding(file.readable)
    kinds = {name: columns.get(name, "VARCHAR") for name in head.names}
    typed = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in kinds.items())
    return (
        f"read_csv({quoted(escaped(str(file.readable)))}, auto_detect = false,"
        f" null_padding = false, header = {str(dialect.names is None).lower()},"
        f" delim = {quoted(dialect.delimiter)}, decimal_separator = {quoted(dialect.decimal)},"
        f" quote = {quoted(dialect.quote)}, escape = {quoted(dialect.quote)},"
        f" encoding = {quoted(encoding)}, columns = {{{typed}}}, store_rejects = true)"
    )


def _encoding(path: Path) -> str:
    """UTF-8 if the file is valid UTF-8, else Latin-1, which the old layouts without header use."""
    try:
        path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _is_blank(sql: str, *, text: bool) -> str:
    return f"({sql} IS NULL OR trim({sql}) = '')" if text else f"{sql} IS NULL"


def _unread(cell: Cell, dialect: Dialect, column: str, sql_type: str) -> str:
    """Error message for a cell that is empty or cannot be read."""
    blank = cell.text is None or not cell.text.strip()
    expected = _described(sql_type, dialect, column)
    return (
        f"{cell}, column {dialect.file_column(column)}: expected {expected},"
        f" got {'an empty cell' if blank else cell_text(str(cell.text))}"
    )


def _raise_rejected(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    dialect: Dialect,
    columns: Mapping[str, str],
) -> None:
    row = first_row(
        connection,
        "SELECT line, column_name, error_type, csv_line, error_message FROM reject_errors"
        " ORDER BY line, column_idx LIMIT 1",
    )
    if row is None:
        return
    line, column, kind, text, message = row
    content = cell_text((text or "").strip("\r\n"))
    place = f"{path}, line {line}"
    if kind == "CAST":
        hint = ""
        # Between commas, a number with a decimal comma is in quotes.
        comma = r'"\s*[+-]?\d*,\d' if dialect.delimiter == "," else r"\d,\d"
        if columns[column] == "DOUBLE" and dialect.decimal == "." and re.search(comma, content):
            hint = f' (decimal = "," in a {NAMES_FILE} is for decimal commas)'
        raise InputError(
            f"{place}, column {dialect.file_column(column)}:"
            f" expected {_described(columns[column], dialect, column)}, got the row {content}{hint}"
        )
    if kind in {"MISSING COLUMNS", "TOO MANY COLUMNS"}:
        expected, got = (part.split()[0] for part in message.split(": ")[1:3])
        raise InputError(f"{place}: expected {expected} fields, got {got}, in the row {content}")
    if kind == "INVALID ENCODING":
        raise InputError(
            f"{place}: expected UTF-8 text, got the row {content}"
            f" (encoding in a {NAMES_FILE} gives another encoding)"
        )
    raise InputError(f"{place}: expected a well-formed row, got {content} ({kind.lower()})")


def _unreadable(file: TextFile, error: duckdb.Error) -> str:
    """Error message for a file that DuckDB cannot parse; the usual cause is mixed line ends."""
    try:
        with open_bytes(file.readable) as opened:
            content: bytes = opened.read()
    except OSError as broken:
        return f"{file.path}: expected a readable file, got: {broken.strerror or broken}"
    ends = re.compile(rb"\r\n|\r|\n")
    first = ends.search(content)
    for line, end in enumerate(ends.finditer(content), start=1):
        if first and end[0] != first[0]:
            return (
                f"{file.path}, line {line}: expected the line end {repr(first[0])[2:-1]} of line 1,"
                f" got {repr(end[0])[2:-1]}"
            )
    return f"{file.path}: expected rows of text, got: {str(error).splitlines()[0]}"


def _described(sql_type: str, dialect: Dialect, column: str) -> str:
    comma = " with a decimal comma" if dialect.decimal == "," else ""
    kinds = {"DOUBLE": f"a number{comma}", "BIGINT": "a whole number"}
    if column == "timestamp" and sql_type == "VARCHAR":
        return described_time(dialect.timestamp_format)
    return kinds.get(sql_type, "text")
