"""Loading of delimited text into DuckDB; errors name the file, line and column."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from lacunar.aliases import shortened
from lacunar.errors import InputError
from lacunar.taste.data.column_names import HINT, standard_names
from lacunar.taste.data.duckdb import exists, first_row, quoted

_SNIFFED_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Dialect:
    """Delimiter, quote and column names of a text file.

    Parameters
    ----------
    delimiter, quote : str
    names : tuple of str, optional
        Columns of a file without a header.
    file_columns : mapping of str to str
        Lacunar's column names to those in the file's header, where they differ.
    """

    delimiter: str
    quote: str = ""
    names: tuple[str, ...] | None = None
    file_columns: Mapping[str, str] = field(default_factory=dict)

    def file_column(self, column: str) -> str:
        """The file's name of a column."""
        return self.file_columns.get(column, column)


CSV = Dialect(",", quote='"')


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
) -> None:
    """Create ``table`` with the given columns of a text file.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    table : str
        Name of the table to create.
    path : Path
    dialect : Dialect
    columns : mapping of str to str
        Column name to SQL type; other columns of the file are ignored.
    optional : collection of str
        Columns whose cells may be empty.
    stored : mapping of str to str, optional
        Column name to the SQL expression to store; by default the column itself.
    defaults : mapping of str to str, optional
        Columns that may be missing from a file with a header, to the SQL expression that replaces
        them.

    Raises
    ------
    InputError
        If the file is missing, empty, binary or not UTF-8 (Latin-1 without a header), has no
        rows or not all columns, or has a row with another number of fields, an empty cell or a
        value that is not of its column's type.
    """
    head = _head(path)
    if dialect.names is None:
        defaults = defaults or {}
        names = _header(path, head, dialect, tuple(columns), may_lack=defaults)
        defaults = {name: sql for name, sql in defaults.items() if name not in names}
        columns = {name: kind for name, kind in columns.items() if name not in defaults}
        encoding = "utf-8"
    else:
        names, defaults = list(dialect.names), {}
        encoding = _encoding(path)
    scan = _scan_sql(path, dialect, names, columns, encoding)
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    stored = {name: f'"{name}"' for name in columns} | dict(stored or {})
    shown = {name: stored[name] for name in columns} | dict(defaults)
    kept = ", ".join(f'{sql} AS "{name}"' for name, sql in shown.items())
    try:
        connection.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT {kept} FROM {scan}")
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:  # the parser raises several kinds
        raise InputError(_unreadable(path, error)) from error
    _raise_rejected(connection, path, dialect, columns)
    if not exists(connection, table):
        raise InputError(f"{path}: expected at least one row of data, got none")
    required = {name: kind for name, kind in columns.items() if name not in optional}
    # Only text columns can hold blanks or null bytes.
    kinds = connection.sql(f"DESCRIBE {table}").fetchall()
    texts = {name for name, kind, *_ in kinds if kind == "VARCHAR"}
    _raise_empty_cell(connection, table, path, dialect, required, texts)
    _raise_null_byte(connection, table, path, dialect, texts)


def locate(
    connection: duckdb.DuckDBPyConnection, path: Path, dialect: Dialect, condition: str
) -> int:
    """Line number of the first row of a well-formed file that meets an SQL condition.

    The condition may use any column of the file. All columns are read as text.
    """
    has_header = dialect.names is None
    names = list(dialect.names or _header(path, _head(path), dialect, ()))
    scan = _scan_sql(path, dialect, names, {}, "utf-8" if has_header else _encoding(path))
    # With one thread, rows are numbered in the order of the file.
    connection.execute("SET threads = 1; SET preserve_insertion_order = true")
    row = first_row(
        connection,
        f"SELECT row FROM (SELECT row_number() OVER () AS row, * FROM {scan})"
        f" WHERE {condition} ORDER BY row LIMIT 1",
    )
    connection.execute("RESET threads; RESET preserve_insertion_order")
    assert row is not None, "the caller checked that such a row exists"
    return int(row[0]) + has_header


def header(
    path: Path, dialect: Dialect, wanted: tuple[str, ...], *, may_lack: Collection[str] = ()
) -> list[str]:
    """Column names in the header of a text file; columns in ``may_lack`` may be missing.

    Raises
    ------
    InputError
        If the file is missing, empty, binary or not UTF-8, or a column is missing or repeated.
    """
    return _header(path, _head(path), dialect, wanted, may_lack=may_lack)


def _scan_sql(
    path: Path, dialect: Dialect, names: list[str], columns: Mapping[str, str], encoding: str
) -> str:
    typed = ", ".join(f"{quoted(name)}: {quoted(columns.get(name, 'VARCHAR'))}" for name in names)
    return (
        f"read_csv({quoted(str(path))}, auto_detect = false, null_padding = false,"
        f" header = {str(dialect.names is None).lower()},"
        f" delim = {quoted(dialect.delimiter)},"
        f" quote = {quoted(dialect.quote)}, escape = {quoted(dialect.quote)},"
        f" encoding = {quoted(encoding)}, columns = {{{typed}}}, store_rejects = true)"
    )


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(_SNIFFED_BYTES)
    except OSError as error:
        raise InputError(f"{path}: expected a readable file, got: {error.strerror}") from error
    if not head.strip():
        raise InputError(f"{path}: expected rows of text, got an empty file")
    if b"\0" in head:
        raise InputError(f"{path}: expected rows of text, got a binary file")
    return head


def first_cell(path: Path, dialect: Dialect, column: str) -> str | None:
    """The cell of a column in the first row below the header; None if there is no such cell."""
    head = _head(path)
    names = _header(path, head, dialect, ())
    text = head.decode("utf-8-sig", errors="replace")
    rows = csv.reader(text.splitlines()[1:], delimiter=dialect.delimiter)
    row = next((row for row in rows if row), [])
    index = names.index(column) if column in names else len(row)
    return row[index].strip() if index < len(row) else None


def _header(
    path: Path,
    head: bytes,
    dialect: Dialect,
    wanted: tuple[str, ...],
    *,
    may_lack: Collection[str] = (),
) -> list[str]:
    """Lacunar's names of the columns in a header; raise if a required column is missing."""
    line = re.split(rb"\r\n|\r|\n", head, maxsplit=1)[0]
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}, line 1: expected UTF-8 text, got the byte 0x{line[error.start]:02x}"
        ) from error
    try:
        fields = next(csv.reader([text], delimiter=dialect.delimiter, strict=True), [])
    except csv.Error as error:
        raise InputError(
            f"{path}, line 1: expected the names of columns, got {_shortened(text)}: {error}"
        ) from error
    # The first column of a table often holds row numbers and has no name.
    names = [name.strip() or f"column {number}" for number, name in enumerate(fields, start=1)]
    needed = [dialect.file_column(name) for name in wanted if name not in may_lack]
    missing = [name for name in needed if name not in names]
    if missing:
        raise InputError(
            f"{path}, line 1: expected the columns {', '.join(needed)}; got"
            f" {_shortened(text)}, which lacks {', '.join(missing)} ({HINT})"
        )
    # DuckDB ignores case in column names.
    counts = Counter(name.lower() for name in names)
    repeated = sorted({name for name in names if counts[name.lower()] > 1})
    if repeated:
        raise InputError(
            f"{path}, line 1: expected each column once,"
            f" got {_shortened(', '.join(repeated), plain=True)} twice"
        )
    return standard_names(names, dialect.file_columns)


def _encoding(path: Path) -> str:
    """UTF-8 if the file is valid UTF-8, else Latin-1, which the old layouts without header use."""
    try:
        path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


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
    content = _shortened((text or "").strip("\r\n"))
    if kind == "CAST":
        raise InputError(
            f"{path}, line {line}, column {dialect.file_column(column)}:"
            f" expected {_described(columns[column])},"
            f" got the row {content}"
        )
    if kind in {"MISSING COLUMNS", "TOO MANY COLUMNS"}:
        expected, got = (part.split()[0] for part in message.split(": ")[1:3])
        raise InputError(
            f"{path}, line {line}: expected {expected} fields, got {got}, in the row {content}"
        )
    if kind == "INVALID ENCODING":
        raise InputError(f"{path}, line {line}: expected UTF-8 text, got the row {content}")
    raise InputError(
        f"{path}, line {line}: expected a well-formed row, got {content} ({kind.lower()})"
    )


def _unreadable(path: Path, error: duckdb.Error) -> str:
    """Error message for a file that DuckDB cannot parse; the usual cause is mixed line ends."""
    content = path.read_bytes()
    ends = re.compile(rb"\r\n|\r|\n")
    first = ends.search(content)
    for line, end in enumerate(ends.finditer(content), start=1):
        if first and end[0] != first[0]:
            return (
                f"{path}, line {line}: expected the line end {repr(first[0])[2:-1]} of line 1,"
                f" got {repr(end[0])[2:-1]}"
            )
    return f"{path}: expected rows of text, got: {str(error).splitlines()[0]}"


def _raise_null_byte(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    path: Path,
    dialect: Dialect,
    texts: Collection[str],
) -> None:
    for name in sorted(texts):
        condition = f'contains("{name}", chr(0))'
        if exists(connection, table, condition):
            line = locate(connection, path, dialect, condition)
            raise InputError(f"{path}, line {line}, column {name}: expected text, got a null byte")


def _raise_empty_cell(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    path: Path,
    dialect: Dialect,
    columns: Mapping[str, str],
    texts: Collection[str],
) -> None:
    for name, sql_type in columns.items():
        condition = f'"{name}" IS NULL'
        if name in texts:
            condition += f""" OR trim("{name}") = ''"""
        if exists(connection, table, condition):
            line = locate(connection, path, dialect, condition)
            raise InputError(
                f"{path}, line {line}, column {dialect.file_column(name)}:"
                f" expected {_described(sql_type)},"
                " got an empty cell"
            )


def _described(sql_type: str) -> str:
    kinds = {
        "DOUBLE": "a number",
        "BIGINT": "a whole number",
        "TIMESTAMP": "a whole number of seconds or a date such as 2026-05-31 18:30",
    }
    return kinds.get(sql_type, "text")


def _shortened(text: str, limit: int = 80, *, plain: bool = False) -> str:
    short = shortened(text, limit)
    return short if plain and short.isprintable() else repr(short)
