from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from lacunar.errors import InputError
from lacunar.files.checkpoint_file import read_checkpoint_file


def test_a_checkpoint_is_read_only_by_its_own_run(tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert read_checkpoint_file(path, "k", "rows", of="run") is None
    state = json.dumps({"key": "k", "rows": [1]})
    path.write_bytes(save({"x": np.arange(3)}, metadata={"state": state}))
    kept = read_checkpoint_file(path, "k", "rows", of="run")
    assert kept is not None
    assert (kept[0]["x"].tolist(), kept[1]) == ([0, 1, 2], [1])
    with pytest.raises(InputError, match="got that of another run"):
        read_checkpoint_file(path, "other", "rows", of="run")
    with pytest.raises(InputError, match="expected a complete checkpoint"):
        read_checkpoint_file(path, "k", "facts", of="run")
