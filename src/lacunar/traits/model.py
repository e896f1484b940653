"""A fitted traits model, its evaluation and its predictions for decoded images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.frames import FrameKind
from lacunar.traits.confidence.calibrator import Calibrator
from lacunar.traits.confidence.measures import Confidence
from lacunar.traits.confidence.out_of_fold import OutOfFold
from lacunar.traits.confidence.temperature import calibrated
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.class_balance import ClassShares
from lacunar.traits.data.dataset import Intake, LabelledImages
from lacunar.traits.data.fingerprint import check_attributes
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.label_counts import LabelCounts, largest_classes
from lacunar.traits.data.schema import Schema
from lacunar.traits.environment import Machine, require_torch
from lacunar.traits.evaluate.evaluation import Evaluation, evaluate_answers
from lacunar.traits.evaluate.operating_points import OperatingPoints, operating_points_of
from lacunar.traits.networks.layer_table import Layer
from lacunar.traits.networks.pretrained import Start
from lacunar.traits.plots import EvaluationPlots, TraitsPlots
from lacunar.traits.predict.fitted_model import load_frames
from lacunar.traits.training.history import Epoch, mean_history

_LIBRARIES = ("numpy", "pillow", "torch")


@dataclass(frozen=True)
class TraitsModel:
    """A fitted traits model: networks, calibration and evaluation.

    :func:`lacunar.fit_traits` makes one, :func:`lacunar.save_traits` and
    :func:`lacunar.load_traits` save and load one. It predicts with :func:`lacunar.predict_files`,
    and is evaluated on other data with :func:`lacunar.evaluate_traits`.

    Parameters
    ----------
    config : TraitsConfig
    schema : Schema
        A attributes.
    fingerprint : str
        SHA-256 of the images and labels of the training data.
    states : tuple of mapping of str to ndarray
        Weights and batch statistics of each network, at its kept epoch. The networks predict
        together, as an ensemble.
    layers : tuple of Layer
        The layers of one network, in the order of a forward pass.
    histories : tuple of tuple of Epoch
        The training history of each network with validation images: the networks of the folds, or
        the only one.
    intake : dict of str to Intake
        Counts from reading the parts ``train``, which includes validation images, and ``test``.
    counts : dict of str to LabelCounts
        Label counts of the parts ``train``, ``validation`` if there are no folds, and ``test`` if
        it was given.
    evaluations : dict of str to Evaluation
        Of ``out-of-fold``: the training images, each predicted by the networks that were trained
        without it. Without folds, of ``validation`` instead, whose images chose the epoch if the
        learning rate schedule is constant. And of ``test``, which had no influence on the model.
    confidences : dict of str to tuple of A Confidence
        Calibration and abstention on the same parts.
    out_of_fold : OutOfFold
        Logits of the training images, each from the networks that were trained without it.
    calibrator : Calibrator
        Temperatures and abstention thresholds.
    versions : dict of str to str
        Versions of the libraries that made the weights.
    operating_points : dict of str to OperatingPoints
        Scores on the same parts as ``evaluations``; empty in a model of an older version.
    start : Start, optional
        The pretrained weights that training started from; None for random weights.
    machine : Machine, optional
        The machine that trained the networks, if known.

    Examples
    --------
    A small data set of drawn people, and one epoch of training:

    >>> import tempfile
    >>> from lacunar import TraitsConfig, fit_traits, read_dataset
    >>> from lacunar.datasets import sample_people, write_people
    >>> config = TraitsConfig(height=40, width=24, folds=0, max_epochs=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_people(sample_people(n_train=12, n_test=4), Path(folder))
    ...     train = read_dataset(folder)
    ...     model = fit_traits(train, config, cache_dir=Path(folder, "cache"))
    >>> len(model.states), len(model.history), list(model.evaluations)
    (1, 1, ['validation'])
    >>> model.schema.names
    ('gender', 'torso_type', 'torso_colour', 'leg_type', 'leg_colour', 'luggage')
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
        """Class frequencies of the training labels, and the operating point of the networks."""
        return ClassShares.of_counts(
            self.counts["train"],
            smoothing=self.config.label_smoothing,
            tau=self.config.logit_adjustment,
        )

    @property
    def history(self) -> tuple[Epoch, ...]:
        """Mean training history of the networks, by epoch."""
        return mean_history(self.histories)

    @property
    def reported_split(self) -> str:
        """The test split if it was evaluated, else the evaluated split of the training data."""
        return "test" if "test" in self.evaluations else self.config.evaluated_split

    @property
    def plot(self) -> TraitsPlots:
        """The plots of the model: ``model.plot.history()`` and others; see :class:`TraitsPlots`."""
        part = self.reported_split
        return TraitsPlots(
            self.evaluations[part],
            self.confidences[part],
            f"{part} images",
            self.histories,
            self.config,
        )

    def on_device(self, device: str) -> TraitsModel:
        """The same model, to predict on another device; see :class:`TraitsConfig`."""
        config = self.config.model_copy(update={"device": device})
        return replace(self, config=config)


class EvaluationResult(NamedTuple):
    """Predictions of a model compared with labels.

    Parameters
    ----------
    evaluation : Evaluation
        Scores with confidence intervals, and confusion matrices.
    confidence : tuple of A Confidence
        Calibration and abstention.
    operating_points : OperatingPoints
        Scores of predictions that favour rare classes.
    """

    evaluation: Evaluation
    confidence: tuple[Confidence, ...]
    operating_points: OperatingPoints

    @property
    def plot(self) -> EvaluationPlots:
        """The plots of the evaluation: ``.reliability(attribute)`` and others."""
        return EvaluationPlots(self.evaluation, self.confidence)

    def to_frame(self, kind: FrameKind = "pyarrow") -> Any:
        """Return the scores as a frame: ``attribute``, ``metric``, ``value``, ``low``, ``high``.

        See :meth:`lacunar.traits.evaluate.evaluation.Evaluation.to_frame`.

        Parameters
        ----------
        kind : {"pyarrow", "pandas", "polars"}
            Library of the frame.
        """
        return self.evaluation.to_frame(kind)


def evaluate_traits(
    model: TraitsModel,
    dataset: LabelledImages,
    *,
    reading: Callable[[int, int], None] | None = None,
    cache_dir: Path | None = None,
) -> EvaluationResult:
    """Evaluate a model's predictions, and their calibration, on labelled images.

    Unknown labels are ignored. For an unbiased evaluation, the model must not have been fitted to
    these images.

    Parameters
    ----------
    model : TraitsModel
    dataset : LabelledImages
        With the model's attributes; its CSV columns may have other names.
    reading : callable, optional
        Called with the number of images decoded and the number of all.
    cache_dir : Path, optional
        Directory of decoded images; see
        :func:`lacunar.traits.data.image_cache.default_cache_dir`.

    Returns
    -------
    EvaluationResult

    Raises
    ------
    InputError
        If PyTorch is missing, the data have other attributes or classes than the model, or an
        image cannot be read.

    Examples
    --------
    A small data set of drawn people, and one epoch of training:

    >>> import tempfile
    >>> from lacunar import TraitsConfig, fit_traits, read_dataset
    >>> from lacunar.datasets import sample_people, write_people
    >>> config = TraitsConfig(height=40, width=24, folds=0, max_epochs=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_people(sample_people(n_train=12, n_test=4), Path(folder))
    ...     train, test = read_dataset(folder), read_dataset(folder, part="test")
    ...     model = fit_traits(train, config, cache_dir=Path(folder, "cache"))
    ...     result = evaluate_traits(model, test, cache_dir=Path(folder, "cache"))
    >>> result.evaluation.scores.shape  # 6 attributes and their mean; 4 scores
    (7, 4)
    >>> [one.name for one in result.confidence[:2]]
    ['gender', 'torso_type']
    >>> result.to_frame().column_names
    ['attribute', 'metric', 'value', 'low', 'high']
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
    """Predict the calibrated class probabilities of each attribute.

    Parameters
    ----------
    model : TraitsModel
        A attributes of C_a classes.
    images : ImageArray
        N images in the frame of ``model.config``.

    Returns
    -------
    list of A float64 arrays of shape (N, C_a)

    Raises
    ------
    InputError
        If PyTorch is missing, or the images are not in the model's frame.
    """
    require_torch()
    frame = (model.config.height, model.config.width)
    if images.pixels.shape[1:3] != frame:
        raise InputError(f"expected images of {frame}, got {images.pixels.shape[1:3]}")
    return calibrated(_logits(model, images), model.calibrator.temperatures)


def answers(probabilities: Sequence[NDArray[np.floating]]) -> NDArray[np.int64]:
    """Most probable class of each attribute: A arrays (n, C_a) -> (n, A)."""
    return np.stack([output.argmax(axis=1) for output in probabilities], axis=1)


def _logits(model: TraitsModel, images: ImageArray) -> list[NDArray[np.float32]]:
    from lacunar.traits.networks.build import restore_networks
    from lacunar.traits.networks.inference import predict_logits

    networks = restore_networks(model.config, model.schema, model.states)
    return predict_logits(networks, images)
