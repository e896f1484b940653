"""Processes that train one network together: what each takes of a batch, and sums over them.

``torchrun`` starts them, starts them again after one is lost, and tells each by environment
variables which it is. Every process holds all labels and all weights and reads its own images.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lacunar.errors import InputError
from lacunar.traits.environment import require_torch
from lacunar.traits.training.rendezvous import (
    MEETING,
    agree_on_name,
    beating,
    note_failure,
    wait_for_all,
)

if TYPE_CHECKING:
    # Who trains alone, or only reads a model, does not wait for PyTorch here.
    from torch import Tensor, nn

_VARIABLES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
# Of messages while all do the same work; what takes one longer is waited for by World.meet.
_PATIENCE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class ProcessGroup:
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
    >>> [ProcessGroup(rank, 3).share(8) for rank in range(3)]
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

    def broadcast(self, value: Any) -> Any:
        """What the first process has for a value."""
        if self.size == 1:
            return value
        import torch
        from torch import distributed

        values = [value]
        with _all_alive():
            distributed.broadcast_object_list(values, src=0, device=torch.device("cpu"))
        return values[0]

    def gather(self, value: Any) -> list[Any]:
        """What each process has for a value, once all have come here."""
        if self.size == 1:
            return [value]
        from torch import distributed

        values: list[Any] = [None] * self.size
        with _all_alive():
            distributed.all_gather_object(values, value)
        return values

    def wait_for_all(self) -> None:
        """Wait for every process, however long it takes to come here, unless one is lost."""
        if self.size > 1:
            with _all_alive():
                wait_for_all(self.store, self.rank, self.size)

    def check_same(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse to go on where processes were given different things.

        Parameters
        ----------
        given : mapping of str to object
            By what it is; None where this process does not know.

        Returns
        -------
        dict of str to object
            What those that know it were given.

        Raises
        ------
        InputError
            That names what differs and the first process in which it does.
        """
        alike: dict[str, Any] = {}
        told = self.gather(given)
        for what in given:
            values = {rank: each[what] for rank, each in enumerate(told) if each[what] is not None}
            alike[what] = next(iter(values.values()), None)
            odd = next((rank for rank, value in values.items() if value != alike[what]), None)
            if odd is not None:
                raise InputError(
                    f"expected the same {what} in every process, got others in process {odd + 1}"
                    f" of {self.size}"
                )
        return alike

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

        from lacunar.traits.networks.device import choose_device

        # First of all: to ask whether a GPU works opens it, and in every process the first one.
        if name in {"auto", "cuda"} and torch.cuda.is_available():
            if self.local_rank >= torch.cuda.device_count():
                raise InputError(
                    "expected a GPU for each process of a machine, got"
                    f" {torch.cuda.device_count()} for process {self.local_rank + 1};"
                    " fewer processes, or --device cpu, may help"
                )
            torch.cuda.set_device(self.local_rank)
        device = choose_device(name)
        if device.type not in {"cpu", "cuda"} or (device.type == "cuda" and ":" in name):
            raise InputError(f"device: expected cpu or cuda for several processes, got '{device}'")

    def is_first_to_fail(self) -> bool:
        """Note that this process fails; whether no other did: they fail because the first did."""
        if self.store is None:
            return True
        try:
            return note_failure(self.store, self.rank)
        except RuntimeError:  # whoever held the notes is gone
            return True


SINGLE_PROCESS = ProcessGroup()


@contextmanager
def joined() -> Iterator[ProcessGroup]:
    """Meet the other processes that ``torchrun`` started; without it, be alone.

    Raises
    ------
    InputError
        If PyTorch is missing or cannot talk to other processes, or they are not found.

    Examples
    --------
    >>> with joined() as processes:
    ...     processes.size
    1
    """
    told = {name: os.environ.get(name, "") for name in _VARIABLES}
    if "" in told.values() or told["WORLD_SIZE"] == "1":
        yield SINGLE_PROCESS
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
        store, _, _ = next(rendezvous("env://", rank, size, timeout=MEETING))
        # The launcher keeps the store of processes that it starts again, and old notes in it.
        store = PrefixStore(agree_on_name(store, rank, size), store)
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
    processes = ProcessGroup(rank, size, local_rank, PrefixStore("lacunar", store))
    with beating(processes.store, rank):
        try:
            yield processes
        except BaseException:
            # Others may wait for this one by notes alone.
            processes.is_first_to_fail()
            raise
        # After an error others may be gone already, for whom this would wait.
        with _all_alive():
            # A thread of the group that lets go of one of Python's tensors while the interpreter
            # ends aborts the process: what is sent last holds none.
            distributed.barrier()
    distributed.destroy_process_group()


def add_up(tensor: Tensor) -> None:
    """Sum a tensor over the processes of the group that this one is in, in place."""
    from torch import distributed

    with _all_alive():
        distributed.all_reduce(tensor)


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
