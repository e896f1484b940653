"""Processes that train one network together: what each takes of a batch, and sums over them.

``torchrun`` starts them, starts them again after one is lost, and tells each by environment
variables which it is. Every process holds all labels and all weights and reads its own images.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lacunar.errors import InputError
from lacunar.traits.requirements import require_torch

if TYPE_CHECKING:
    # Who trains alone, or only reads a model, does not wait for PyTorch here.
    from torch import Tensor, nn

_VARIABLES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
# Processes wait while the first decodes all images; one that dies is noticed at once.
_PATIENCE, _MEETING = timedelta(hours=6), timedelta(minutes=10)
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class World:
    """The processes of a fit, seen by one of them.

    Of one process nothing is sent and no number changed.

    Parameters
    ----------
    rank, size : int
        Which process this is, counted from 0, and how many there are.
    local_rank : int
        Which of its machine.
    store : torch.distributed.Store, optional
        Small notes that all processes see.

    Examples
    --------
    >>> [World(rank, 3).share(8) for rank in range(3)]
    [slice(0, 2, None), slice(2, 5, None), slice(5, 8, None)]
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    store: Any = field(default=None, repr=False, compare=False)

    def share(self, n: int) -> slice:
        """Which of ``n`` rows are this process's: as many as any other's, or one more or less."""
        return slice(n * self.rank // self.size, n * (self.rank + 1) // self.size)

    def add(self, tensor: Tensor) -> None:
        """Replace a tensor by the sum of those of all processes, which is the same in each."""
        if self.size > 1:
            add_up(tensor)

    def add_gradients(self, network: nn.Module) -> None:
        """Replace the gradients of a network by their sums over all processes."""
        if self.size == 1:
            return
        import torch

        gradients = [tensor.grad for tensor in network.parameters() if tensor.grad is not None]
        # One message instead of one per layer.
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        self.add(flat)
        done = 0
        for gradient in gradients:
            gradient.copy_(flat[done : done + gradient.numel()].view(gradient.shape))
            done += gradient.numel()

    def from_first(self, value: Any) -> Any:
        """What the first process has for a value."""
        if self.size == 1:
            return value
        import torch
        from torch import distributed

        values = [value]
        with _all_alive():
            distributed.broadcast_object_list(values, src=0, device=torch.device("cpu"))
        return values[0]

    def of_all(self, value: Any) -> list[Any]:
        """What each process has for a value, once all have come here."""
        if self.size == 1:
            return [value]
        from torch import distributed

        values: list[Any] = [None] * self.size
        with _all_alive():
            distributed.all_gather_object(values, value)
        return values

    def check_same(self, value: Any, what: str) -> None:
        """Refuse to go on where processes were given different things.

        Raises
        ------
        InputError
            That names ``what`` and the first process that differs.
        """
        values = self.of_all(value)
        odd = next((rank for rank, found in enumerate(values) if found != values[0]), 0)
        if odd:
            raise InputError(
                f"expected the same {what} in every process, got others in process {odd + 1}"
                f" of {self.size}"
            )

    def take_device(self, name: str) -> None:
        """Let a GPU's name mean the one of this process.

        Raises
        ------
        InputError
            If a machine has fewer GPUs than processes, or the device is no CPU and no CUDA GPU.
        """
        if self.size == 1:
            return
        import torch

        from lacunar.traits.tensors import choose_device

        device = choose_device(name)
        if device.type == "cpu":
            return
        if device.type != "cuda" or ":" in name:
            raise InputError(f"device: expected cpu or cuda for several processes, got '{device}'")
        if self.local_rank >= torch.cuda.device_count():
            raise InputError(
                "expected a GPU for each process of a machine, got"
                f" {torch.cuda.device_count()} for process {self.local_rank + 1};"
                " fewer processes, or --device cpu, may help"
            )
        torch.cuda.set_device(self.local_rank)

    def is_first_to_fail(self) -> bool:
        """Whether no other process has asked this: the others fail because the first did."""
        if self.store is None:
            return True
        try:
            return bool(self.store.add("failed", 1) == 1)
        except RuntimeError:  # whoever held the notes is gone
            return True


ALONE = World()


@contextmanager
def joined() -> Iterator[World]:
    """Meet the other processes that ``torchrun`` started; without it, be alone.

    Raises
    ------
    InputError
        If PyTorch is missing or cannot talk to other processes, or they are not found.

    Examples
    --------
    >>> with joined() as world:
    ...     world.size
    1
    """
    told = {name: os.environ.get(name, "") for name in _VARIABLES}
    if "" in told.values() or told["WORLD_SIZE"] == "1":
        yield ALONE
        return
    require_torch()
    import torch
    from torch import distributed

    if not distributed.is_available():
        raise InputError("expected a PyTorch that joins processes, got one built without")
    from torch.distributed.distributed_c10d import PrefixStore
    from torch.distributed.rendezvous import rendezvous

    rank, size, local_rank = (int(told[name]) for name in _VARIABLES[:3])
    gpus = torch.cuda.is_available() and distributed.is_nccl_available()
    try:
        store, _, _ = next(rendezvous("env://", rank, size, timeout=_MEETING))
        # The launcher keeps the store of processes that it starts again, and old notes in it.
        store = PrefixStore(_meet(store, rank, size), store)
        distributed.init_process_group(
            "cpu:gloo,cuda:nccl" if gpus else "gloo",
            store=store,
            rank=rank,
            world_size=size,
            timeout=_PATIENCE,
        )
    except RuntimeError as error:
        raise InputError(
            f"expected {size} processes that meet at {told['MASTER_ADDR']}, got: {error}"
        ) from error
    yield World(rank, size, local_rank, PrefixStore("lacunar", store))
    # After an error others may be gone already, for whom this would wait.
    with _all_alive():
        # A thread of the group that lets go of one of Python's tensors while the interpreter ends
        # aborts the process: what is sent last holds none.
        distributed.barrier()
    distributed.destroy_process_group()


def add_up(tensor: Tensor) -> None:
    """Sum a tensor over the processes of the group that this one is in, in place."""
    from torch import distributed

    with _all_alive():
        distributed.all_reduce(tensor)


def _meet(store: Any, rank: int, size: int) -> str:
    """Agree on a name for this meeting that no earlier one had, whose notes may still be there."""
    if rank:
        own = secrets.token_hex(8)
        store.set(f"hello/{rank}", own)
        store.wait([f"welcome/{own}"], _MEETING)
        name = str(store.get(f"welcome/{own}").decode())
        store.set(f"here/{name}/{rank}", "")
        return name
    name = secrets.token_hex(8)
    absent, end = list(range(1, size)), time.monotonic() + _MEETING.total_seconds()
    while absent:
        for other in absent:
            # Those of a process that is gone are answered in vain, until its successor writes.
            if store.check([f"hello/{other}"]):
                store.set(f"welcome/{store.get(f'hello/{other}').decode()}", name)
        absent = [other for other in absent if not store.check([f"here/{name}/{other}"])]
        if time.monotonic() > end:
            raise RuntimeError(f"{size - len(absent)} of them")
        time.sleep(_POLL_SECONDS)
    return name


@contextmanager
def _all_alive() -> Iterator[None]:
    try:
        yield
    # What torch raises for a lost connection, over either transport.
    except RuntimeError as error:
        # Without the place in torch's code, and the advice on what may be wrong with it.
        said = re.sub(r"^\[[^]]*] *", "", " ".join(str(error).split())).split(". ")[0]
        raise InputError(
            f"expected every process of this fit to live, lost one ({said}); with --checkpoint,"
            " torchrun --max-restarts goes on where it was"
        ) from error
