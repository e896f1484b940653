"""Rows of all users as a directory of Parquet files, one for every so many users.

The files of a directory can be written by several processes, on several machines that see it.
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


def check_parts_destination(path: Path, *, force: bool) -> None:
    """Refuse early what :func:`parts_directory` would refuse after a long run.

    Raises
    ------
    InputError
        If something is there and ``force`` is off, or what is there is not Parquet files alone.
    """
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise InputError(f"{path}: expected a place for a directory, got a file")
    if not path.parent.is_dir():
        raise InputError(f"{path}: expected an existing parent directory, got none")
    if not path.exists() or not any(path.iterdir()):
        return
    if any(not file.is_file() or file.suffix != ".parquet" for file in path.iterdir()):
        raise InputError(f"{path}: expected an empty place or Parquet files, got others")
    if not force:
        raise InputError(f"{path}: something is there already; pass `force` to replace it")


@contextmanager
def parts_directory(path: Path, *, force: bool) -> Iterator[Path]:
    """A folder to write parts into, which takes its place once all of them are written.

    Yields
    ------
    Path
        Beside ``path``; what killed runs left there is removed first.

    Raises
    ------
    InputError
        See :func:`check_parts_destination`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     with parts_directory(Path(name) / "places", force=False) as folder:
    ...         write_part(file_of(folder, 0), pa.table({"user_id": [1, 2]}))
    ...     pq.read_table(Path(name) / "places").num_rows
    2
    """
    check_parts_destination(path, force=force)
    with sibling(path, directory=True) as folder:
        yield folder
        for file in folder.iterdir():
            # Of a task that was stopped because another try of it had come to its end.
            if file.suffix != ".parquet":
                file.unlink()
        # Something else may have come up there meanwhile.
        check_parts_destination(path, force=force)
        try:
            replace_directory(folder, path, force=force)
        except FileExistsError:
            check_parts_destination(path, force=force)
            raise


def file_of(folder: Path, number: int) -> Path:
    """The file of a part; in the order of their names, parts are in the order of users."""
    return folder / f"part-{number:05}.parquet"


def write_part(file: Path, table: pa.Table) -> None:
    """Write a part whole or not at all, also where a task is tried again beside its first try."""
    with replacing(file) as sink:
        pq.write_table(table, sink)
