"""Text files of a table, also compressed, in another encoding or of Excel, for DuckDB."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import pyarrow as pa

from lacunar.errors import InputError
from lacunar.taste.data.column_names import NAMES_FILE
from lacunar.taste.data.spreadsheets import SHEETS, copy_sheet_as_csv

#: Suffixes of compressed text, and PyArrow's names of their formats.
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
_BYTES_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text file, and the file of the same text that DuckDB reads.

    Parameters
    ----------
    path : Path
        The file of the user, for errors.
    readable : Path
        UTF-8 or, in layouts without a header, Latin-1; perhaps compressed.
    """

    path: Path
    readable: Path


@contextmanager
def text_files(path: Path, encoding: str = "") -> Iterator[list[TextFile]]:
    """Files of a table as UTF-8; temporary copies of sheets and of text in another encoding.

    Parameters
    ----------
    path : Path
        See :func:`files_of`.
    encoding : str
        Encoding that Python knows. Empty: text is not copied.
    """
    with TemporaryDirectory(prefix="lacunar-") as folder:
        files = []
        for number, file in enumerate(files_of(path)):
            copy = Path(folder) / f"{number}.csv"
            if file.suffix in SHEETS:
                copy_sheet_as_csv(file, copy)
            elif encoding:
                _copy_as_utf8(file, encoding, copy)
            files.append(TextFile(file, copy if copy.exists() else file))
        yield files


def files_of(path: Path) -> list[Path]:
    """Files of a table, in order of their names.

    Parameters
    ----------
    path : Path
        A file; or, if no file has this name, its name is a pattern such as ``ratings-*.csv``.

    Examples
    --------
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("b-2.csv", "b-1.csv", "c[1].csv"):
    ...         Path(folder, name).touch()
    ...     [[file.name for file in files_of(Path(folder, name))] for name in ("b-*", "c[1].csv")]
    [['b-1.csv', 'b-2.csv'], ['c[1].csv']]
    """
    if path.exists() or not path.parent.is_dir():
        return [path]
    matches = [file for file in path.parent.iterdir() if fnmatchcase(file.name, path.name)]
    return sorted(matches) or [path]


def open_bytes(path: Path) -> IO[bytes] | Any:
    """Open a text file, decompressed."""
    file = path.open("rb")
    compression = COMPRESSIONS.get(path.suffix)
    return file if compression is None else pa.CompressedInputStream(file, compression)


def _copy_as_utf8(path: Path, encoding: str, copy: Path) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    line, chunk = 1, b" "
    try:
        with open_bytes(path) as file, copy.open("w", encoding="utf-8", newline="") as written:
            while chunk:
                chunk = file.read(_BYTES_AT_ONCE)
                text = decoder.decode(chunk, final=not chunk)
                line += text.count("\n")
                written.write(text)
    except UnicodeError as error:
        got = str(error)
        if isinstance(error, UnicodeDecodeError):
            before = error.object[: error.start].decode(encoding, errors="replace")
            line += before.count("\n")
            got = f"the byte 0x{error.object[error.start]:02x}"
        raise InputError(
            f"{path}, line {line}: expected text in the encoding {encoding} of {NAMES_FILE},"
            f" got {got}"
        ) from error
    except OSError as error:
        raise InputError(
            f"{path}: expected a readable file, got: {error.strerror or error}"
        ) from error
