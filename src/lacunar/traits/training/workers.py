"""Training of several networks, one after another or in parallel worker processes.

Each of several networks trains on one thread. Then neither the number of worker processes nor the
number of processors changes the weights. Small networks gain little from threads, and two of them
in parallel use a second processor fully.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
    """Specification of a network to train.

    Parameters
    ----------
    number : int
        Index of the network, from 0.
    config : TraitsConfig
        With the seed of this network.
    fitted, held_out : int array
        Rows of the images that the network is fitted to, and of those that it predicts afterwards.
        ``held_out`` may be empty.
    checkpoint_dir : Path, optional
    key : str
        See :func:`lacunar.traits.training.loop.train_network`.
    """

    number: int
    config: TraitsConfig
    fitted: NDArray[np.intp]
    held_out: NDArray[np.intp]
    checkpoint_dir: Path | None
    key: str


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """Weights, epochs and held-out predictions of a network.

    Parameters
    ----------
    state : mapping of str to ndarray
        See :func:`lacunar.traits.training.loop.train_network`.
    history : tuple of Epoch
    logits : list of A float32 arrays of shape (n, C_a)
        Logits of the held-out images; empty without held-out images.
    """

    state: Arrays
    history: tuple[Epoch, ...]
    logits: list[NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class TrainingTask:
    """Data and starting weights of all networks of a model.

    Parameters
    ----------
    images : ImageArray
        N images from :func:`lacunar.traits.data.image_cache.load_images`.
    labels : int64 array of shape (N, A)
        -1 where unknown.
    schema : Schema
    start : StartingWeights, optional
        Default: random weights.
    cache_dir : Path, optional
        Folder in which worker processes find the images.
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
    """Train networks one after another, or several in parallel with the same result.

    Parameters
    ----------
    task : TrainingTask
    specs : sequence of NetworkSpec
    workers : int
        Number of worker processes. With 1, this process trains the networks. Workers are spawned,
        not forked, so a script that uses several needs ``if __name__ == "__main__":``.
    progress : callable, optional
        Called with the index of a network and each of its epochs.
    processes : ProcessGroup
        Processes that train each network together. With more than one, ``workers`` is ignored.

    Returns
    -------
    list of TrainedNetwork
        In the order of ``specs``.

    Raises
    ------
    InputError
        See :func:`lacunar.traits.training.loop.train_network`; or if a worker process ended early.
    """
    require_torch()
    report = progress or no_progress
    if len(specs) == 1:
        return [_train(task, specs[0], partial(report, specs[0].number), processes)]
    if workers == 1 or processes.size > 1:
        from lacunar.traits.networks.device import one_thread

        with one_thread():
            return [_train(task, each, partial(report, each.number), processes) for each in specs]
    return _train_in_parallel(task, specs, workers, report)


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
        TrainingData(task.images, task.labels, spec.fitted, spec.held_out),
        task.schema,
        spec.config,
        start=task.start,
        progress=progress,
        checkpoint_dir=spec.checkpoint_dir,
        key=spec.key,
        processes=processes,
    )
    logits: list[NDArray[np.float32]] = []
    if len(spec.held_out):
        alone = restore_networks(spec.config, task.schema, [state])
        logits = predict_together(processes, alone, task.images, spec.held_out)
    return TrainedNetwork(state, tuple(history), logits)


def _train_in_parallel(
    task: TrainingTask, specs: Sequence[NetworkSpec], workers: int, report: NetworkProgress
) -> list[TrainedNetwork]:
    waiting = deque(specs)
    trained: dict[int, TrainedNetwork] = {}
    context = multiprocessing.get_context("spawn")
    workers_of: dict[Connection, _Worker] = {}
    try:
        for _ in range(min(workers, len(specs))):
            worker = _Worker(context, task)
            workers_of[worker.connection] = worker
            worker.take(waiting.popleft())
        while len(trained) < len(specs):
            for ready in wait([*workers_of]):
                worker = workers_of[cast("Connection", ready)]
                result = worker.receive()
                if isinstance(result, Epoch):
                    report(worker.spec.number, result)
                    continue
                trained[worker.spec.number] = result
                if waiting:
                    worker.take(waiting.popleft())
                else:
                    del workers_of[worker.connection]
                    worker.end()
    finally:
        for worker in workers_of.values():
            worker.end()
    return [trained[spec.number] for spec in specs]


class _Worker:
    """A worker process that trains one network after another."""

    spec: NetworkSpec

    def __init__(self, context: SpawnContext, task: TrainingTask) -> None:
        self.connection, remote = context.Pipe()
        shared = _Shared(task.images.key, task.labels, task.schema, task.start, task.cache_dir)
        self._process: SpawnProcess = context.Process(
            target=_work, args=(remote, shared), daemon=True
        )
        with _blocked_interrupts():
            self._process.start()
        remote.close()

    def take(self, spec: NetworkSpec) -> None:
        """Start to train a network."""
        self.spec = spec
        try:
            self.connection.send(spec)
        except OSError:
            raise self._died() from None

    def receive(self) -> Epoch | TrainedNetwork:
        """Wait for the next epoch, or for the trained network."""
        try:
            result = self.connection.recv()
        except (EOFError, OSError):
            raise self._died() from None
        if isinstance(result, BaseException):
            raise result
        assert isinstance(result, Epoch | TrainedNetwork)
        return result

    def _died(self) -> InputError:
        self._process.join()
        return InputError(
            f"expected the process that trains network {self.spec.number + 1} to live,"
            f" it ended with status {self._process.exitcode}; fewer `workers` take less"
            " memory, and a fit with `checkpoint_dir` continues where it stopped"
        )

    def end(self) -> None:
        """Stop the process. Everything worth keeping has been written."""
        self._process.terminate()
        self._process.join()
        self.connection.close()


@dataclass(frozen=True, slots=True)
class _Shared:
    """A :class:`TrainingTask` to send to a worker; the images stay on disk."""

    key: str
    labels: NDArray[np.int64]
    schema: Schema
    start: StartingWeights | None
    cache_dir: Path | None


@contextmanager
def _blocked_interrupts() -> Iterator[None]:
    """Start processes that Ctrl+C does not reach, even while they import libraries.

    The parent process handles Ctrl+C, and then terminates them.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(connection: Connection, shared: _Shared) -> None:
    # Where it could not be blocked.
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
    """Exit when the parent process ends. Otherwise two fits could write one checkpoint."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
