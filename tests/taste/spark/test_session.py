from __future__ import annotations

from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import pytest

from lacunar.errors import InputError
from lacunar.taste.spark import session as module
from lacunar.taste.spark.session import java_version, or_refuse, require_spark


@pytest.fixture
def libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """PySpark and pandas, as if they were installed."""
    monkeypatch.setattr(module, "find_spec", lambda name: ModuleSpec(name, None))


def java_home(folder: Path, output: str) -> Path:
    program = folder / "bin" / "java"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho '{output}' >&2\n")
    program.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("output", "version"),
    [
        ('openjdk version "21" 2023-09-19', 21),
        ('java version "17.0.15" 2025-04-15 LTS', 17),
        ('openjdk version "1.8.0_401"', 8),
        ("no such thing", 0),
    ],
)
def test_the_version_of_java_is_read_old_style_and_new(output: str, version: int) -> None:
    assert java_version(output) == version


@pytest.mark.parametrize("missing", ["pyspark", "pandas"])
def test_a_missing_library_is_named_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    def found(name: str) -> ModuleSpec | None:
        return None if name == missing else find_spec("json")

    monkeypatch.setattr(module, "find_spec", found)
    with pytest.raises(InputError, match=rf"expected {missing}, .*pip install 'lacunar\[spark\]'"):
        require_spark()


@pytest.mark.usefixtures("libraries")
def test_no_java_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"expected Java 17 or newer, .*got none"):
        require_spark()


@pytest.mark.usefixtures("libraries")
def test_a_home_without_java_does_not_fall_back_to_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(InputError, match="JAVA_HOME"):
        require_spark()


@pytest.mark.usefixtures("libraries")
def test_an_old_java_is_told_with_its_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(java_home(tmp_path, 'version "11.0.2"')))
    with pytest.raises(InputError, match=rf"got Java 11: {tmp_path}/bin/java"):
        require_spark()


@pytest.mark.usefixtures("libraries")
def test_java_17_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(java_home(tmp_path, 'version "17"')))
    require_spark()


def test_what_a_worker_raised_is_told_by_its_last_line() -> None:
    errors = pytest.importorskip("pyspark.errors")
    text = (
        "From a worker:\nTraceback (most recent call last):\n  File x\n    f()\nKeyError: 1\nmore"
    )
    with (
        pytest.raises(InputError, match=r"^expected peace, got: KeyError: 1$"),
        or_refuse("expected peace"),
    ):
        raise errors.PySparkException(text)


def test_other_failures_keep_their_traceback() -> None:
    pytest.importorskip("pyspark")
    with pytest.raises(ZeroDivisionError), or_refuse("expected peace"):
        raise ZeroDivisionError
