"""What is installed is what was tested, file by file; what Lacunar is made of is written down."""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sbom() -> ModuleType:
    return script("sbom")


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    return script("audit")


@pytest.fixture(scope="module")
def hashed(sbom: ModuleType) -> dict[str, tuple[str, list[str]]]:
    found: dict[str, tuple[str, list[str]]] = sbom.pinned(
        (ROOT / "constraints-demo.txt").read_text(encoding="utf-8")
    )
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_file_that_the_demo_installs_first_has_a_hash(
    hashed: dict[str, tuple[str, list[str]]],
) -> None:
    assert len(hashed) > 20
    assert all(hashes for _, hashes in hashed.values())


def test_it_has_all_that_the_base_needs_in_the_versions_that_were_tested(
    hashed: dict[str, tuple[str, list[str]]],
) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[<>=]", text)[0] for text in project["dependencies"]}
    assert needed <= hashed.keys()
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    tested = dict(line.split("==") for line in lines if "==" in line)
    for name, version in tested.items():
        if canonical(name) in hashed:
            assert hashed[canonical(name)][0] == version, name


def test_nothing_runs_when_the_package_is_built_but_the_named_backend() -> None:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert document["build-system"]["build-backend"] == "hatchling.build"
    assert "hooks" not in json.dumps(document["tool"]["hatch"])
    assert not (ROOT / "setup.py").exists()


def test_the_bill_of_materials_is_that_of_the_constraints(sbom: ModuleType) -> None:
    written = json.loads((ROOT / "sbom.cdx.json").read_text(encoding="utf-8"))
    assert written == sbom.document(), "run: python scripts/sbom.py -o sbom.cdx.json"
    names = {component["name"] for component in written["components"]}
    assert {"numpy", "duckdb", "torch", "htmx.org"} <= names
    assert not names & sbom.BUILDERS
    assert all("version" in one for one in written["components"] if one["type"] == "library")
    references = [component["bom-ref"] for component in written["components"]]
    assert len(set(references)) == len(references)


def test_a_version_that_was_not_audited_is_never_called_good(audit: ModuleType) -> None:
    skipped = {"name": "a", "skip_reason": "not found"}
    sound = {"name": "b", "version": "1", "vulns": []}
    bad = {"name": "c", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
    text, status = audit.summary({"dependencies": [skipped]})
    assert (text.startswith("NOT AUDITED"), "none known" in text, status) == (True, False, 0)
    text, status = audit.summary({"dependencies": [skipped, sound]})
    assert "Audited 1 of 2 versions: none known to be bad" in text
    assert "NOT AUDITED, the service does not know them: a" in text
    text, status = audit.summary({"dependencies": [sound, bad]})
    assert "c 2: CVE-1, fixed in 3" in text
    assert status == 1
