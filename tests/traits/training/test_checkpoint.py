from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.traits.training.checkpoint import (
    Checkpoint,
    read_checkpoint,
    remove_checkpoint,
    write_checkpoint,
)


@pytest.fixture
def checkpoint() -> Checkpoint:
    rng = np.random.default_rng(0)
    return Checkpoint(
        key="a" * 64,
        network={"heads.0.weight": rng.random((2, 3), np.float32), "bias": np.ones(2, np.float32)},
        average={"heads.0.weight": rng.random((2, 3), np.float32)},
        kept={"heads.0.weight": rng.random((2, 3), np.float32)},
        optimiser={"0.step": np.array(3.0, np.float32)},
        rows=[{"epoch": 1, "seconds": 0.25}, {"epoch": 2, "seconds": 1 / 3}],
    )


def test_a_checkpoint_round_trips(tmp_path: Path, checkpoint: Checkpoint) -> None:
    write_checkpoint(tmp_path / "run", checkpoint)
    found = read_checkpoint(tmp_path / "run", checkpoint.key)
    assert found is not None
    assert (found.key, found.rows) == (checkpoint.key, checkpoint.rows)
    for section in ("network", "average", "kept", "optimiser"):
        expected, got = getattr(checkpoint, section), getattr(found, section)
        assert list(got) == sorted(expected)
        for name, array in expected.items():
            assert got[name].dtype == array.dtype
            assert np.array_equal(got[name], array)


def test_the_history_is_a_row_per_epoch(tmp_path: Path, checkpoint: Checkpoint) -> None:
    write_checkpoint(tmp_path, checkpoint)
    lines = (tmp_path / "history.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == checkpoint.rows


def test_a_folder_without_a_checkpoint_has_none(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path, "a") is None
    assert read_checkpoint(tmp_path / "nowhere", "a") is None


def test_temporary_files_of_a_killed_write_are_removed(
    tmp_path: Path, checkpoint: Checkpoint
) -> None:
    write_checkpoint(tmp_path, checkpoint)
    (tmp_path / ".checkpoint.safetensors.0123456789abcdef.part").write_bytes(b"half")
    assert read_checkpoint(tmp_path, checkpoint.key) is not None
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoint.safetensors",
        "history.jsonl",
    ]


def test_the_checkpoint_of_another_run_is_refused(tmp_path: Path, checkpoint: Checkpoint) -> None:
    write_checkpoint(tmp_path, checkpoint)
    with pytest.raises(InputError, match="got that of another run"):
        read_checkpoint(tmp_path, "b" * 64)


@pytest.mark.parametrize("cut", [0, 5, 100, -1])
def test_a_broken_checkpoint_is_refused(tmp_path: Path, checkpoint: Checkpoint, cut: int) -> None:
    write_checkpoint(tmp_path, checkpoint)
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputError, match="expected a complete checkpoint"):
        read_checkpoint(tmp_path, checkpoint.key)


def test_a_folder_that_cannot_be_written_is_an_error(
    tmp_path: Path, checkpoint: Checkpoint
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="expected a place for checkpoints"):
        write_checkpoint(tmp_path / "file", checkpoint)


def test_removing_deletes_only_what_was_written(tmp_path: Path, checkpoint: Checkpoint) -> None:
    for folder in ("own", "shared"):
        write_checkpoint(tmp_path / folder, checkpoint)
    (tmp_path / "shared" / "notes.txt").touch()
    for folder in ("own", "shared", "nowhere"):
        remove_checkpoint(tmp_path / folder)
    assert [path.name for path in tmp_path.rglob("*")] == ["shared", "notes.txt"]
