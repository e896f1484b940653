from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lacunar.errors import InputError
from lacunar.files.atomic import (
    only_writer,
    remove,
    remove_leftovers,
    remove_unfinished,
    replace_file,
    replacing,
    scratch_folder,
    sibling,
)


def test_the_digest_is_that_of_the_content(tmp_path: Path) -> None:
    digest = replace_file(tmp_path / "a", [b"one ", b"two"])
    assert digest == hashlib.sha256((tmp_path / "a").read_bytes()).hexdigest()


def test_a_file_that_fails_halfway_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    def contents() -> Iterator[bytes]:
        yield b"half"
        raise OSError("no space left")

    replace_file(tmp_path / "a", [b"old"])
    with pytest.raises(OSError, match="no space left"):
        replace_file(tmp_path / "a", contents())
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_file_has_the_permissions_of_new_files(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with replacing(tmp_path / "a") as file:
        file.write(b"one")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_the_old_content_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
        assert Path(file.name).read_bytes() == b"new"
    assert path.read_bytes() == b"new"


TOKEN = "0123456789abcdef"
#: Holds a staging path of its argument, prints "held", and waits to be killed.
HOLDER = """
import sys, time
from pathlib import Path
from lacunar.files.atomic import only_writer, sibling
path = Path(sys.argv[2])
context = only_writer(path) if sys.argv[1] == "file" else sibling(path, directory=True)
with context:
    print("held", flush=True)
    time.sleep(60)
"""


def holder(kind: str, path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLDER, kind, str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("directory", [False, True])
def test_the_staging_file_is_removed_after_an_error(tmp_path: Path, directory: bool) -> None:
    def fail() -> None:
        with sibling(tmp_path / "a", directory=directory) as staging:
            assert (staging.parent, staging.is_dir()) == (tmp_path, directory)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert names(tmp_path) == []


def test_only_leftovers_of_killed_runs_are_removed(tmp_path: Path) -> None:
    (tmp_path / f".a.{TOKEN}.part").mkdir()
    (tmp_path / f".a.{TOKEN}.part" / "half").touch()
    kept = [".a.part", ".a.previous", f".a.{TOKEN}.parts", f".b.{TOKEN}.part", f"a.{TOKEN}.part"]
    for name in kept:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path / "a")
    assert names(tmp_path) == sorted(kept)


def test_pattern_characters_in_a_name_are_escaped(tmp_path: Path) -> None:
    (tmp_path / f".axb.{TOKEN}.part").touch()
    (tmp_path / f".a+b.{TOKEN}.part").touch()
    remove_leftovers(tmp_path / "a.b")
    remove_leftovers(tmp_path / "a+b")
    assert names(tmp_path) == [f".axb.{TOKEN}.part"]


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").touch()
    (tmp_path / f".a.{TOKEN}.part").symlink_to(tmp_path / "photos")
    remove_leftovers(tmp_path / "a")
    assert names(tmp_path / "photos") == ["cat.png"]


def test_a_directory_with_subdirectories_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "a" / "deeper").mkdir(parents=True)
    remove(tmp_path / "a")
    assert names(tmp_path / "a") == ["deeper"]


def test_what_a_live_process_writes_stays_until_it_is_killed(tmp_path: Path) -> None:
    with holder("directory", tmp_path / "a") as process:
        remove_leftovers(tmp_path / "a")
        assert len(names(tmp_path)) == 1
        process.kill()
        process.wait()
    remove_leftovers(tmp_path / "a")
    assert names(tmp_path) == []


def test_a_file_has_one_writer(tmp_path: Path) -> None:
    path = tmp_path / "a.part"
    with holder("file", path) as process:
        with (
            pytest.raises(InputError, match="the only process that writes it, got another one"),
            only_writer(path),
        ):
            pass
        assert path.exists()
        process.kill()
        process.wait()
    with only_writer(path):
        path.write_text("some")
    assert path.read_text() == "some"


def test_a_file_that_stayed_empty_is_removed(tmp_path: Path) -> None:
    with only_writer(tmp_path / "a.part"):
        assert names(tmp_path) == ["a.part"]
    assert names(tmp_path) == []


def test_what_is_unfinished_is_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    with sibling(tmp_path / "a", directory=True) as staging, scratch_folder() as scratch:
        (staging / "part").touch()
        (scratch / "sub").mkdir()
        (scratch / "sub" / "spilled").touch()
        remove_unfinished()
        assert not scratch.exists()
        assert [path.name for path in tmp_path.iterdir()] == ["old"]
