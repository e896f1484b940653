"""Where tensors live, and how images become tensors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lacunar.errors import InputError


def choose_device(name: str) -> torch.device:
    """Find the device of a name; ``auto`` is the first of CUDA, Apple's GPU and the CPU there is.

    Raises
    ------
    InputError
        If there is no such device.

    Examples
    --------
    >>> choose_device("cpu")
    device(type='cpu')
    >>> choose_device("abacus")
    Traceback (most recent call last):
    lacunar.errors.InputError: device: expected auto, cpu or a GPU that PyTorch finds, got 'abacus'
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()
    # Which of these torch raises for a device it lacks depends on how it was built.
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InputError(
            f"device: expected auto, cpu or a GPU that PyTorch finds, got {name!r}"
        ) from error
    return device


def choose_precision(name: str, device: torch.device) -> torch.dtype:
    """Find what training computes in; ``auto`` is bfloat16 on a CUDA GPU with units for it.

    Elsewhere numbers of 16 bits are slower, not faster.

    Examples
    --------
    >>> [choose_precision(name, torch.device("cpu")) for name in ("auto", "float64")]
    [torch.float32, torch.float64]
    """
    if name == "float64":
        return torch.float64
    fast = (
        name == "auto"
        and device.type == "cuda"
        and torch.cuda.is_bf16_supported(including_emulation=False)
    )
    return torch.bfloat16 if fast else torch.float32


def keep_float32(device: torch.device) -> None:
    """Let float32 be of 32 bits on a CUDA GPU, in this whole process.

    PyTorch rounds the factors of a convolution to 19 bits there (TF32) unless told otherwise. It is
    told once, not for as long as something is computed, because threads may compute at once.
    """
    if device.type == "cuda":
        # torch declares less of this module than it has.
        torch.backends.cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread of a processor: sums of several are added up in another order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def computing_in(precision: torch.dtype, device: torch.device) -> AbstractContextManager[object]:
    """Compute in 16 bits what loses little by it, if that is the precision."""
    if precision is not torch.bfloat16:
        return nullcontext()
    return torch.autocast(device.type, dtype=precision)


def as_images(pixels: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Turn images into what networks see.

    Parameters
    ----------
    pixels : uint8 array of shape (B, H, W, 3)
    device : torch.device

    Returns
    -------
    float32 Tensor of shape (B, 3, H, W)
        In 0..1, channels last in memory, which convolutions on a CPU pass faster.

    Examples
    --------
    >>> as_images(np.full((1, 1, 2, 3), 51, np.uint8), torch.device("cpu")).tolist()[0][0]
    [[0.20000000298023224, 0.20000000298023224]]
    """
    channels_first = torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2)  # (B, 3, H, W)
    return channels_first.float().div_(255)
