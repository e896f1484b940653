"""What networks need beyond the base installation."""

from __future__ import annotations

import os
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
