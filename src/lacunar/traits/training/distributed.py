"""Process groups that train one network together: shares of a batch, and collective operations.

``torchrun`` starts the processes, restarts them when one ends early, and sets the rank of each in
environment variables. Every process holds all labels and all weights, and reads its own images.
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
    # Importing this module must not import PyTorch: training in one process needs none of it.
    from torch import Tensor, nn

_VARIABLES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
# Timeout of messages while all do the same work. Longer steps end with `wait_for_all`.
_PATIENCE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class ProcessGroup:
    """The processes of a fit, from the view of one of them.

    With one process all methods return at once and change nothing.

    Parameters
    ----------
    rank : int
        Rank of this process, from 0.
    size : int
        Number of processes.
    local_rank : int
        Rank of this process on its machine.
    store : torch.distributed.Store, optional
        Key-value store that all processes share.

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
        """Return the rows of this process out of ``n``; sizes of shares differ by at most 1."""
        return slice(n * self.rank // self.size, n * (self.rank + 1) // self.size)

    def add(self, tensor: Tensor) -> None:
        """Replace a tensor by its sum over all processes."""
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
        """Return the value of the first process."""
        if self.size == 1:
            return value
        import torch
        from torch import distributed

        values = [value]
        with _all_alive():
            distributed.broadcast_object_list(values, src=0, device=torch.device("cpu"))
        return values[0]

    def gather(self, value: Any) -> list[Any]:
        """Return the values of all processes, by rank."""
        if self.size == 1:
            return [value]
        from torch import distributed

        values: list[Any] = [None] * self.size
        with _all_alive():
            distributed.all_gather_object(values, value)
        return values

    def wait_for_all(self) -> None:
        """Wait until every process has called this, without a timeout, unless one ends early."""
        if self.size > 1:
            with _all_alive():
                wait_for_all(self.store, self.rank, self.size)

    def check_same(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Check that all processes have the same values.

        Parameters
        ----------
        given : mapping of str to object
            Values by name; None where this process does not have the value.

        Returns
        -------
        dict of str to object
            The values of the processes that have them.

        Raises
        ------
        InputError
            With the first name whose values differ, and the first process that differs.
        """
        common: dict[str, Any] = {}
        gathered = self.gather(given)
        for name in given:
            values = {
                rank: each[name] for rank, each in enumerate(gathered) if each[name] is not None
            }
            common[name] = next(iter(values.values()), None)
            odd = next((rank for rank, value in values.items() if value != common[name]), None)
            if odd is not None:
                raise InputError(
                    f"expected the same {name} in every process, got others in process {odd + 1}"
                    f" of {self.size}"
                )
        return common

    def take_device(self, name: str) -> None:
        """Select the GPU of this process, if the device is a GPU.

        Raises
        ------
        InputError
            If a machine has fewer GPUs than processes, or the device is neither ``cpu`` nor
            ``cuda``.
        """
        if self.size == 1:
            return
        import torch

        from lacunar.traits.networks.device import choose_device

        # Before `choose_device`, which would initialise the first GPU in every process.
        if name in {"auto", "cuda"} and torch.cuda.is_available():
            if self.local_rank >= torch.cuda.device_count():
                raise InputError(
                    "expected a GPU for each process of a machine, got"
                    f" {torch.cuda.device_count()} for process {self.local_rank + 1};"
                    " fewer processes, or cpu, may help",
                    field="device",
                )
            torch.cuda.set_device(self.local_rank)
        device = choose_device(name)
        if device.type not in {"cpu", "cuda"} or (device.type == "cuda" and ":" in name):
            raise InputError(
                f"expected cpu or cuda for several processes, got '{device}'", field="device"
            )

    def is_first_to_fail(self) -> bool:
        """Record that this process fails, and return whether it is the first to fail."""
        if self.store is None:
            return True
        try:
            return note_failure(self.store, self.rank)
        except RuntimeError:  # the process that holds the store has ended
            return True


SINGLE_PROCESS = ProcessGroup()


@contextmanager
def joined() -> Iterator[ProcessGroup]:
    """Join the processes that ``torchrun`` started; without it, yield ``SINGLE_PROCESS``.

    Raises
    ------
    InputError
        If PyTorch is missing or built without distributed training, or a process is not found.

    Examples
    --------
    >>> with joined() as processes:
    ...     processes.size
    1
    """
    variables = {name: os.environ.get(name, "") for name in _VARIABLES}
    if "" in variables.values() or variables["WORLD_SIZE"] == "1":
        yield SINGLE_PROCESS
        return
    require_torch()
    import torch
    from torch import distributed

    if not distributed.is_available():
        raise InputError("expected a PyTorch with torch.distributed, got one built without it")
    from torch.distributed.distributed_c10d import PrefixStore
    from torch.distributed.rendezvous import rendezvous

    rank, size, local_rank = (int(variables[name]) for name in _VARIABLES[:3])
    gpus = torch.cuda.is_available() and distributed.is_nccl_available()
    try:
        store, _, _ = next(rendezvous("env://", rank, size, timeout=MEETING))
        # After a restart the launcher keeps the store with the old keys.
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
            f"expected {size} processes that meet at {variables['MASTER_ADDR']}, got: {error}"
        ) from error
    processes = ProcessGroup(rank, size, local_rank, PrefixStore("lacunar", store))
    with beating(processes.store, rank):
        try:
            yield processes
        except BaseException:
            # Other processes may wait for this one in `wait_for_all`.
            processes.is_first_to_fail()
            raise
        # Not after an error: other processes may have ended already.
        with _all_alive():
            # A barrier is the last message because it holds no tensor of Python. If a thread of
            # the group released one while the interpreter exits, the process would abort.
            distributed.barrier()
    distributed.destroy_process_group()


def add_up(tensor: Tensor) -> None:
    """Sum a tensor over the processes of the group, in place."""
    from torch import distributed

    with _all_alive():
        distributed.all_reduce(tensor)


@contextmanager
def _all_alive() -> Iterator[None]:
    try:
        yield
    # torch raises it for a lost connection, with gloo and with nccl.
    except RuntimeError as error:
        # Without the position in torch's code, and without its advice.
        reason = re.sub(r"^\[[^]]*] *", "", " ".join(str(error).split())).split(". ")[0]
        raise InputError(
            f"expected every process of this fit to live, lost one ({reason}); with"
            " `checkpoint_dir`, a fit that torchrun restarts continues where it stopped"
        ) from error
