from __future__ import annotations

from pathlib import Path

import pytest

from lacunar.errors import InputError
from lacunar.files.parquet_directory import parquet_directory


def test_what_is_there_is_replaced_by_force_and_only_if_it_is_such_files(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with parquet_directory(path, force=False) as folder:
        (folder / "a.parquet").write_text("1")
        (folder / ".a.parquet.1f.part").write_text("a second try of the same")
        assert not path.exists()
    assert [file.name for file in path.iterdir()] == ["a.parquet"]
    with pytest.raises(InputError, match="pass `force`"), parquet_directory(path, force=False):
        pass
    with parquet_directory(path, force=True) as folder:
        (folder / "b.parquet").write_text("2")
        assert [file.name for file in path.iterdir()] == ["a.parquet"]
    assert [file.name for file in path.iterdir()] == ["b.parquet"]
    (path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="got other files"), parquet_directory(path, force=True):
        pass
    assert (path / "notes.txt").read_text() == "mine"


def test_a_run_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with parquet_directory(path, force=False) as folder:
        (folder / "a.parquet").write_text("1")

    def fail() -> None:
        with parquet_directory(path, force=True) as folder:
            (folder / "b.parquet").write_text("2")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [file.name for file in path.iterdir()] == ["a.parquet"]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("force", [False, True])
def test_files_written_meanwhile_are_refused_and_stay(tmp_path: Path, force: bool) -> None:
    path = tmp_path / "out"
    sentence = "got other files" if force else "pass `force`"

    def meet() -> None:
        with parquet_directory(path, force=force) as folder:
            (folder / "a.parquet").write_text("1")
            path.mkdir()
            (path / ("notes.txt" if force else "b.parquet")).write_text("mine")

    with pytest.raises(InputError, match=sentence):
        meet()
    assert [file.read_text() for file in path.iterdir()] == ["mine"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with parquet_directory(tmp_path / "out", force=False) as folder:
            (folder / "a.parquet").write_text("1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_files_and_missing_parents_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InputError, match="got a file"),
        parquet_directory(tmp_path / "file", force=True),
    ):
        pass
    with (
        pytest.raises(InputError, match="parent"),
        parquet_directory(tmp_path / "a" / "b", force=True),
    ):
        pass
