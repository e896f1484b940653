"""What networks need beyond the base installation."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec

from lacunar.errors import InputError


def require_torch() -> None:
    """Make ready to import PyTorch, or refuse to go on without it.

    Its threads wait for each other in a loop by default. Beside other work on the same processors
    an epoch then takes seven times as long, so they are told to sleep, unless the variable
    ``OMP_WAIT_POLICY`` says otherwise or PyTorch has been imported before.

    Raises
    ------
    InputError
        If PyTorch is not installed.

    Examples
    --------
    >>> require_torch()
    """
    if find_spec("torch") is None:
        raise InputError(
            "expected PyTorch, which networks need, got none: pip install 'lacunar[traits]'"
        )
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def require_onnxruntime() -> None:
    """Refuse to go on without ONNX Runtime, which answers from ONNX files.

    Raises
    ------
    InputError
        If it is not installed.

    Examples
    --------
    >>> require_onnxruntime()
    """
    if find_spec("onnxruntime") is None:
        raise InputError(
            "expected ONNX Runtime, which ONNX files need, got none: pip install 'lacunar[onnx]'"
        )


def require_export() -> None:
    """Refuse to go on without what turns a network into an ONNX file and checks it.

    Raises
    ------
    InputError
        If PyTorch, ONNX Script, through which it exports, or ONNX Runtime is not installed.

    Examples
    --------
    >>> require_export()
    """
    require_torch()
    missing = [name for name in ("onnxscript", "onnxruntime") if find_spec(name) is None]
    if missing:
        raise InputError(
            f"expected {' and '.join(missing)}, which exporting needs, got none:"
            " pip install 'lacunar[export]'"
        )


@dataclass(frozen=True, slots=True)
class Machine:
    """What networks were trained on, at the end where it was several things in turn.

    Parameters
    ----------
    device : str
        cpu, cuda or mps.
    precision : str
        Of what is computed in training: float32, or bfloat16 where that is exact enough.
    processes : int
        That trained each network together.

    Examples
    --------
    >>> str(Machine("cuda", "bfloat16", 2))
    'cuda in bfloat16, 2 processes'
    """

    device: str
    precision: str
    processes: int

    def __str__(self) -> str:
        several = "es" if self.processes > 1 else ""
        return f"{self.device} in {self.precision}, {self.processes} process{several}"
