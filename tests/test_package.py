from __future__ import annotations

import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import lacunar

PUBLIC_PACKAGES = [
    ".".join(stub.parent.relative_to(Path(lacunar.__file__).parents[1]).parts)
    for stub in sorted(Path(lacunar.__file__).parent.rglob("__init__.pyi"))
]


@pytest.mark.parametrize("name", lacunar.__all__)
def test_every_public_name_is_documented_with_an_example(name: str) -> None:
    documentation = getattr(lacunar, name).__doc__
    assert documentation
    assert ">>> " in documentation


def test_dir_lists_the_public_names_and_no_module() -> None:
    assert dir(lacunar) == sorted(lacunar.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'helper'"):
        _ = lacunar.helper


def test_the_version_has_three_parts() -> None:
    assert len(lacunar.__version__.split(".")) == 3


def test_the_module_runs_as_the_command_does() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lacunar", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"lacunar {lacunar.__version__}\n"


def test_help_loads_no_heavy_library() -> None:
    heavy = "pydantic,numpy,pandas,sklearn,pyarrow,duckdb,scipy,torch,fastapi,uvicorn"
    code = (
        "import sys, lacunar.cli.commands; "
        f"print([name for name in '{heavy}'.split(',') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_changelog_names_the_version() -> None:
    changelog = Path(__file__).parents[1] / "CHANGELOG.md"
    assert f"## {lacunar.__version__}" in changelog.read_text()


@pytest.mark.parametrize("package", PUBLIC_PACKAGES)
def test_no_public_name_is_that_of_a_module(package: str) -> None:
    # The import of a module sets its name in the package, and would replace the public object.
    modules = {module.name for module in pkgutil.iter_modules(import_module(package).__path__)}
    assert not modules.intersection(import_module(package).__all__)
