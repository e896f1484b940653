from __future__ import annotations

from pathlib import Path

import pytest

from lacunar.errors import InputError
from lacunar.files.toml import read_toml


@pytest.mark.parametrize("content", [b"a = ", b"\xff", b"a = " + b"[" * 100_000])
def test_invalid_toml_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.toml: expected names in TOML, got: ") as refused:
        read_toml(path, "names")
    assert "\n" not in str(refused.value)


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("a = 1", encoding="utf-8-sig")
    assert read_toml(path, "names") == {"a": 1}


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a readable file"):
        read_toml(tmp_path / "a.toml", "names")
