from __future__ import annotations

from pathlib import Path

import pytest

from lacunar.errors import InputError
from lacunar.files.toml import read_toml


@pytest.mark.parametrize("content", [b"a = ", b"\xff", b"a = " + b"[" * 100_000])
def test_what_is_no_toml_gets_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.toml: expected names in TOML, got: ") as refused:
        read_toml(path, "names")
    assert "\n" not in str(refused.value)


def test_the_mark_of_windows_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("a = 1", encoding="utf-8-sig")
    assert read_toml(path, "names") == {"a": 1}


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a readable file"):
        read_toml(tmp_path / "a.toml", "names")
