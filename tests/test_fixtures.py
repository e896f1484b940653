"""Models of every format version that was ever written load, and answer what they answered then."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lacunar.errors import InputError
from lacunar.store import load_taste, load_traits
from lacunar.store.manifest import FORMAT_VERSION, find_differences, read_manifest

FIXTURES = Path(__file__).parent / "fixtures"
VERSIONS = sorted((FIXTURES / "models").iterdir())
#: What another processor's sums may be off by.
CLOSE = {"rel": 1e-5, "abs": 1e-6}


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    path = FIXTURES / "make_models.py"
    spec = importlib.util.spec_from_file_location("make_models", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=VERSIONS, ids=lambda folder: folder.name)
def version(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def answers(version: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((version / "answers.json").read_text(encoding="utf-8"))
    return found


def flat(document: Any) -> dict[str, Any]:
    """Leaves of a document by their path, so that numbers may be compared one by one."""
    if not isinstance(document, dict | list):
        return {"": document}
    entries = document.items() if isinstance(document, dict) else enumerate(document)
    return {f"/{key}{path}": leaf for key, part in entries for path, leaf in flat(part).items()}


def assert_holds(found: Any, recorded: Any) -> None:
    """Every recorded leaf is there and as it was; new keys may have come."""
    leaves = flat(json.loads(json.dumps(found)))
    for path, leaf in flat(recorded).items():
        expected = pytest.approx(leaf, **CLOSE) if isinstance(leaf, float) else leaf
        assert leaves[path] == expected, path


def test_every_version_has_its_fixture() -> None:
    assert [folder.name for folder in VERSIONS] == [f"v{n + 1}" for n in range(FORMAT_VERSION)]
    for folder in VERSIONS:
        for kind in ("taste", "traits"):
            manifest = read_manifest(folder / kind)
            assert (manifest.kind, f"v{manifest.format_version}") == (kind, folder.name)
            assert find_differences(folder / kind, manifest) == []


def test_a_taste_model_answers_what_it_answered(version: Path, maker: ModuleType) -> None:
    assert_holds(maker.taste_answers(version / "taste"), answers(version)["taste"])


def test_a_traits_model_tells_what_it_told(version: Path, maker: ModuleType) -> None:
    assert_holds(maker.traits_answers(version / "traits"), answers(version)["traits"])


def test_a_traits_model_sees_what_it_saw(version: Path, maker: ModuleType) -> None:
    assert_holds(maker.probabilities(version / "traits"), answers(version)["probabilities"])


@pytest.mark.parametrize("newer", [FORMAT_VERSION + 1, 10**6])
def test_a_newer_version_is_refused_with_a_sentence(tmp_path: Path, newer: int) -> None:
    for kind, load in (("taste", load_taste), ("traits", load_traits)):
        path = tmp_path / kind
        shutil.copytree(VERSIONS[-1] / kind, path)
        manifest = json.loads((path / "manifest.json").read_text())
        # Whatever else a newer format brings must not be what the sentence is about.
        changed = manifest | {"format_version": newer, "signatures": []}
        (path / "manifest.json").write_text(json.dumps(changed))
        with pytest.raises(InputError, match=f"{FORMAT_VERSION} or older, got {newer}: a newer"):
            load(path)
