"""A fitted traits model, its evaluation and its predictions for decoded images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import StepProgress
from lacunar.errors import InputError
from lacunar.frames import FrameKind
from lacunar.reprs import html_table, short_repr
from lacunar.traits.confidence.calibrator import Calibrator
from lacunar.traits.confidence.measures import Confidence
from lacunar.traits.confidence.out_of_fold import OutOfFold
from lacunar.traits.confidence.temperature import calibrated
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.class_balance import ClassShares
from lacunar.traits.data.dataset import Intake, LabelledImages
from lacunar.traits.data.fingerprint import check_attributes
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.image_inputs import ImageInputs
from lacunar.traits.data.label_counts import LabelCounts, largest_classes
from lacunar.traits.data.schema import Schema
from lacunar.traits.environment import Machine, require_torch
from lacunar.traits.evaluate.evaluation import Evaluation, evaluate_answers
from lacunar.traits.evaluate.operating_points import OperatingPoints, operating_points_of
from lacunar.traits.networks.layer_table import Layer
from lacunar.traits.networks.pretrained import Start
from lacunar.traits.plots import EvaluationPlots, TraitsPlots
from lacunar.traits.predict.embedding import embed_images
from lacunar.traits.predict.fitted_model import load_frames
from lacunar.traits.predict.prediction_frame import predictions_frame
from lacunar.traits.training.history import Epoch, mean_history

if TYPE_CHECKING:
    from lacunar.traits.predict.torch_predictor import ProbabilityNetwork, TorchTraits


@dataclass(frozen=True)
class TraitsModel:
    """A fitted traits model: networks, calibration and evaluation.

    :func:`lacunar.fit_traits` makes one, :func:`lacunar.save_traits` and
    :func:`lacunar.load_traits` save and load one. :func:`lacunar.evaluate_traits` evaluates it on
    other data.

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

    Predictions for images, here for three black ones, and for the two people on them:

    >>> photos = np.zeros((3, 40, 24, 3), np.uint8)
    >>> frame = model.predict(photos)
    >>> frame.num_rows, frame.column_names[:4]
    (3, ['image', 'gender', 'gender_probability', 'torso_type'])
    >>> people = model.predict(photos, groups=["ann", "bob", "ann"])
    >>> people.select(["group", "images"]).to_pylist()
    [{'group': 'ann', 'images': 2}, {'group': 'bob', 'images': 1}]
    >>> model.embed(photos).shape
    (3, 1088)
    >>> import torch
    >>> [probabilities.shape for probabilities in model.network(torch.rand(1, 3, 40, 24))[:1]]
    [torch.Size([1, 2])]
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

    def __repr__(self) -> str:
        return short_repr("TraitsModel", [self._networks, *self._evaluated, self._attributes])

    def _repr_html_(self) -> str:
        rows = [("Attributes", self._attributes), ("Networks", self._networks)]
        rows += [("Evaluation", sentence) for sentence in self._evaluated]
        return html_table("Traits model", [], rows)

    @property
    def _attributes(self) -> str:
        names = self.schema.names
        return f"{len(names)} attributes ({', '.join(names)})"

    @property
    def _networks(self) -> str:
        size = f"images of {self.config.height} x {self.config.width} pixels"
        several = "s" * (len(self.states) != 1)
        return f"{len(self.states)} network{several} ({self.config.network}) for {size}"

    @property
    def _evaluated(self) -> list[str]:
        return [
            f"mean accuracy {evaluation.scores[-1, 0]:.3f} on {split} images"
            for split, evaluation in self.evaluations.items()
        ]

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

    @property
    def network(self) -> ProbabilityNetwork:
        """A new PyTorch module of the model's whole computation.

        It takes float images in 0..1 of shape (B, 3, height, width), RGB, and returns A tensors of
        calibrated probabilities (B, C_a). It is in evaluation mode, on the device of the config.
        ``network.network.networks`` are the networks of the ensemble, which return logits. Each
        access makes a new one: training it does not change the model.

        """
        require_torch()
        from lacunar.traits.predict.torch_predictor import probability_module

        return probability_module(self)

    def predict(
        self,
        images: ImageInputs,
        *,
        groups: Iterable[Any] | None = None,
        kind: FrameKind = "pyarrow",
        all_probabilities: bool = False,
        progress: StepProgress | None = None,
    ) -> Any:
        """Predict the attributes of images as a frame.

        Parameters
        ----------
        images : image, or iterable of N images
            Paths of JPEG, PNG, WEBP or BMP files or of folders of such files; or Pillow images,
            uint8 arrays of shape (H, W, 3) or (H, W), or the contents of files as bytes. One array
            of shape (N, H, W, 3) is N images.
        groups : iterable of N ids, optional
            What belongs together, such as the person on each image. The images of a group get one
            answer: the class with the highest mean of their calibrated probabilities. Abstention
            compares this mean with the threshold for single images.
        kind : {"pyarrow", "pandas", "polars"}
            Library of the frame.
        all_probabilities : bool
            Add the probability of every class: ``NAME_probability_CLASS``.
        progress : callable, optional
            Called with the number of images done and N.

        Returns
        -------
        Table or DataFrame
            One row per image, in the given order: ``image``, the path as text, or ``image 0`` and
            so on for images in memory. With groups one row per group, in the order of their first
            images: ``group`` and ``images``, the number of its images. For each attribute ``NAME``,
            the predicted class, or null if the model abstains, and ``NAME_probability``, the
            calibrated probability of that class, also if the model abstains.

        Raises
        ------
        InputError
            If PyTorch is missing, for the first input that is not an image, if two columns would
            have the same name, or if there is not one group for each image.

        See Also
        --------
        lacunar.predict_files : Probabilities of all classes as arrays.

        """
        return predictions_frame(
            self._predictor,
            images,
            groups=groups,
            kind=kind,
            all_probabilities=all_probabilities,
            progress=progress,
        )

    def embed(
        self, images: ImageInputs, *, progress: StepProgress | None = None
    ) -> NDArray[np.float32]:
        """Compute features of images: what the last layers of the networks read.

        Images with close features get close answers. The features suit searches for similar
        images, clustering, and classifiers of other attributes. Those of two models cannot be
        compared, not even of two fits to the same images.

        Parameters
        ----------
        images, progress
            See :meth:`predict`.

        Returns
        -------
        float32 array of shape (N, d)
            The features of the first network, then those of the second, and so on. With
            ``config.mirror`` each is the mean over an image and its mirror image. Of a network
            ``stripes``, for each attribute the 32 features of its stripes and the
            ``4 * config.filters`` features that it attends to; then, with ``config.colours``, 512
            of colours. Of a network ``source`` or ``shared-dense``, 256 for each dense layer.

        Raises
        ------
        InputError
            If PyTorch is missing, or for the first input that is not an image.

        """
        return embed_images(self._predictor, images, progress=progress)

    @cached_property
    def _predictor(self) -> TorchTraits:
        require_torch()
        from lacunar.traits.predict.torch_predictor import TorchTraits

        return TorchTraits(self)

    def __getstate__(self) -> dict[str, Any]:
        """The fields, without restored networks, which may be on another machine's device."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

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

    def __repr__(self) -> str:
        return short_repr("EvaluationResult", self.evaluation.facts)

    def _repr_html_(self) -> str:
        return self.evaluation._repr_html_()

    @property
    def plot(self) -> EvaluationPlots:
        """The plots of the evaluation: ``.reliability(attribute)`` and others."""
        return EvaluationPlots(self.evaluation, self.confidence, "images")

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
