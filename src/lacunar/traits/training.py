"""The training loop: epochs, the best weights, an end, and going on after a kill.

Same data, settings, versions, processor and number of threads give the same bytes, whether a run
was killed and went on or not. Elsewhere sums are added up in another order: the losses of the first
epoch then agree to about one part in 5,000, and later ones drift apart, if less than those of two
seeds do.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lacunar.errors import InputError
from lacunar.traits.arrays import ImageArray
from lacunar.traits.augment import draw_matrices, move_images
from lacunar.traits.checkpoint import Arrays, Checkpoint, read_checkpoint, write_checkpoint
from lacunar.traits.config import TraitsConfig
from lacunar.traits.history import Epoch, Score, best_epoch, is_over
from lacunar.traits.losses import losses_per_output
from lacunar.traits.networks import (
    SourceNetwork,
    build_network,
    load_state,
    network_state,
    place,
)
from lacunar.traits.predict import predict_logits
from lacunar.traits.schema import UNKNOWN, Schema
from lacunar.traits.tensors import as_images, choose_device

Progress = Callable[[Epoch], None]

# What a random generator is for; with the seed and the epoch it makes the generator's own seed.
_WEIGHTS, _ORDER, _MOVEMENTS, _DROPOUT = range(4)
# Keras's, as the source report used; torch's is a tenth.
_ADAM_EPS = 1e-7


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What a network learns from.

    Parameters
    ----------
    images : ImageArray
        N images.
    labels : int64 array of shape (N, A)
        -1 where unknown.
    train, validation : int array
        Rows of the images that weights are fitted to, and of those that choose the epoch.
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
    progress: Progress | None = None,
    checkpoint_dir: Path | None = None,
    key: str = "",
) -> tuple[Arrays, list[Epoch]]:
    """Train until the validation loss has not fallen for a while.

    Parameters
    ----------
    data : TrainingData
    schema : Schema
    config : TraitsConfig
    progress : callable, optional
        Called with each epoch once it is safe on disk.
    checkpoint_dir : Path, optional
        Where each epoch is saved, and where an unfinished run is looked for.
    key : str
        Tells apart the runs that may share the folder.

    Returns
    -------
    state : mapping of str to ndarray
        Weights of the epoch with the lowest validation loss.
    history : list of Epoch

    Raises
    ------
    InputError
        If the loss is no number, or the folder holds another run.
    """
    device = choose_device(config.device)
    weights = torch.Generator().manual_seed(_seed(config, 0, _WEIGHTS))
    network = build_network(config, schema, generator=weights)
    place(network, device)
    optimiser = torch.optim.Adam(
        network.parameters(), lr=config.learning_rate, eps=_ADAM_EPS, fused=True
    )
    rows: list[dict[str, Any]] = []
    best: Arrays = {}
    found = read_checkpoint(checkpoint_dir, key) if checkpoint_dir else None
    if found is not None:
        load_state(network, found.network)
        _load_optimiser(optimiser, found.optimiser)
        rows, best = found.rows, found.best
    history = [Epoch.from_dict(row) for row in rows]
    while not is_over(history, max_epochs=config.max_epochs, patience=config.patience):
        started = time.perf_counter()
        number = len(history) + 1
        train = _train_epoch(network, optimiser, data, schema, config, number)
        validation = _validate(network, data, schema)
        _check_finite(train, validation, number)
        history.append(Epoch(number, train, validation))
        rows.append(history[-1].to_dict() | {"seconds": time.perf_counter() - started})
        if best_epoch(history) is history[-1]:
            best = network_state(network)
        if checkpoint_dir:
            saved = Checkpoint(key, network_state(network), best, _optimiser_state(optimiser), rows)
            write_checkpoint(checkpoint_dir, saved)
        if progress:
            progress(history[-1])
    return best, history


def _train_epoch(
    network: SourceNetwork,
    optimiser: torch.optim.Optimizer,
    data: TrainingData,
    schema: Schema,
    config: TraitsConfig,
    number: int,
) -> Score:
    network.train()
    # Made before the batches: small tensors kept from each would pin the memory of all of them.
    n = len(data.train)
    seen_logits = [torch.empty(n, len(attribute.classes)) for attribute in schema.attributes]
    seen_labels = torch.empty(n, len(schema.attributes), dtype=torch.int64)
    done = 0
    # Dropout draws from the global generator, which is given back as it was.
    with torch.random.fork_rng(devices=_devices(network)):
        torch.manual_seed(_seed(config, number, _DROPOUT))
        for images, labels in _batches(network, data, config, number):
            logits = network(images)  # A of (B, C_a)
            loss = losses_per_output(logits, labels).sum()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch has no types for it
            optimiser.step()
            rows = slice(done, done + len(labels))
            for seen, output in zip(seen_logits, logits, strict=True):
                seen[rows] = output.detach()
            seen_labels[rows] = labels
            done = rows.stop
    return _score(schema, seen_logits, seen_labels)


def _validate(network: SourceNetwork, data: TrainingData, schema: Schema) -> Score:
    logits = predict_logits(network, data.images, data.validation)
    labels = torch.from_numpy(data.labels[data.validation])
    return _score(schema, [torch.from_numpy(output) for output in logits], labels)


def _batches(
    network: SourceNetwork, data: TrainingData, config: TraitsConfig, number: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Shuffled and moved images (B, 3, H, W), labels (B, A).

    An image's movement is drawn by its row, so that neither order nor size of batches matters.
    """
    device = next(network.parameters()).device
    order = np.random.default_rng(_seed(config, number, _ORDER)).permutation(len(data.train))
    matrices = None
    if config.augmentation is not None:
        generator = torch.Generator().manual_seed(_seed(config, number, _MOVEMENTS))
        matrices = draw_matrices(
            len(order),
            config.augmentation,
            height=config.height,
            width=config.width,
            generator=generator,
        )
    for first in range(0, len(order), config.batch):
        batch = order[first : first + config.batch]
        rows = data.train[batch]
        images = as_images(data.images.read(rows), device)
        if matrices is not None:
            images = move_images(images, matrices[batch])
        yield (
            images.contiguous(memory_format=torch.channels_last),
            torch.from_numpy(data.labels[rows]).to(device),
        )


def _score(schema: Schema, logits: Sequence[Tensor], labels: Tensor) -> Score:
    losses = losses_per_output([output.double() for output in logits], labels).tolist()
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


def _devices(network: SourceNetwork) -> list[torch.device]:
    device = next(network.parameters()).device
    return [device] if device.type == "cuda" else []


def _optimiser_state(optimiser: torch.optim.Optimizer) -> Arrays:
    return {
        f"{position}.{name}": np.array(tensor.cpu().numpy(), order="C")
        for position, moments in optimiser.state_dict()["state"].items()
        for name, tensor in moments.items()
    }


def _load_optimiser(optimiser: torch.optim.Optimizer, arrays: Arrays) -> None:
    (group,) = optimiser.param_groups
    state: dict[int, dict[str, Tensor]] = {}
    for key, array in arrays.items():
        position, name = key.split(".")
        weights = group["params"][int(position)]
        tensor = torch.from_numpy(array)
        if tensor.shape == weights.shape:
            # In memory as the weights are: another order may round differently.
            tensor = torch.empty_like(weights).copy_(tensor)
        state.setdefault(int(position), {})[name] = tensor
    optimiser.load_state_dict(optimiser.state_dict() | {"state": state})
