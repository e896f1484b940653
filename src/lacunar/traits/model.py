"""A fitted traits model, and what it says of images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.traits.confidence.calibrator import Calibrator
from lacunar.traits.confidence.measures import Confidence
from lacunar.traits.confidence.out_of_fold import OutOfFold
from lacunar.traits.confidence.temperature import calibrated
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.class_balance import ClassShares
from lacunar.traits.data.dataset import Intake, LabelledImages
from lacunar.traits.data.fingerprint import check_attributes, fingerprint
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.image_cache import load_images
from lacunar.traits.data.label_counts import LabelCounts, largest_classes
from lacunar.traits.data.schema import Schema
from lacunar.traits.environment import Machine, require_torch
from lacunar.traits.evaluate.evaluation import Evaluation, evaluate_answers
from lacunar.traits.evaluate.operating_points import OperatingPoints, operating_points_of
from lacunar.traits.networks.layer_table import Layer
from lacunar.traits.networks.pretrained import Start
from lacunar.traits.training.history import Epoch, mean_history

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
    states : tuple of mapping of str to ndarray
        Weights and statistics of each network, at its kept epoch; all answer together.
    layers : tuple of Layer
        Of one network, in the order in which an image passes them.
    histories : tuple of tuple of Epoch
        Of each network that some images validate: those of the folds, or the one.
    intake : dict of str to Intake
        What reading the parts ``train``, which validates as well, and ``test`` found.
    counts : dict of str to LabelCounts
        Labels of the parts ``train``, without folds ``validation`` and, where it was given,
        ``test``.
    evaluations : dict of str to Evaluation
        Of ``out-of-fold``, the training images, each answered by the networks that were trained
        without it; or, without folds, of ``validation``, which chose the epoch where the schedule
        is constant. And of ``test``, which chose nothing.
    confidences : dict of str to tuple of A Confidence
        How far the probabilities of the same parts can be trusted.
    out_of_fold : OutOfFold
        What networks say of the training images that they were trained without.
    calibrator : Calibrator
        What makes probabilities of logits, and keeps back answers.
    versions : dict of str to str
        Libraries that the weights came from.
    operating_points : dict of str to OperatingPoints
        Of the same parts as ``evaluations``, or of none.
    start : Start, optional
        What weights started from; without it they were drawn at random.
    machine : Machine, optional
        What the networks were trained on, where that is known.
    """

    config: TraitsConfig
    schema: Schema
    fingerprint: str
    states: tuple[Mapping[str, NDArray[Any]], ...]
    layers: tuple[Layer, ...]
    histories: tuple[tuple[Epoch, ...], ...]
    intake: dict[str, Intake]
    counts: dict[str, LabelCounts]
    evaluations: dict[str, Evaluation]
    confidences: dict[str, tuple[Confidence, ...]]
    out_of_fold: OutOfFold
    calibrator: Calibrator
    versions: dict[str, str]
    operating_points: dict[str, OperatingPoints] = field(default_factory=dict)
    start: Start | None = None
    machine: Machine | None = None

    @property
    def shares(self) -> ClassShares:
        """How frequent classes are among the training labels, and where the networks answer."""
        return ClassShares.of_counts(
            self.counts["train"],
            smoothing=self.config.label_smoothing,
            tau=self.config.logit_adjustment,
        )

    @property
    def history(self) -> tuple[Epoch, ...]:
        """Epochs of the networks as those of one."""
        return mean_history(self.histories)

    def on_device(self, device: str) -> TraitsModel:
        """Return the same model, to answer on another device; see :class:`TraitsConfig`."""
        config = self.config.model_copy(update={"device": device})
        return replace(self, config=config)


class EvaluationResult(NamedTuple):
    """What labels say of answers.

    Parameters
    ----------
    evaluation : Evaluation
    confidence : tuple of A Confidence
    operating_points : OperatingPoints
    """

    evaluation: Evaluation
    confidence: tuple[Confidence, ...]
    operating_points: OperatingPoints


def evaluate_traits(
    model: TraitsModel,
    dataset: LabelledImages,
    *,
    reading: Callable[[int, int], None] | None = None,
    cache_dir: Path | None = None,
) -> EvaluationResult:
    """Hold the model's answers, and how sure it is of them, against the labels of a data set.

    Parameters
    ----------
    model : TraitsModel
    dataset : LabelledImages
        With the model's attributes; its columns may have other names.
    reading, cache_dir : optional
        See :func:`lacunar.traits.fit.fit_traits`.

    Returns
    -------
    EvaluationResult

    Raises
    ------
    InputError
        If PyTorch is missing, the data have other attributes or classes than the model, or an
        image cannot be read.
    """
    require_torch()
    check_attributes(model.schema, dataset)
    images = load_frames(dataset, model.config, cache_dir=cache_dir, reading=reading)
    logits = _logits(model, images)
    evaluation = evaluate_answers(
        model.schema,
        dataset.labels,
        answers(logits),
        largest_classes(model.counts["train"]),
        seed=model.config.seed,
    )
    probabilities = calibrated(logits, model.calibrator.temperatures)
    confidence = model.calibrator.measure(
        model.schema, dataset.labels, logits, probabilities, seed=model.config.seed
    )
    points = operating_points_of(dataset.labels, probabilities, model.shares)
    return EvaluationResult(evaluation, confidence, points)


def predict_traits(model: TraitsModel, images: ImageArray) -> list[NDArray[np.float64]]:
    """Calibrated probabilities of the classes of each attribute.

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
    frame = (model.config.height, model.config.width)
    if images.pixels.shape[1:3] != frame:
        raise InputError(f"expected images of {frame}, got {images.pixels.shape[1:3]}")
    return calibrated(_logits(model, images), model.calibrator.temperatures)


def fitted_frames(
    model: TraitsModel, dataset: LabelledImages, *, cache_dir: Path | None = None
) -> ImageArray:
    """Decode the images that a model was fitted to, or find them decoded.

    Raises
    ------
    InputError
        If the images or labels are others.
    """
    images = load_frames(dataset, model.config, cache_dir=cache_dir)
    if fingerprint(dataset, images) != model.fingerprint:
        raise InputError(
            f"{dataset.source}: expected the images and labels that the model was fitted to,"
            " got others"
        )
    return images


def answers(probabilities: Sequence[NDArray[np.floating]]) -> NDArray[np.int64]:
    """Most probable class of each attribute: A arrays (n, C_a) -> (n, A)."""
    return np.stack([output.argmax(axis=1) for output in probabilities], axis=1)


def load_frames(
    dataset: LabelledImages,
    config: TraitsConfig,
    *,
    cache_dir: Path | None = None,
    reading: Callable[[int, int], None] | None = None,
) -> ImageArray:
    """Decode a data set as a config wants its images, or find it decoded."""
    return load_images(
        dataset,
        height=config.height,
        width=config.width,
        fit=config.fit,
        cache_dir=cache_dir,
        progress=reading,
    )


def _logits(model: TraitsModel, images: ImageArray) -> list[NDArray[np.float32]]:
    from lacunar.traits.networks.build import restore_networks
    from lacunar.traits.networks.inference import predict_logits

    networks = restore_networks(model.config, model.schema, model.states)
    return predict_logits(networks, images)
