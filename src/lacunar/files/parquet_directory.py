"""Rows of all users as a directory of Parquet files, with a fixed number of users per file.

Several processes can write the files of one directory, also on several machines that share it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lacunar.errors import InputError
from lacunar.files.atomic import replacing, sibling
from lacunar.files.directory_swap import replace_directory

USERS_PER_FILE = 1 << 14


def check_parquet_destination(path: Path, *, force: bool) -> None:
    """Raise before a long run the errors that :func:`parquet_directory` would raise after it.

    Raises
    ------
    InputError
        If there are files and ``force`` is off, or there are files other than Parquet files.
    """
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise InputError(f"{path}: expected a directory or a free name, got a file")
    if not path.parent.is_dir():
        raise InputError(f"{path}: expected an existing parent directory, got none")
    if not path.exists() or not any(path.iterdir()):
        return
    if any(not file.is_file() or file.suffix != ".parquet" for file in path.iterdir()):
        raise InputError(f"{path}: expected an empty directory or Parquet files, got other files")
    if not force:
        raise InputError(
            f"{path}: expected a free name, got existing files; pass `force` to replace them"
        )


@contextmanager
def parquet_directory(path: Path, *, force: bool) -> Iterator[Path]:
    """Staging folder for the files, moved to ``path`` when the block ends without an error.

    Yields
    ------
    Path
        Beside ``path``; staging folders of killed runs are removed first.

    Raises
    ------
    InputError
        See :func:`check_parquet_destination`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     with parquet_directory(Path(name) / "users", force=False) as folder:
    ...         write_parquet(file_of(folder, 0), pa.table({"user_id": [1, 2]}))
    ...     pq.read_table(Path(name) / "users").num_rows
    2
    """
    check_parquet_destination(path, force=force)
    with sibling(path, directory=True) as folder:
        yield folder
        for file in folder.iterdir():
            # Left by a task that was stopped because another attempt had finished.
            if file.suffix != ".parquet":
                file.unlink()
        # Another process may have written files to the destination meanwhile.
        check_parquet_destination(path, force=force)
        try:
            replace_directory(folder, path, force=force)
        except FileExistsError:
            check_parquet_destination(path, force=force)
            raise


def file_of(folder: Path, number: int) -> Path:
    """Path of a file by its number; the order of names is the order of users."""
    return folder / f"part-{number:05}.parquet"


def write_parquet(file: Path, table: pa.Table) -> None:
    """Write one file atomically, so that several attempts of one task may run at the same time."""
    with replacing(file) as sink:
        pq.write_table(table, sink)
