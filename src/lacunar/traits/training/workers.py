"""Networks of a model, trained one after the other or side by side in processes of their own.

Each of several networks trains on one thread, so that neither the number of processes nor that of
processors changes a weight: small networks gain little from threads, and two of them side by side
gain all of a second processor.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import no_progress
from lacunar.errors import InputError
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.image_cache import open_images
from lacunar.traits.data.schema import Schema
from lacunar.traits.environment import require_torch
from lacunar.traits.networks.pretrained import StartingWeights
from lacunar.traits.training.checkpoint import Arrays
from lacunar.traits.training.distributed import SINGLE_PROCESS, ProcessGroup
from lacunar.traits.training.history import Epoch

NetworkProgress = Callable[[int, Epoch], None]


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """A network to train.

    Parameters
    ----------
    number : int
        Counted from 0.
    config : TraitsConfig
        With a seed of its own.
    fitted, others : int array
        Rows of the images that it is fitted to, and rows that it is asked about; there may be none.
    checkpoint_dir : Path, optional
    key : str
        See :func:`lacunar.traits.training.loop.train_network`.
    """

    number: int
    config: TraitsConfig
    fitted: NDArray[np.intp]
    others: NDArray[np.intp]
    checkpoint_dir: Path | None
    key: str


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """What came of a network: its weights, its epochs, and its logits of the other images.

    Parameters
    ----------
    state : mapping of str to ndarray
    history : tuple of Epoch
    logits : list of A float32 arrays of shape (n, C_a)
        Empty where there are no other images.
    """

    state: Arrays
    history: tuple[Epoch, ...]
    logits: list[NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class TrainingTask:
    """What all networks of a model learn from.

    Parameters
    ----------
    images : ImageArray
        N images, as :func:`lacunar.traits.data.image_cache.load_images` keeps them.
    labels : int64 array of shape (N, A)
    schema : Schema
    start : StartingWeights, optional
    cache_dir : Path, optional
        Where other processes find the images.
    """

    images: ImageArray
    labels: NDArray[np.int64]
    schema: Schema
    start: StartingWeights | None = None
    cache_dir: Path | None = None


def train_networks(
    task: TrainingTask,
    specs: Sequence[NetworkSpec],
    *,
    workers: int = 1,
    progress: NetworkProgress | None = None,
    processes: ProcessGroup = SINGLE_PROCESS,
) -> list[TrainedNetwork]:
    """Train networks, in their order or several at once; what comes of them is the same.

    Parameters
    ----------
    task : TrainingTask
    specs : sequence of NetworkSpec
    workers : int
        Processes; with 1 this one does the work. They are started anew, not copied, so a script
        that asks for several keeps its own work under ``if __name__ == "__main__":``.
    progress : callable, optional
        Called with the number of a network and each of its epochs.
    processes : ProcessGroup
        Processes that train each network together, one after the other, whatever ``workers`` is.

    Raises
    ------
    InputError
        See :func:`lacunar.traits.training.loop.train_network`; or if a process was ended from
        outside.
    """
    require_torch()
    report = progress or no_progress
    if len(specs) == 1:
        return [_train(task, specs[0], partial(report, specs[0].number), processes)]
    if workers == 1 or processes.size > 1:
        from lacunar.traits.networks.device import one_thread

        with one_thread():
            return [_train(task, each, partial(report, each.number), processes) for each in specs]
    return _train_side_by_side(task, specs, workers, report)


def _train(
    task: TrainingTask,
    spec: NetworkSpec,
    progress: Callable[[Epoch], None],
    processes: ProcessGroup = SINGLE_PROCESS,
) -> TrainedNetwork:
    from lacunar.traits.networks.build import restore_networks
    from lacunar.traits.training.distributed_inference import predict_together
    from lacunar.traits.training.loop import TrainingData, train_network

    state, history = train_network(
        TrainingData(task.images, task.labels, spec.fitted, spec.others),
        task.schema,
        spec.config,
        start=task.start,
        progress=progress,
        checkpoint_dir=spec.checkpoint_dir,
        key=spec.key,
        processes=processes,
    )
    logits: list[NDArray[np.float32]] = []
    if len(spec.others):
        alone = restore_networks(spec.config, task.schema, [state])
        logits = predict_together(processes, alone, task.images, spec.others)
    return TrainedNetwork(state, tuple(history), logits)


def _train_side_by_side(
    task: TrainingTask, specs: Sequence[NetworkSpec], workers: int, report: NetworkProgress
) -> list[TrainedNetwork]:
    waiting = deque(specs)
    trained: dict[int, TrainedNetwork] = {}
    context = multiprocessing.get_context("spawn")
    crew: dict[Connection, _Worker] = {}
    try:
        for _ in range(min(workers, len(specs))):
            worker = _Worker(context, task)
            crew[worker.connection] = worker
            worker.take(waiting.popleft())
        while len(trained) < len(specs):
            for ready in wait([*crew]):
                worker = crew[cast("Connection", ready)]
                told = worker.tell()
                if isinstance(told, Epoch):
                    report(worker.spec.number, told)
                    continue
                trained[worker.spec.number] = told
                if waiting:
                    worker.take(waiting.popleft())
                else:
                    del crew[worker.connection]
                    worker.end()
    finally:
        for worker in crew.values():
            worker.end()
    return [trained[spec.number] for spec in specs]


class _Worker:
    """A process that trains one network after the other."""

    spec: NetworkSpec

    def __init__(self, context: SpawnContext, task: TrainingTask) -> None:
        self.connection, there = context.Pipe()
        shared = _Shared(task.images.key, task.labels, task.schema, task.start, task.cache_dir)
        self._process: SpawnProcess = context.Process(
            target=_work, args=(there, shared), daemon=True
        )
        self._process.start()
        there.close()

    def take(self, spec: NetworkSpec) -> None:
        """Begin with a network."""
        self.spec = spec
        try:
            self.connection.send(spec)
        except OSError:
            raise self._died() from None

    def tell(self) -> Epoch | TrainedNetwork:
        """Wait for an epoch, or for the end of a network."""
        try:
            told = self.connection.recv()
        except (EOFError, OSError):
            raise self._died() from None
        if isinstance(told, BaseException):
            raise told
        assert isinstance(told, Epoch | TrainedNetwork)
        return told

    def _died(self) -> InputError:
        self._process.join()
        return InputError(
            f"expected the process that trains network {self.spec.number + 1} to live,"
            f" it ended with status {self._process.exitcode}; fewer --workers take less"
            " memory, and a fit with --checkpoint goes on where it was"
        )

    def end(self) -> None:
        """Stop the process, whatever it does: what is worth keeping has been written."""
        self._process.terminate()
        self._process.join()
        self.connection.close()


@dataclass(frozen=True, slots=True)
class _Shared:
    """A :class:`TrainingTask` as it travels: images stay on the disk."""

    key: str
    labels: NDArray[np.int64]
    schema: Schema
    start: StartingWeights | None
    cache_dir: Path | None


def _work(connection: Connection, shared: _Shared) -> None:
    # Whoever started this process answers to the keyboard, and ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    require_torch()
    import torch

    torch.set_num_threads(1)
    images = open_images(shared.key, cache_dir=shared.cache_dir)
    task = TrainingTask(images, shared.labels, shared.schema, shared.start)
    while True:
        try:
            spec = connection.recv()
        except EOFError:
            return
        try:
            connection.send(_train(task, spec, connection.send))
        except Exception as error:
            connection.send(error)
            return


def _end_with_parent() -> None:
    """End with the process that started this one, or two fits would write one checkpoint."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
