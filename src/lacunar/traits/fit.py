"""From labelled images to a fitted model: parts, networks, what they say of images left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.traits.confidence.calibrator import Calibrator
from lacunar.traits.confidence.out_of_fold import gather_out_of_fold
from lacunar.traits.confidence.temperature import calibrated
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.fingerprint import check_attributes, digest_of, fingerprint
from lacunar.traits.data.folds import split_validation, stratified_folds
from lacunar.traits.data.label_counts import count_labels, largest_classes
from lacunar.traits.data.schema import UNKNOWN
from lacunar.traits.decode import decode_parts, what_labels_tell
from lacunar.traits.environment import Machine, require_torch
from lacunar.traits.evaluate.evaluation import evaluate_answers
from lacunar.traits.evaluate.operating_points import operating_points_of
from lacunar.traits.model import TraitsModel, answers
from lacunar.traits.networks.layer_table import layer_table
from lacunar.traits.networks.pretrained import read_start
from lacunar.traits.training.distributed import SINGLE_PROCESS, ProcessGroup
from lacunar.traits.training.workers import (
    NetworkProgress,
    NetworkSpec,
    TrainingTask,
    train_networks,
)

Rows = NDArray[np.intp]
Logits = Sequence[NDArray[np.floating]]

_LIBRARIES = ("numpy", "pillow", "torch")


def fit_traits(
    train: LabelledImages,
    config: TraitsConfig | None = None,
    *,
    test: LabelledImages | None = None,
    workers: int = 1,
    progress: NetworkProgress | None = None,
    reading: Callable[[int, int], None] | None = None,
    checkpoint_dir: Path | None = None,
    cache_dir: Path | None = None,
    processes: ProcessGroup = SINGLE_PROCESS,
) -> TraitsModel:
    """Learn attributes from labelled images.

    Parameters
    ----------
    train : LabelledImages
        With folds every network is trained without some parts of them and says what it makes of
        those; other networks, if wanted, are then trained on all. Without folds no weight is
        fitted to some images, which judge, and choose the epoch where the schedule is constant.
    config : TraitsConfig, optional
    test : LabelledImages, optional
        Evaluated at the end; nothing is learned from them.
    workers : int
        Networks that train at once, each in a process of its own; see
        :func:`lacunar.traits.training.workers.train_networks`.
    progress : callable, optional
        Called with the number of the network, counted from 0, and each of its epochs.
    reading : callable, optional
        Called with the images that are decoded and how many there are.
    checkpoint_dir : Path, optional
        Where every epoch is saved. A fit that was killed goes on from there, and ends in the same
        bytes as one that was not.
    cache_dir : Path, optional
        See :func:`lacunar.traits.data.image_cache.default_cache_dir`.
    processes : ProcessGroup
        Processes that all call this with the same arguments and get the same model; see
        :func:`lacunar.traits.training.distributed.joined`.

    Raises
    ------
    InputError
        If PyTorch is missing, settings contradict each other, there are too few images, an
        attribute is known of none that is trained on, an image cannot be read, the loss is no
        number, the checkpoint is of another fit, or processes were given different things or lost
        one of them.
    """
    require_torch()
    from lacunar.traits.networks.build import restore_networks
    from lacunar.traits.networks.device import choose_device, choose_precision, one_thread
    from lacunar.traits.training.distributed_inference import predict_together

    config = config or TraitsConfig()
    if config.folds and config.refit and config.chooses_epoch:
        raise InputError(
            f"expected 0 where images choose the epoch (preset {config.preset}), got"
            f" {config.refit}: networks trained on all images have none left to choose by",
            field="refit",
        )
    if test is not None:
        check_attributes(train.schema, test)
    splits = _splits(train, config)
    nothing: Rows = np.empty(0, np.intp)
    refits = [(np.arange(len(train)), nothing)] * (config.n_networks - len(splits))
    processes.take_device(config.device)
    device = choose_device(config.device)
    precision = str(choose_precision(config.precision, device)).removeprefix("torch.")
    versions = {name: version(name) for name in _LIBRARIES}
    processes.wait_for_all()
    processes.check_same(
        {
            "settings": digest_of(config.model_dump(mode="json")),
            "versions of libraries": versions,
            "devices": f"{device.type} in {precision}",
            **what_labels_tell(train, test),
        }
    )
    images, test_images = decode_parts(
        processes, train, test, config, cache_dir=cache_dir, reading=reading
    )
    digest = fingerprint(train, images)
    start = None if config.starts_from == "random" else read_start(config.starts_from)
    begun = [] if start is None else [start.digest]
    specs = [
        _network_spec(config, number, fitted, others, [digest, versions, *begun], checkpoint_dir)
        for number, (fitted, others) in enumerate([*splits, *refits])
    ]
    trained = train_networks(
        TrainingTask(images, train.labels, train.schema, start, cache_dir),
        specs,
        workers=workers,
        progress=progress,
        processes=processes,
    )
    judges, answering = trained[: len(splits)], trained[len(splits) if refits else 0 :]
    states = [network.state for network in answering]
    out_of_fold = gather_out_of_fold(
        train.schema,
        len(train),
        [others for _, others in splits],
        [network.logits for network in judges],
        n_networks=len(states),
    )
    rows = out_of_fold.rows
    calibrator = Calibrator.learn(out_of_fold, train.labels, wanted_accuracy=config.wanted_accuracy)
    part = config.evaluated_split
    # With folds every image is fitted to by some networks and judged by others.
    labels_of = {"train": train.labels}
    if not config.folds:
        labels_of = {"train": train.labels[splits[0][0]], part: train.labels[rows]}
    answered: dict[str, tuple[NDArray[np.int64], Logits, list[NDArray[np.float64]]]] = {
        part: (train.labels[rows], out_of_fold.pooled(), out_of_fold.calibrated(train.labels))
    }
    together = restore_networks(config, train.schema, states)
    if test is not None:
        assert test_images is not None
        # As the networks of the folds were trained and asked.
        with one_thread() if config.folds else nullcontext():
            logits = predict_together(processes, together, test_images)
        answered["test"] = (test.labels, logits, calibrated(logits, calibrator.temperatures))
        labels_of["test"] = test.labels
    counts = {name: count_labels(labels, train.schema) for name, labels in labels_of.items()}
    largest = largest_classes(counts["train"])
    model = TraitsModel(
        config=config,
        schema=train.schema,
        fingerprint=digest,
        states=tuple(states),
        layers=tuple(layer_table(together.networks[0], height=config.height, width=config.width)),
        histories=tuple(network.history for network in judges),
        intake={"train": train.intake} | ({} if test is None else {"test": test.intake}),
        counts=counts,
        evaluations={
            name: evaluate_answers(train.schema, labels, answers(logits), largest, seed=config.seed)
            for name, (labels, logits, _) in answered.items()
        },
        confidences={
            name: calibrator.measure(train.schema, labels, logits, after, seed=config.seed)
            for name, (labels, logits, after) in answered.items()
        },
        out_of_fold=out_of_fold,
        calibrator=calibrator,
        versions=versions,
        start=None if start is None else start.told(train.schema),
        machine=Machine(device.type, precision, processes.size),
    )
    points = {
        name: operating_points_of(labels, after, model.shares)
        for name, (labels, _, after) in answered.items()
    }
    return replace(model, operating_points=points)


def has_checkpoints(folder: Path) -> bool:
    """Whether a fit has saved an epoch of any of its networks."""
    from lacunar.traits.training.checkpoint import has_checkpoint

    return any(map(has_checkpoint, (folder, *folder.glob("network-*"))))


def remove_checkpoints(folder: Path) -> None:
    """Take away what a fit wrote to be able to go on."""
    from lacunar.traits.training.checkpoint import remove_checkpoint

    for own in sorted(folder.glob("network-*")):
        remove_checkpoint(own)
    remove_checkpoint(folder)


def _splits(dataset: LabelledImages, config: TraitsConfig) -> list[tuple[Rows, Rows]]:
    """Rows that each network is fitted to, and rows that it is not."""
    if not config.folds:
        splits = [
            split_validation(
                dataset.labels,
                config.validation_size(len(dataset)),
                stratify=config.stratify,
                seed=config.seed,
                groups=dataset.groups,
            )
        ]
    else:
        fold_of = _folds(dataset, config)
        folds = range(config.folds)
        # Neighbouring folds, so that each image is left out by as many networks as any other.
        without = [
            np.isin(fold_of, (k + np.arange(config.folds_left_out)) % config.folds) for k in folds
        ]
        splits = [(np.flatnonzero(~left), np.flatnonzero(left)) for left in without]
    for fitted, others in splits:
        _check_split(dataset, fitted, others)
    return splits


def _folds(dataset: LabelledImages, config: TraitsConfig) -> Rows:
    n, folds = len(dataset), config.folds
    if n < 2 * folds:
        raise InputError(
            f"{dataset.source}: expected at least {2 * folds} images for {folds} folds, got {n}"
        )
    sizes = [n // folds + (fold < n % folds) for fold in range(folds)]
    labels = dataset.labels if config.stratify else np.full_like(dataset.labels, UNKNOWN)
    return stratified_folds(labels, sizes, seed=config.seed, groups=dataset.groups)


def _check_split(dataset: LabelledImages, fitted: Rows, others: Rows) -> None:
    if not len(fitted) or not len(others):
        raise InputError(
            f"{dataset.source}, column {dataset.schema.group_column}: expected groups of images"
            " that can be split into some to train on and some to validate, got one that is too"
            " large"
        )
    known = (dataset.labels[fitted] != UNKNOWN).any(axis=0)
    if not known.all():
        name = dataset.schema.names[int(known.argmin())]
        raise InputError(
            f"{dataset.source}: expected labels of {name} among the {len(fitted)} images to train"
            " on, got none; fewer images to validate, or stratified ones, may help"
        )


def _network_spec(
    config: TraitsConfig,
    number: int,
    fitted: Rows,
    others: Rows,
    origin: list[Any],
    checkpoint_dir: Path | None,
) -> NetworkSpec:
    """A network of several with a seed and a folder of its own, or the only one."""
    folder = checkpoint_dir
    if config.folds:
        seed = int(np.random.SeedSequence([config.seed, number]).generate_state(1)[0])
        config = config.model_copy(update={"seed": seed})
        folder = folder / f"network-{number}" if folder else None
    key = digest_of([*origin, config.model_dump(mode="json"), fitted.tolist()])
    return NetworkSpec(number, config, fitted, others, folder, key)
