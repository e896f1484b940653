from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.taste.checkpoint import Saved, StageCache, finished, remove_stages


def squares(stages: StageCache, calls: list[int]) -> dict[str, object]:
    def work() -> dict[str, object]:
        calls.append(1)
        return {"values": np.arange(3) ** 2, "note": "é"}

    return stages.get_or_compute(
        "squares",
        work,
        lambda found: Saved({"values": np.asarray(found["values"])}, {"note": found["note"]}),
        lambda saved: {"values": saved.arrays["values"], **saved.facts},
    )


def test_a_finished_stage_is_not_computed_again(tmp_path: Path) -> None:
    calls: list[int] = []
    for _ in range(2):
        found = squares(StageCache(tmp_path / "deep" / "run", "a"), calls)
        assert (found["values"] == np.array([0, 1, 4])).all()
        assert found["note"] == "é"
    assert len(calls) == 1
    assert finished(tmp_path / "deep" / "run") == ["squares"]


def test_without_a_folder_nothing_is_saved() -> None:
    calls: list[int] = []
    squares(StageCache(), calls)
    squares(StageCache(), calls)
    assert len(calls) == 2


def test_a_result_of_another_fit_is_refused_and_kept(tmp_path: Path) -> None:
    squares(StageCache(tmp_path, "a"), [])
    with pytest.raises(InputError, match="expected a checkpoint of these data, settings and"):
        squares(StageCache(tmp_path, "b"), [])
    assert finished(tmp_path) == ["squares"]


def test_an_incomplete_result_is_refused(tmp_path: Path) -> None:
    squares(StageCache(tmp_path, "a"), [])
    path = tmp_path / "squares.stage"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(InputError, match=r"squares.stage: expected a complete checkpoint"):
        squares(StageCache(tmp_path, "a"), [])


def test_files_of_an_interrupted_write_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".squares.stage.0123456789abcdef.part").write_bytes(b"half")
    squares(StageCache(tmp_path, "a"), [])
    assert [path.name for path in tmp_path.iterdir()] == ["squares.stage"]


def test_an_unwritable_folder_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="expected a writable folder for checkpoints"):
        squares(StageCache(tmp_path / "file" / "run", "a"), [])


def test_only_checkpoints_are_removed(tmp_path: Path) -> None:
    squares(StageCache(tmp_path, "a"), [])
    (tmp_path / "arrays.safetensors").write_bytes(b"of somebody else")
    remove_stages(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["arrays.safetensors"]
    (tmp_path / "arrays.safetensors").unlink()
    remove_stages(tmp_path)
    assert not tmp_path.exists()
    remove_stages(tmp_path)
