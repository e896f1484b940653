"""What `docs/promises.md` says is held by tests that exist, and two of these tests."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`( \(slow\))?", TEXT)
#: What could make code of data, by the name it is called by.
MAKERS = {"eval", "exec", "compile", "__import__"}
MODULES = {"pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml", "runpy", "code"}

# Refuses every connection of this process that Python knows of, then runs a command.
OFFLINE = """
import sys
def hook(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request"}:
        raise SystemExit(f"connects: {event} {arguments}")
sys.addaudithook(hook)
sys.argv = ["lacunar", *sys.argv[1:]]
from lacunar.cli import main
main()
"""


def marks(path: str, name: str) -> str | None:
    """Decorators of a test and marks of its file, as text; None where there is no such test."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            of_file = [part for part in tree.body if "pytestmark" in ast.unparse(part)[:12]]
            return " ".join(map(ast.unparse, [*node.decorator_list, *of_file]))
    return None


def test_every_promise_has_tests() -> None:
    sections = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
    assert len(sections) == 6
    for section in sections:
        assert "::test_" in section, section.splitlines()[0]
    # Every name that looks like a test was understood.
    assert len(NAMED) == TEXT.count("::") >= 25


@pytest.mark.parametrize(("path", "name", "slow"), NAMED, ids=[name for _, name, _ in NAMED])
def test_the_test_that_holds_a_promise_exists_and_is_as_said(
    path: str, name: str, slow: str
) -> None:
    found = marks(path, name)
    assert found is not None, f"docs/promises.md: expected a test {path}::{name}, got none"
    assert "skip" not in found
    assert "xfail" not in found
    assert "realdata" not in found
    assert "browser" not in found
    assert bool(slow) == ("pytest.mark.slow" in found), (
        f"{name}: say (slow) if it is, and only then"
    )


def test_no_code_is_made_of_data() -> None:
    for file in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                first = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                first += [alias.name for alias in node.names if isinstance(node, ast.Import)]
                assert not {name.split(".")[0] for name in first} & MODULES, file
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in MAKERS | {"torch.load", "torch.jit.load", "os.system"}, file
                said = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                assert said.get("allow_pickle", "False") == "False", file
                assert said.get("shell", "False") == "False", file


def offline(*words: object) -> None:
    command = [sys.executable, "-c", OFFLINE, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_commands_connect_to_nothing(
    sample_directory: Path, people_model_directory: Path, people_directory: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    few = ("--min-components", 2, "--max-components", 2, "--n-seeds", 2)
    offline("taste", "fit", sample_directory, "-o", model, *few)
    offline("taste", "report", model, "-o", tmp_path / "tastes.html")
    offline("verify", model)
    offline("traits", "evaluate", people_model_directory, people_directory)
    offline("traits", "report", people_model_directory, "-o", tmp_path / "traits.html")
    # The trap works: this one would connect.
    command = [sys.executable, "-c", OFFLINE, "data", "fetch", "ml-latest-small", "-o"]
    refused = subprocess.run(
        [*command, str(tmp_path / "ml")], capture_output=True, text=True, check=False
    )
    assert "connects: " in refused.stderr


def test_the_database_fetches_nothing() -> None:
    """Only :func:`lacunar.taste.data.duckdb.connect` opens one, and it installs no extension."""
    from lacunar.taste.data.duckdb import connect

    with connect() as connection:
        found = connection.sql("SELECT current_setting('autoinstall_known_extensions')").fetchall()
    assert found == [(False,)]
    for file in sorted((ROOT / "src").rglob("*.py")):
        if file != ROOT / "src/lacunar/taste/data/duckdb.py":
            assert "duckdb.connect(" not in file.read_text(encoding="utf-8"), file
