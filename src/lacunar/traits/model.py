"""A fitted traits model: from labelled images to a network that answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.traits.arrays import ImageArray
from lacunar.traits.cache import load_images
from lacunar.traits.config import TraitsConfig
from lacunar.traits.counts import LabelCounts, count_labels, largest_classes
from lacunar.traits.dataset import Intake, LabelledImages
from lacunar.traits.evaluate import Evaluation, evaluate_answers
from lacunar.traits.history import Epoch
from lacunar.traits.layers import Layer, layer_table
from lacunar.traits.requirements import require_torch
from lacunar.traits.schema import UNKNOWN, Schema
from lacunar.traits.split import split_validation

_LIBRARIES = ("numpy", "pillow", "torch")


@dataclass(frozen=True)
class TraitsModel:
    """Everything a traits fit learned.

    Parameters
    ----------
    config : TraitsConfig
    schema : Schema
        A attributes.
    fingerprint : str
        SHA-256 of the images and labels of the training data.
    state : mapping of str to ndarray
        Weights and statistics of the network, at the epoch with the lowest validation loss.
    layers : tuple of Layer
        Of the network, in the order in which an image passes them.
    history : tuple of Epoch
    intake : dict of str to Intake
        What reading the parts ``train``, which validates as well, and ``test`` found.
    counts : dict of str to LabelCounts
        Labels of the parts ``train``, ``validation`` and, where it was given, ``test``.
    evaluations : dict of str to Evaluation
        Of the parts ``validation``, which chose the epoch, and ``test``, which chose nothing.
    versions : dict of str to str
        Libraries that the weights came from.
    """

    config: TraitsConfig
    schema: Schema
    fingerprint: str
    state: Mapping[str, NDArray[Any]]
    layers: tuple[Layer, ...]
    history: tuple[Epoch, ...]
    intake: dict[str, Intake]
    counts: dict[str, LabelCounts]
    evaluations: dict[str, Evaluation]
    versions: dict[str, str]

    def on_device(self, device: str) -> TraitsModel:
        """Return the same model, to answer on another device; see :class:`TraitsConfig`."""
        config = self.config.model_copy(update={"device": device})
        return replace(self, config=config)


def fit_traits(
    train: LabelledImages,
    config: TraitsConfig | None = None,
    *,
    test: LabelledImages | None = None,
    progress: Callable[[Epoch], None] | None = None,
    reading: Callable[[int, int], None] | None = None,
    checkpoint_dir: Path | None = None,
    cache_dir: Path | None = None,
) -> TraitsModel:
    """Learn attributes from labelled images.

    Parameters
    ----------
    train : LabelledImages
        Some of them validate: they choose the epoch, no weight is fitted to them.
    config : TraitsConfig, optional
    test : LabelledImages, optional
        Evaluated at the end; nothing is learned from them.
    progress : callable, optional
        Called with each epoch.
    reading : callable, optional
        Called with the images that are decoded and how many there are.
    checkpoint_dir : Path, optional
        Where every epoch is saved. A fit that was killed goes on from there, and ends in the same
        bytes as one that was not.
    cache_dir : Path, optional
        See :func:`lacunar.traits.cache.default_cache_dir`.

    Raises
    ------
    InputError
        If PyTorch is missing, there are too few images, an attribute is known of none that is
        trained on, an image cannot be read, the loss is no number, or the checkpoint is of
        another fit.
    """
    require_torch()
    from lacunar.traits.networks import restore_network
    from lacunar.traits.training import TrainingData, train_network

    config = config or TraitsConfig()
    if test is not None:
        _check_attributes(train.schema, test)
    rows = _split(train, config)
    images = _load(train, config, cache_dir, reading)
    versions = {name: version(name) for name in _LIBRARIES}
    digest = fingerprint(train, images)
    state, history = train_network(
        TrainingData(images, train.labels, rows["train"], rows["validation"]),
        train.schema,
        config,
        progress=progress,
        checkpoint_dir=checkpoint_dir,
        key=_digest([digest, config.model_dump(mode="json"), versions]),
    )
    parts = [(part, images, train.labels, chosen) for part, chosen in rows.items()]
    if test is not None:
        read = _load(test, config, cache_dir, reading)
        parts.append(("test", read, test.labels, np.arange(len(test))))
    counts = {part: count_labels(labels[chosen], train.schema) for part, _, labels, chosen in parts}
    evaluations = {
        part: evaluate_answers(
            train.schema,
            labels[chosen],
            _answers(config, train.schema, state, array, chosen),
            largest_classes(counts["train"]),
            seed=config.seed,
        )
        for part, array, labels, chosen in parts
        if part != "train"
    }
    return TraitsModel(
        config=config,
        schema=train.schema,
        fingerprint=digest,
        state=state,
        layers=tuple(
            layer_table(
                restore_network(config, train.schema, state),
                height=config.height,
                width=config.width,
            )
        ),
        history=tuple(history),
        intake={"train": train.intake} | ({} if test is None else {"test": test.intake}),
        counts=counts,
        evaluations=evaluations,
        versions=versions,
    )


def evaluate_traits(
    model: TraitsModel,
    dataset: LabelledImages,
    *,
    reading: Callable[[int, int], None] | None = None,
    cache_dir: Path | None = None,
) -> Evaluation:
    """Compare the model's answers with the labels of a data set.

    Parameters
    ----------
    model : TraitsModel
    dataset : LabelledImages
        With the model's attributes; its columns may have other names.
    reading, cache_dir : optional
        See :func:`fit_traits`.

    Raises
    ------
    InputError
        If PyTorch is missing, the data have other attributes or classes than the model, or an
        image cannot be read.
    """
    require_torch()
    _check_attributes(model.schema, dataset)
    images = _load(dataset, model.config, cache_dir, reading)
    return evaluate_answers(
        model.schema,
        dataset.labels,
        _answers(model.config, model.schema, model.state, images, np.arange(len(dataset))),
        largest_classes(model.counts["train"]),
        seed=model.config.seed,
    )


def predict_traits(model: TraitsModel, images: ImageArray) -> list[NDArray[np.float64]]:
    """Probabilities of the classes of each attribute.

    Parameters
    ----------
    model : TraitsModel
        A attributes of C_a classes.
    images : ImageArray
        N images in the frame that ``model.config`` names.

    Returns
    -------
    list of A float64 arrays of shape (N, C_a)

    Raises
    ------
    InputError
        If PyTorch is missing, or the frame is another.
    """
    require_torch()
    from lacunar.traits.networks import restore_network
    from lacunar.traits.predict import predict_logits, probabilities

    frame = (model.config.height, model.config.width)
    if images.pixels.shape[1:3] != frame:
        raise InputError(f"expected images of {frame}, got {images.pixels.shape[1:3]}")
    network = restore_network(model.config, model.schema, model.state)
    return probabilities(predict_logits(network, images))


def fingerprint(dataset: LabelledImages, images: ImageArray) -> str:
    """SHA-256 of what a fit can see of labelled images: pixels, labels, groups, schema."""
    groups = None if dataset.groups is None else dataset.groups.tolist()
    return _digest([images.key, dataset.labels.tolist(), groups, dataset.schema.to_dict()])


def _split(dataset: LabelledImages, config: TraitsConfig) -> dict[str, NDArray[np.intp]]:
    train, validation = split_validation(
        dataset.labels,
        config.validation_size(len(dataset)),
        stratify=config.stratify,
        seed=config.seed,
        groups=dataset.groups,
    )
    if not len(train) or not len(validation):
        raise InputError(
            f"{dataset.source}, column {dataset.schema.group_column}: expected groups of images"
            " that can be split into some to train on and some to validate, got one that is too"
            " large"
        )
    known = (dataset.labels[train] != UNKNOWN).any(axis=0)
    if not known.all():
        name = dataset.schema.names[int(known.argmin())]
        raise InputError(
            f"{dataset.source}: expected labels of {name} among the {len(train)} images to train"
            " on, got none; fewer images to validate, or stratified ones, may help"
        )
    return {"train": train, "validation": validation}


def _load(
    dataset: LabelledImages,
    config: TraitsConfig,
    cache_dir: Path | None,
    reading: Callable[[int, int], None] | None,
) -> ImageArray:
    return load_images(
        dataset,
        height=config.height,
        width=config.width,
        cache_dir=cache_dir,
        progress=reading,
    )


def _answers(
    config: TraitsConfig,
    schema: Schema,
    state: Mapping[str, NDArray[Any]],
    images: ImageArray,
    rows: NDArray[np.intp],
) -> NDArray[np.int64]:
    """Most probable class of each attribute, shape (n, A)."""
    from lacunar.traits.networks import restore_network
    from lacunar.traits.predict import predict_logits

    logits = predict_logits(restore_network(config, schema, state), images, rows)
    return np.stack([output.argmax(axis=1) for output in logits], axis=1)


def _check_attributes(schema: Schema, dataset: LabelledImages) -> None:
    expected = {attribute.name: attribute.classes for attribute in schema.attributes}
    got = {attribute.name: attribute.classes for attribute in dataset.schema.attributes}
    if list(expected.items()) != list(got.items()):
        odd = next((name for name in expected if expected[name] != got.get(name)), "their order")
        raise InputError(
            f"{dataset.source}: expected the attributes and classes that were trained on,"
            f" {', '.join(expected)}; got {', '.join(got)}, which differ in {odd}"
        )


def _digest(document: Any) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
