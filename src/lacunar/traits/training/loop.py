"""The training loop of one network: epochs, validation, early stopping and checkpoints.

The same data, settings, versions, processor and numbers of threads and processes give the same
bytes, also after an interruption. On other machines the order of summation differs: the losses of
the first epoch then agree to about one part in 5,000, and later ones diverge, but less than those
of two seeds.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lacunar.errors import InputError
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.class_balance import class_shares, class_weights
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.label_counts import count_labels
from lacunar.traits.data.schema import UNKNOWN, Schema
from lacunar.traits.networks.build import build_network, load_state, network_state, place
from lacunar.traits.networks.device import as_images, choose_device, choose_precision, computing_in
from lacunar.traits.networks.pretrained import StartingWeights
from lacunar.traits.training.augmentation import (
    draw_light,
    draw_matrices,
    light_images,
    move_images,
)
from lacunar.traits.training.checkpoint import Arrays, Checkpoint, read_checkpoint, write_checkpoint
from lacunar.traits.training.distributed import SINGLE_PROCESS, ProcessGroup
from lacunar.traits.training.distributed_inference import predict_together
from lacunar.traits.training.history import Epoch, Score, is_over, kept_epoch
from lacunar.traits.training.losses import Balance, losses_per_output
from lacunar.traits.training.optimiser import (
    average_into,
    load_optimiser,
    make_optimiser,
    one_cycle,
    optimiser_state,
    set_rate,
)
from lacunar.traits.training.sync_layers import Share, share_layers

EpochProgress = Callable[[Epoch], None]

# Purposes of random generators. Seed, epoch and purpose determine the seed of a generator.
_WEIGHTS, _ORDER, _MOVEMENTS, _DROPOUT, _LIGHT = range(5)


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Images and labels of a network, and its training and validation rows.

    Parameters
    ----------
    images : ImageArray
        N images.
    labels : int64 array of shape (N, A)
        -1 where unknown.
    train, validation : int array
        Rows of the images that weights are fitted to, and of the validation images.
    """

    images: ImageArray
    labels: NDArray[np.int64]
    train: NDArray[np.intp]
    validation: NDArray[np.intp]


def train_network(
    data: TrainingData,
    schema: Schema,
    config: TraitsConfig,
    *,
    start: StartingWeights | None = None,
    progress: EpochProgress | None = None,
    checkpoint_dir: Path | None = None,
    key: str = "",
    processes: ProcessGroup = SINGLE_PROCESS,
) -> tuple[Arrays, list[Epoch]]:
    """Train a network for one cycle of the learning rate, or until validation stops improving.

    Parameters
    ----------
    data : TrainingData
    schema : Schema
    config : TraitsConfig
    start : StartingWeights, optional
        Initial weights. Default: random weights.
    progress : callable, optional
        Called with each epoch, after its checkpoint was written.
    checkpoint_dir : Path, optional
        Folder in which each epoch is saved, and from which an unfinished run continues.
    key : str
        Identifies the run; the checkpoint of another key is refused.
    processes : ProcessGroup
        Processes that all call this with the same arguments, and each train on their share of
        every batch. Batches, random draws and divisors are those of one process, so losses and
        weights differ from those of one process only by the order of summation. The first process
        writes the checkpoints.

    Returns
    -------
    state : mapping of str to ndarray
        Weights of the kept epoch, see :func:`lacunar.traits.training.history.kept_epoch`; or their
        moving average, if ``config.averaging`` is not 0.
    history : list of Epoch
        Validation scores are those of the moving average, if there is one. Losses contain neither
        class weights nor label smoothing. With logit adjustment they are computed from the logits
        with the offsets added, as in training. So they are always the cross-entropy for the class
        frequencies of the data, and runs with different settings can be compared. Accuracies are
        those of the logits without offsets.

    Raises
    ------
    InputError
        If the loss is not finite, or the folder has the checkpoint of another run.
    """
    device = choose_device(config.device)
    balance = _balance(data, schema, config)
    weights = torch.Generator().manual_seed(_seed(config, 0, _WEIGHTS))
    network = build_network(config, schema, generator=weights)
    if start is not None:
        load_state(network, start.applied_to(network_state(network), schema))
    share = Share(slice(0, 0), 0)
    share_layers(network, share, several=processes.size > 1)
    place(network, device)
    if choose_precision(config.precision, device) is torch.float64:
        network.double()
    optimiser = make_optimiser(network, config)
    rows: list[dict[str, Any]] = []
    kept: Arrays = {}
    averaged = _Averaged(network, config)
    # Only the first process reads and writes checkpoints; the others may not see its disk.
    own_dir = checkpoint_dir if processes.rank == 0 else None
    found: Checkpoint | None = processes.broadcast(
        read_checkpoint(own_dir, key) if own_dir else None
    )
    if found is not None:
        load_state(network, found.network)
        load_optimiser(optimiser, found.optimiser)
        averaged.load(found.average)
        rows, kept = found.rows, found.kept
    history = [Epoch.from_dict(row) for row in rows]
    while not is_over(history, config):
        started = time.perf_counter()
        number = len(history) + 1
        train = _train_epoch(
            network, averaged, optimiser, data, schema, config, balance, number, processes, share
        )
        validation = _validate(averaged.network, data, schema, balance, processes)
        _check_finite(train, validation, number)
        history.append(Epoch(number, train, validation))
        rows.append(history[-1].to_dict() | {"seconds": time.perf_counter() - started})
        if kept_epoch(history, config) is history[-1]:
            kept = network_state(averaged.network)
        if own_dir:
            saved = Checkpoint(
                key=key,
                network=network_state(network),
                average=averaged.average(),
                kept=kept,
                optimiser=optimiser_state(optimiser),
                rows=rows,
            )
            write_checkpoint(own_dir, saved)
        if progress:
            progress(history[-1])
    return {name: np.asarray(array, np.float32) for name, array in kept.items()}, history


class _Averaged:
    """The network that is validated and kept: the moving average, or the trained one itself."""

    def __init__(self, network: nn.Module, config: TraitsConfig) -> None:
        self.decay = config.averaging
        self.network = copy.deepcopy(network) if self.decay else network

    def follow(self, network: nn.Module, step: int) -> None:
        if self.decay:
            average_into(self.network.state_dict(), network, decay=self.decay, step=step)

    def average(self) -> Arrays:
        return network_state(self.network) if self.decay else {}

    def load(self, average: Arrays) -> None:
        if self.decay:
            load_state(self.network, average)


def _train_epoch(
    network: nn.Module,
    averaged: _Averaged,
    optimiser: torch.optim.Optimizer,
    data: TrainingData,
    schema: Schema,
    config: TraitsConfig,
    balance: Balance,
    number: int,
    processes: ProcessGroup,
    share: Share,
) -> Score:
    network.train()
    weights = next(network.parameters())
    precision = choose_precision(config.precision, weights.device)
    # Allocated before the batches: small tensors kept from each batch would pin its memory.
    n = len(data.train)
    # Zeros, because each process fills its own rows and they are then added.
    seen_logits = [
        torch.zeros(n, len(attribute.classes), dtype=weights.dtype)
        for attribute in schema.attributes
    ]
    seen_labels = torch.empty(n, len(schema.attributes), dtype=torch.int64)
    done = 0
    # Dropout draws from the global generator, which is restored afterwards.
    with torch.random.fork_rng(devices=_devices(network)):
        torch.manual_seed(_seed(config, number, _DROPOUT))
        for images, labels in _batches(network, data, config, number, processes):
            step = math.ceil(n / config.batch) * (number - 1) + done // config.batch
            set_rate(optimiser, _rate(config, n, step))
            share.rows, share.total = processes.share(len(labels)), len(labels)
            with computing_in(precision, weights.device):
                logits = network(images)  # A of (b, C_a), where b images are this process's
            logits = [output.to(weights.dtype) for output in logits]
            loss = losses_per_output(
                logits,
                labels[share.rows],
                smoothing=config.label_smoothing,
                balance=balance,
                known=(labels != UNKNOWN).sum(dim=0),
            ).sum()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch has no types for it
            processes.add_gradients(network)
            optimiser.step()
            averaged.follow(network, step)
            for seen, output in zip(seen_logits, logits, strict=True):
                seen[done + share.rows.start : done + share.rows.stop] = output.detach()
            seen_labels[done : done + len(labels)] = labels
            done += len(labels)
    for seen in seen_logits:
        processes.add(seen)
    return _score(schema, seen_logits, seen_labels, balance)


def _rate(config: TraitsConfig, n: int, step: int) -> float:
    if config.schedule == "constant":
        return config.highest_rate
    return config.highest_rate * one_cycle(step / (config.max_epochs * math.ceil(n / config.batch)))


def _validate(
    network: nn.Module,
    data: TrainingData,
    schema: Schema,
    balance: Balance,
    processes: ProcessGroup,
) -> Score:
    logits = predict_together(processes, network, data.images, data.validation)
    labels = torch.from_numpy(data.labels[data.validation])
    return _score(schema, [torch.from_numpy(output) for output in logits], labels, balance)


def _batches(
    network: nn.Module,
    data: TrainingData,
    config: TraitsConfig,
    number: int,
    processes: ProcessGroup,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield augmented images of this process (b, 3, H, W), and labels of the batch (B, A).

    Augmentation is drawn for each row, so it depends neither on the order nor on the batch size.
    """
    like = next(network.parameters())
    order = np.random.default_rng(_seed(config, number, _ORDER)).permutation(len(data.train))
    change = _changes(config, len(order), number)
    for first in range(0, len(order), config.batch):
        batch = order[first : first + config.batch]
        own = batch[processes.share(len(batch))]
        images = as_images(data.images.read(data.train[own]), like.device)
        # The last batch may have fewer images than there are processes, and torch cannot
        # transform an empty batch.
        if len(own):
            images = change(images, own)
        yield (
            images.to(like.dtype).contiguous(memory_format=torch.channels_last),
            torch.from_numpy(data.labels[data.train[batch]]).to(like.device),
        )


def _changes(
    config: TraitsConfig, n: int, number: int
) -> Callable[[Tensor, NDArray[np.intp]], Tensor]:
    """Draw the augmentation of n images for an epoch; return a function that applies it."""
    ranges = config.augmentation
    if ranges is None:
        return _leave_alone
    generator = torch.Generator().manual_seed(_seed(config, number, _MOVEMENTS))
    matrices = draw_matrices(
        n, ranges, height=config.height, width=config.width, generator=generator
    )
    light = draw_light(
        n, ranges, generator=torch.Generator().manual_seed(_seed(config, number, _LIGHT))
    )
    lit = bool(ranges.gamma or ranges.contrast)

    def change(images: Tensor, rows: NDArray[np.intp]) -> Tensor:
        moved = move_images(images, matrices[rows])
        return light_images(moved, light[rows]) if lit else moved

    return change


def _leave_alone(images: Tensor, rows: NDArray[np.intp]) -> Tensor:
    del rows
    return images


def _balance(data: TrainingData, schema: Schema, config: TraitsConfig) -> Balance:
    """Return the class weights and logit offsets from the labels of the training rows."""
    counts = count_labels(data.labels[data.train], schema)
    weights = [class_weights(count, config.class_weights) for count in counts]
    shares = [class_shares(count, smoothing=config.label_smoothing) for count in counts]
    offsets = [config.logit_adjustment * np.log(share) for share in shares]
    return Balance(
        weights=list(map(torch.from_numpy, weights)) if config.class_weights else None,
        offsets=list(map(torch.from_numpy, offsets)) if config.logit_adjustment else None,
    )


def _score(schema: Schema, logits: Sequence[Tensor], labels: Tensor, balance: Balance) -> Score:
    losses = losses_per_output(
        [output.double() for output in logits], labels, balance=Balance(offsets=balance.offsets)
    ).tolist()
    accuracies: list[float | None] = []
    for output, truth in zip(logits, labels.unbind(dim=1), strict=True):
        known = truth != UNKNOWN  # (N,)
        right = (output.argmax(dim=1) == truth)[known]
        accuracies.append(right.double().mean().item() if len(right) else None)
    return Score(
        loss=math.fsum(losses),
        losses=dict(zip(schema.names, losses, strict=True)),
        accuracies=dict(zip(schema.names, accuracies, strict=True)),
    )


def _check_finite(train: Score, validation: Score, number: int) -> None:
    for loss in (train.loss, validation.loss):
        if not math.isfinite(loss):
            raise InputError(
                f"expected a finite loss, got {loss} in epoch {number};"
                " a lower learning rate may help"
            )


def _seed(config: TraitsConfig, epoch: int, purpose: int) -> int:
    return int(np.random.SeedSequence([config.seed, epoch, purpose]).generate_state(1)[0])


def _devices(network: nn.Module) -> list[torch.device]:
    device = next(network.parameters()).device
    return [device] if device.type == "cuda" else []
