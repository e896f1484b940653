from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lacunar.errors import InputError
from lacunar.store import directory as store
from lacunar.store import load_taste, load_traits, save_taste
from lacunar.store.directory import Bundle, check_destination, read_bundle, write_bundle
from lacunar.taste.data.reading import read_ratings
from lacunar.taste.model import TasteModel
from lacunar.traits.data.dataset import read_layout
from lacunar.traits.data.schema import read_schema

BUNDLE = Bundle(
    kind="test",
    config={"a": 1},
    fingerprint="f",
    facts={"b": [1, 2]},
    arrays={"x": np.arange(6.0).reshape(2, 3), "n": np.arange(3)},
    tables={"t": pa.table({"name": ["é", None], "value": [1, 2]})},
    card="# Card\n",
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_bundle(tmp_path / "model", BUNDLE)
    return tmp_path / "model"


def test_what_was_written_is_read(model: Path) -> None:
    found = read_bundle(model, kind="test")
    assert (found.config, found.facts, found.fingerprint) == ({"a": 1}, {"b": [1, 2]}, "f")
    assert found.arrays["x"].tolist() == BUNDLE.arrays["x"].tolist()
    assert found.arrays["n"].dtype == np.int64
    assert found.tables["t"].equals(BUNDLE.tables["t"])
    assert found.card == "# Card\n"


def test_the_same_content_gives_the_same_bytes(tmp_path: Path, model: Path) -> None:
    write_bundle(tmp_path / "again", BUNDLE)
    for file in model.iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes()


def test_a_model_is_replaced_only_by_force_and_leaves_nothing_beside(model: Path) -> None:
    with pytest.raises(InputError, match="pass `force`"):
        write_bundle(model, BUNDLE)
    write_bundle(model, BUNDLE, force=True)
    assert [path.name for path in model.parent.iterdir()] == ["model"]


def test_what_is_no_model_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").touch()
    (tmp_path / "file").touch()
    for force in (False, True):
        with pytest.raises(InputError, match="got another directory"):
            check_destination(tmp_path / "photos", force=force)
        with pytest.raises(InputError, match="got a file"):
            check_destination(tmp_path / "file", force=force)
        with pytest.raises(InputError, match="existing parent directory"):
            check_destination(tmp_path / "no" / "model", force=force)


def test_a_failed_write_leaves_the_previous_model(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(InputError, match="expected a place for a model, got: No space left"):
        write_bundle(model, BUNDLE, force=True)
    monkeypatch.undo()
    assert read_bundle(model, kind="test").config == {"a": 1}
    assert [path.name for path in model.parent.iterdir()] == ["model"]


@pytest.mark.parametrize("name", ["arrays.safetensors", "t.parquet", "MODEL_CARD.md"])
def test_a_changed_or_missing_file_is_refused(model: Path, name: str) -> None:
    content = bytearray((model / name).read_bytes())
    content[-1] ^= 1
    (model / name).write_bytes(content)
    with pytest.raises(InputError, match="got a changed file"):
        read_bundle(model, kind="test")
    (model / name).unlink()
    with pytest.raises(InputError, match="got none"):
        read_bundle(model, kind="test")


def test_a_link_in_place_of_a_file_is_refused(model: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    (model / "t.parquet").rename(moved)
    (model / "t.parquet").symlink_to(moved)
    with pytest.raises(InputError, match="got none"):
        read_bundle(model, kind="test")


def test_files_the_manifest_does_not_name_are_not_opened(model: Path) -> None:
    (model / "extra.parquet").write_bytes(b"no parquet")
    assert set(read_bundle(model, kind="test").tables) == {"t"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format_version": 2}, "a newer lacunar wrote this model"),
        ({"kind": "other"}, "expected a model of kind test, got other"),
        ({"files": {"../x": "0"}}, "expected plain file names"),
        ({"files": {}}, "expected a MODEL_CARD.md"),
        ({"surprise": 1}, "expected a model manifest"),
    ],
)
def test_a_manifest_that_is_off_gets_one_sentence(
    model: Path, change: dict[str, object], message: str
) -> None:
    manifest = json.loads((model / "manifest.json").read_text())
    (model / "manifest.json").write_text(json.dumps(manifest | change))
    with pytest.raises(InputError) as caught:
        read_bundle(model, kind="test")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff", b"null"])
def test_a_manifest_that_is_none_is_refused(model: Path, content: bytes) -> None:
    (model / "manifest.json").write_bytes(content)
    with pytest.raises(InputError, match="expected a model manifest"):
        read_bundle(model, kind="test")


def test_a_directory_without_a_manifest_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a model directory"):
        read_bundle(tmp_path, kind="test")


def test_the_manifest_names_versions_and_hashes(model: Path) -> None:
    manifest = store.read_manifest(model)
    assert manifest.format_version == store.FORMAT_VERSION
    assert {"numpy", "pyarrow"} <= set(manifest.libraries)
    assert set(manifest.files) == {path.name for path in model.iterdir()} - {"manifest.json"}


def test_paths_may_be_text(sample_model: TasteModel, tmp_path: Path) -> None:
    save_taste(sample_model, str(tmp_path / "m"))
    assert load_taste(str(tmp_path / "m")).config == sample_model.config
    with pytest.raises(InputError, match="a model is there already"):
        save_taste(sample_model, str(tmp_path / "m"))
    with pytest.raises(InputError, match="a model is there already"):
        check_destination(str(tmp_path / "m"), force=False)
    with pytest.raises(InputError, match="expected a model of kind traits, got taste"):
        load_traits(str(tmp_path / "m"))
    with pytest.raises(InputError, match="got no such directory"):
        read_ratings(str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="expected a directory with images"):
        read_layout(str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="expected a readable file"):
        read_schema(str(tmp_path / "nowhere"))
