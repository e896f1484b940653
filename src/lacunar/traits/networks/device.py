"""Device and precision of computation, and conversion of images to tensors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lacunar.errors import InputError


def choose_device(name: str) -> torch.device:
    """Return the device of a name; ``auto`` is CUDA, else Apple's GPU, else the CPU.

    Raises
    ------
    InputError
        If the device does not exist.

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
    # Which of these torch raises for a missing device depends on its build.
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InputError(
            f"expected auto, cpu or a GPU that PyTorch finds, got {name!r}", field="device"
        ) from error
    return device


def choose_precision(name: str, device: torch.device) -> torch.dtype:
    """Return the precision of training; ``auto`` is bfloat16 on CUDA GPUs that support it.

    On other devices 16-bit numbers are slower than float32.

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
    """Switch off TF32 convolutions on a CUDA GPU, for this whole process.

    With TF32, PyTorch's default, the factors of a convolution are rounded to 19 bits. The setting
    is not restored afterwards, because other threads may be computing at the same time.
    """
    if device.type == "cuda":
        # torch does not declare this attribute.
        torch.backends.cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one CPU thread: with several, the order of summation differs."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def computing_in(precision: torch.dtype, device: torch.device) -> AbstractContextManager[object]:
    """Return a context that computes in bfloat16 where it is accurate enough, if `precision` is."""
    if precision is not torch.bfloat16:
        return nullcontext()
    return torch.autocast(device.type, dtype=precision)


def as_images(pixels: NDArray[np.uint8], device: torch.device) -> Tensor:
    """Convert images to the input of networks.

    Parameters
    ----------
    pixels : uint8 array of shape (B, H, W, 3)
    device : torch.device

    Returns
    -------
    float32 Tensor of shape (B, 3, H, W)
        In 0..1, channels last in memory, which is faster for convolutions on a CPU.

    Examples
    --------
    >>> as_images(np.full((1, 1, 2, 3), 51, np.uint8), torch.device("cpu")).tolist()[0][0]
    [[0.20000000298023224, 0.20000000298023224]]
    """
    channels_first = torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2)  # (B, 3, H, W)
    return channels_first.float().div_(255)
