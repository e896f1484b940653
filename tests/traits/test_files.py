from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from lacunar.traits.files import replace_file


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
