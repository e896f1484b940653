"""Tables as CSV, JSON, JSON Lines or Parquet files; the suffix decides."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lacunar.errors import InputError
from lacunar.files.atomic import replacing

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIXES = (".csv", ".json", ".jsonl", ".parquet")
#: Stands for stdout, where tables are CSV.
STDOUT = Path("-")

WriteRows = Callable[["pa.Table"], None]


def table_suffix(path: Path) -> str:
    """The suffix of a table's file, in lower case.

    Raises
    ------
    InputError
        If there is no such format.

    Examples
    --------
    >>> table_suffix(Path("lists.CSV")), table_suffix(STDOUT)
    ('.csv', '.csv')
    >>> table_suffix(Path("lists.xlsx"))
    Traceback (most recent call last):
    lacunar.errors.InputError: lists.xlsx: expected a file ending in .csv, .json, .jsonl, .parquet
    """
    suffix = ".csv" if path == STDOUT else path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{path}: expected a file ending in {', '.join(SUFFIXES)}")
    return suffix


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears only when it is complete, or stdout for "-"."""
    if path == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with replacing(path) as file:
        yield file


@contextmanager
def writing_table(path: Path, schema: pa.Schema) -> Iterator[WriteRows]:
    """Write a table into a file, which appears only when it is complete.

    Parameters
    ----------
    path : Path
        Replaced if it exists. ``.json`` is an array of rows, ``.jsonl`` a line per row; "-" is
        CSV on stdout.
    schema : pyarrow.Schema

    Yields
    ------
    callable
        Called with the next rows as a table.

    Raises
    ------
    InputError
        See :func:`table_suffix`.

    Examples
    --------
    >>> import tempfile
    >>> import pyarrow as pa
    >>> rows = pa.table({"user_id": ["a", "b, c"], "rank": [1, 2]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "lists.csv"
    ...     with writing_table(path, rows.schema) as write:
    ...         write(rows)
    ...     print(path.read_text(), end="")
    user_id,rank
    a,1
    "b, c",2
    """
    writer = _WRITERS[table_suffix(path)]
    with opened(path) as file, writer(file, schema) as write:
        yield write


@contextmanager
def _csv(file: BinaryIO, schema: pa.Schema) -> Iterator[WriteRows]:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    cells = csv.writer(text, lineterminator="\n")
    cells.writerow(schema.names)
    yield lambda rows: cells.writerows(
        zip(*(column.to_pylist() for column in rows.columns), strict=True)
    )
    text.flush()
    text.detach()


@contextmanager
def _json(file: BinaryIO, schema: pa.Schema) -> Iterator[WriteRows]:
    del schema
    separator = b"["

    def write(rows: pa.Table) -> None:
        nonlocal separator
        for row in rows.to_pylist():
            file.write(separator + json.dumps(row, ensure_ascii=False).encode())
            separator = b",\n"

    yield write
    file.write(b"[]\n" if separator == b"[" else b"]\n")


@contextmanager
def _json_lines(file: BinaryIO, schema: pa.Schema) -> Iterator[WriteRows]:
    del schema

    def write(rows: pa.Table) -> None:
        file.writelines(
            json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows.to_pylist()
        )

    yield write


@contextmanager
def _parquet(file: BinaryIO, schema: pa.Schema) -> Iterator[WriteRows]:
    from pyarrow import parquet

    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        yield writer.write_table


_WRITERS: dict[str, Callable[[BinaryIO, pa.Schema], AbstractContextManager[WriteRows]]] = {
    ".csv": _csv,
    ".json": _json,
    ".jsonl": _json_lines,
    ".parquet": _parquet,
}
