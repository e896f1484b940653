from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lacunar.files import directory_swap
from lacunar.files.directory_swap import content_path, replace_directory


@pytest.fixture(params=["in one step", "in two steps"])
def steps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """As the system does it, and as a system that cannot exchange directories."""
    if request.param == "in two steps":
        monkeypatch.setattr(directory_swap, "_exchange", lambda first, second: False)
    return str(request.param)


def directory(path: Path, content: str) -> Path:
    path.mkdir()
    (path / "file").write_text(content)
    return path


def test_a_free_name_is_used(tmp_path: Path, steps: str) -> None:
    replace_directory(directory(tmp_path / "new", "new"), tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_the_new_directory_replaces_the_old_one(tmp_path: Path, steps: str) -> None:
    old, new = directory(tmp_path / "a", "old"), directory(tmp_path / "new", "new")
    replace_directory(new, old)
    assert (old / "file").read_text() == "new"
    assert {path.name for path in tmp_path.iterdir()} <= {"a", "new"}
    # The staging directory may hold the old content; the caller removes it.
    assert not new.exists() or (new / "file").read_text() == "old"


def test_an_empty_directory_is_replaced_without_force(tmp_path: Path, steps: str) -> None:
    (tmp_path / "a").mkdir()
    replace_directory(directory(tmp_path / "new", "new"), tmp_path / "a", force=False)
    assert (tmp_path / "a" / "file").read_text() == "new"


def test_files_stay_without_force(tmp_path: Path, steps: str) -> None:
    old, new = directory(tmp_path / "a", "old"), directory(tmp_path / "new", "new")
    with pytest.raises(FileExistsError):
        replace_directory(new, old, force=False)
    assert (old / "file").read_text() == "old"
    assert (new / "file").read_text() == "new"


def test_a_failure_between_two_steps_brings_the_old_one_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = directory(tmp_path / "a", "old"), directory(tmp_path / "new", "new")
    rename = Path.rename

    def failing(path: Path, target: Path) -> Path:
        if path == new:
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(directory_swap, "_exchange", lambda first, second: False)
    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="Input/output"):
        replace_directory(new, old)
    assert (old / "file").read_text() == "old"


def test_a_directory_left_by_a_broken_replacement_is_recovered(tmp_path: Path) -> None:
    path, new = tmp_path / "a", directory(tmp_path / "new", "new")
    aside = directory(tmp_path / ".a.previous", "old")
    assert content_path(path) == aside
    with pytest.raises(FileExistsError):
        replace_directory(new, path, force=False)
    assert content_path(path) == path
    assert (path / "file").read_text() == "old"
    replace_directory(new, path)
    assert (content_path(path) / "file").read_text() == "new"
    assert not aside.exists()


def test_the_leftover_of_a_replacement_in_two_steps_is_removed(tmp_path: Path) -> None:
    path = directory(tmp_path / "a", "new")
    directory(tmp_path / ".a.previous", "old")
    assert content_path(path) == path
    replace_directory(directory(tmp_path / "newer", "newer"), path)
    assert {found.name for found in tmp_path.iterdir()} <= {"a", "newer"}


def test_this_system_exchanges_in_one_step_where_it_is_linux(tmp_path: Path) -> None:
    first, second = directory(tmp_path / "a", "a"), directory(tmp_path / "b", "b")
    assert directory_swap._exchange(first, second) == sys.platform.startswith("linux")
