from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from lacunar.files import replace_file, replacing


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


def test_a_file_may_be_read_by_whoever_may_read_new_files(tmp_path: Path) -> None:
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
