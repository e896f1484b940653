"""Optional dependencies of networks, and the device they were trained on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec

from lacunar.errors import InputError


def require_torch() -> None:
    """Prepare the import of PyTorch, or raise an error if it is not installed.

    By default its threads wait for each other in a busy loop. With other work on the same
    processors an epoch then takes seven times as long. This makes them sleep instead, unless the
    variable ``OMP_WAIT_POLICY`` is set or PyTorch was imported before.

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
    """Check that ONNX Runtime is installed, which predicts with ONNX files.

    Raises
    ------
    InputError
        If ONNX Runtime is not installed.

    Examples
    --------
    >>> require_onnxruntime()
    """
    if find_spec("onnxruntime") is None:
        raise InputError(
            "expected ONNX Runtime, which ONNX files need, got none: pip install 'lacunar[onnx]'"
        )


def require_export() -> None:
    """Check that the packages for the export to ONNX are installed.

    Raises
    ------
    InputError
        If PyTorch, ONNX Script or ONNX Runtime is not installed.

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
    """Device, precision and number of processes of training.

    If a fit was continued on another machine, this is the last one.

    Parameters
    ----------
    device : str
        cpu, cuda or mps.
    precision : str
        Precision of training: float32, float64, or bfloat16 where it is accurate enough.
    processes : int
        Number of processes that trained each network together.

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
