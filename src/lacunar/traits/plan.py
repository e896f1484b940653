"""Cross-validation splits of the training images, and the specifications of the networks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.fingerprint import digest_of
from lacunar.traits.data.folds import split_validation, stratified_folds
from lacunar.traits.data.schema import UNKNOWN
from lacunar.traits.training.workers import NetworkSpec

Rows = NDArray[np.intp]


class Split(NamedTuple):
    """Rows of the training images of one network.

    Parameters
    ----------
    fitted : int array
        Rows that weights are fitted to.
    held_out : int array
        Rows that the network is validated on; empty if it is fitted to all images.
    """

    fitted: Rows
    held_out: Rows


def plan_splits(dataset: LabelledImages, config: TraitsConfig) -> list[Split]:
    """Split the images into folds, or once into training and validation images.

    Parameters
    ----------
    dataset : LabelledImages
    config : TraitsConfig

    Returns
    -------
    list of Split
        One for each network that has held-out images: one for each fold, or a single one.

    Raises
    ------
    InputError
        If there are too few images, the groups cannot be split, or the images to train on have no
        known label of an attribute.
    """
    splits = _cross_validation(dataset, config) if config.folds else [_validation(dataset, config)]
    for split in splits:
        _check_split(dataset, split)
    return splits


def plan_networks(
    splits: Sequence[Split],
    n_images: int,
    config: TraitsConfig,
    *,
    origin: Sequence[Any],
    checkpoint_dir: Path | None = None,
) -> list[NetworkSpec]:
    """Specify a network for each split, then the networks that are trained on all images.

    Parameters
    ----------
    splits : sequence of Split
    n_images : int
        Number of training images.
    config : TraitsConfig
    origin : sequence of JSON documents
        Everything apart from the settings and the rows that determines the weights. It becomes
        part of the keys of the checkpoints.
    checkpoint_dir : Path, optional

    Returns
    -------
    list of NetworkSpec
        With folds each has its own seed and its own folder for checkpoints.
    """
    everything = Split(np.arange(n_images), np.empty(0, np.intp))
    planned = [*splits, *[everything] * (config.n_networks - len(splits))]
    specs = []
    for number, (fitted, held_out) in enumerate(planned):
        own, folder = config, checkpoint_dir
        if config.folds:
            seed = int(np.random.SeedSequence([config.seed, number]).generate_state(1)[0])
            own = config.model_copy(update={"seed": seed})
            folder = folder / f"network-{number}" if folder else None
        key = digest_of([*origin, own.model_dump(mode="json"), fitted.tolist()])
        specs.append(NetworkSpec(number, own, fitted, held_out, folder, key))
    return specs


def _validation(dataset: LabelledImages, config: TraitsConfig) -> Split:
    return Split(
        *split_validation(
            dataset.labels,
            config.validation_size(len(dataset)),
            stratify=config.stratify,
            seed=config.seed,
            groups=dataset.groups,
        )
    )


def _cross_validation(dataset: LabelledImages, config: TraitsConfig) -> list[Split]:
    n, folds = len(dataset), config.folds
    if n < 2 * folds:
        raise InputError(
            f"{dataset.origin}: expected at least {2 * folds} images for {folds} folds, got {n}"
        )
    sizes = [n // folds + (fold < n % folds) for fold in range(folds)]
    labels = dataset.labels if config.stratify else np.full_like(dataset.labels, UNKNOWN)
    fold_of = stratified_folds(labels, sizes, seed=config.seed, groups=dataset.groups)
    # Consecutive folds, so that every image is held out by the same number of networks.
    held_out = [
        np.isin(fold_of, (k + np.arange(config.folds_left_out)) % folds) for k in range(folds)
    ]
    return [Split(np.flatnonzero(~rows), np.flatnonzero(rows)) for rows in held_out]


def _check_split(dataset: LabelledImages, split: Split) -> None:
    if not len(split.fitted) or not len(split.held_out):
        raise InputError(
            f"{dataset.origin}, column {dataset.schema.group_column}: expected groups of images"
            " that can be split into some to train on and some to validate, got one that is too"
            " large"
        )
    known = (dataset.labels[split.fitted] != UNKNOWN).any(axis=0)
    if not known.all():
        name = dataset.schema.names[int(known.argmin())]
        raise InputError(
            f"{dataset.origin}: expected labels of {name} among the {len(split.fitted)} images to"
            " train on, got none; fewer images to validate, or stratified ones, may help"
        )
