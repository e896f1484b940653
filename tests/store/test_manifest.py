from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from lacunar.errors import InputError
from lacunar.store.manifest import (
    Difference,
    Manifest,
    find_differences,
    manifest_digest,
    read_checked,
    read_manifest,
    unnamed_files,
)

FILES = {"MODEL_CARD.md": b"# Card\n", "b.parquet": b"rows", "a.safetensors": b"arrays"}
TOLD: dict[str, Any] = {
    "format_version": 1,
    "kind": "taste",
    "lacunar": "0.1.0",
    "libraries": {"numpy": "2.4"},
    "config": {"seed": 7},
    "fingerprint": "f",
    "facts": {},
    "files": {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()},
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "manifest.json").write_text(json.dumps(TOLD))
    return tmp_path


def test_a_whole_model_differs_in_nothing(model: Path) -> None:
    assert find_differences(model, read_manifest(model)) == []
    assert unnamed_files(model, read_manifest(model)) == []


def test_every_difference_is_found_in_the_order_of_the_manifest(model: Path) -> None:
    (model / "a.safetensors").write_bytes(b"arrayz")
    (model / "b.parquet").unlink()
    (model / "MODEL_CARD.md").unlink()
    (model / "MODEL_CARD.md").mkdir()
    (model / "z").touch()
    manifest = read_manifest(model)
    assert find_differences(model, manifest) == [
        Difference("MODEL_CARD.md", "no plain file"),
        Difference("b.parquet", "missing"),
        Difference("a.safetensors", "changed"),
    ]
    assert unnamed_files(model, manifest) == ["z"]


def test_a_link_is_no_plain_file_even_to_the_right_content(model: Path) -> None:
    (model / "b.parquet").rename(model / "z")
    (model / "b.parquet").symlink_to(model / "z")
    assert find_differences(model, read_manifest(model)) == [
        Difference("b.parquet", "no plain file")
    ]
    with pytest.raises(InputError, match="expected a file that the manifest names"):
        read_checked(model / "b.parquet", TOLD["files"]["b.parquet"])


def test_only_the_content_that_was_hashed_is_read(model: Path) -> None:
    assert read_checked(model / "b.parquet", TOLD["files"]["b.parquet"]) == b"rows"
    with pytest.raises(InputError, match="got a changed file"):
        read_checked(model / "b.parquet", TOLD["files"]["a.safetensors"])


def test_a_digest_changes_with_any_file_that_is_named(model: Path) -> None:
    before = manifest_digest(model)
    assert before == hashlib.sha256((model / "manifest.json").read_bytes()).hexdigest()
    (model / "manifest.json").write_text(json.dumps(TOLD | {"files": TOLD["files"] | {"c": "0"}}))
    assert manifest_digest(model) != before


@pytest.mark.parametrize("version", [-1, 0])
def test_a_format_before_the_first_is_refused(model: Path, version: int) -> None:
    (model / "manifest.json").write_text(json.dumps(TOLD | {"format_version": version}))
    with pytest.raises(InputError, match="expected a format version from 1 on"):
        read_manifest(model)


def test_a_manifest_of_endless_nesting_gets_one_sentence(model: Path) -> None:
    (model / "manifest.json").write_text("[" * 100_000)
    with pytest.raises(InputError, match="expected a model manifest") as caught:
        read_manifest(model)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("facts", "seeds"),
    [({}, [7]), ({"seeds": [0, 1]}, [0, 1]), ({"seeds": "all"}, []), ({"seeds": [1, "x"]}, [1])],
)
def test_seeds_are_those_tried_or_the_one_of_the_settings(
    facts: dict[str, Any], seeds: list[int]
) -> None:
    assert Manifest.model_validate(TOLD | {"facts": facts}).seeds == seeds


def test_versions_of_the_fit_win_over_those_that_wrote(model: Path) -> None:
    facts = {"versions": {"numpy": "2.3", "duckdb": "2.0"}}
    versions = Manifest.model_validate(TOLD | {"facts": facts}).versions
    assert versions == {"lacunar": "0.1.0", "numpy": "2.3", "duckdb": "2.0"}
