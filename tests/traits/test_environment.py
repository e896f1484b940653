from __future__ import annotations

import os
import subprocess
import sys

import pytest

from lacunar.errors import InputError
from lacunar.traits.environment import require_export, require_onnxruntime, require_torch


def test_a_missing_torch_is_an_error_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lacunar.traits.environment.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'lacunar\[traits\]'"):
        require_torch()


def test_missing_onnx_packages_are_an_error_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "lacunar.traits.environment.find_spec", lambda name: name == "torch" or None
    )
    with pytest.raises(InputError, match=r"pip install 'lacunar\[onnx\]'"):
        require_onnxruntime()
    with pytest.raises(InputError, match=r"expected onnxscript and onnxruntime, .*lacunar\[export"):
        require_export()


def test_threads_sleep_while_they_wait_by_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    require_torch()
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    require_torch()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"


def test_models_are_described_without_torch() -> None:
    code = "import sys, lacunar.traits.to_json; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
