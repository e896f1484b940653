"""JSON schema of documents on models and predictions, for type checks and for the web API.

Keys may be added here, never renamed. Unknown values are null.
"""

from __future__ import annotations

from typing import Literal, NotRequired, final

# Before Python 3.12, pydantic, which checks the answers of the web API, accepts only this one.
from typing_extensions import TypedDict


class Figures(TypedDict):
    """Scores of an attribute, or their mean over the attributes."""

    accuracy: float | None
    macro_f1: float | None
    macro_f1_all: float | None
    balanced_accuracy: float | None


class Intervals(TypedDict):
    """Low and high end of the 95 % interval of each score."""

    accuracy: list[float | None]
    macro_f1: list[float | None]
    macro_f1_all: list[float | None]
    balanced_accuracy: list[float | None]


class LargestClass(Figures):
    """Scores for always predicting the largest class of the training labels."""

    label: str


class ClassFigures(TypedDict):
    """Scores of one class."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


class AttributeEvaluation(Figures):
    """Evaluation of one attribute."""

    known: int
    unknown: int
    confusion: list[list[int]]
    intervals: Intervals
    largest_class: LargestClass
    classes: list[ClassFigures]


class MeanEvaluation(Figures):
    """Means over the attributes."""

    intervals: Intervals
    largest_class: Figures


class EvaluationDocument(TypedDict):
    """See :func:`lacunar.traits.to_json.evaluation_document`."""

    outputs: dict[str, AttributeEvaluation]
    mean: MeanEvaluation
    interval_level: float


Measure = Literal[
    "ece", "ece_before", "ece_chance", "ece_width_10", "ece_width_10_before", "ece_width_15",
    "ece_width_15_before", "brier", "brier_before", "loss", "loss_before", "accuracy",
    "accuracy_at_80", "coverage", "kept_accuracy", "aurc",
]  # fmt: skip


class ConfidenceFigures(TypedDict):
    """Calibration and abstention of an attribute, or their mean."""

    ece: float | None
    ece_before: float | None
    ece_chance: float | None
    ece_width_10: float | None
    ece_width_10_before: float | None
    ece_width_15: float | None
    ece_width_15_before: float | None
    brier: float | None
    brier_before: float | None
    loss: float | None
    loss_before: float | None
    accuracy: float | None
    accuracy_at_80: float | None
    coverage: float | None
    kept_accuracy: float | None
    aurc: float | None


class AttributeConfidence(ConfidenceFigures):
    """Calibration and abstention of one attribute, with its temperature and threshold."""

    temperature: float
    threshold: float | None
    known: int
    unknown: int


class ConfidenceDocument(TypedDict):
    """See :func:`lacunar.traits.to_json.confidence_document`."""

    outputs: dict[str, AttributeConfidence]
    mean: ConfidenceFigures


class AttributeCounts(TypedDict):
    """Labels of one attribute in one part of the data."""

    unknown: int
    classes: dict[str, int]


CountsDocument = dict[str, AttributeCounts]


class IntakeDocument(TypedDict):
    """Counts from reading a part; see :class:`lacunar.traits.data.dataset.Intake`."""

    rows: int
    repeated: int
    unknown: dict[str, int]


class OperatingPoint(TypedDict):
    """Scores of predictions by probabilities divided by class frequencies to the power tau."""

    tau: float
    outputs: dict[str, Figures]
    mean: Figures


class OperatingPointsDocument(TypedDict):
    """See :func:`lacunar.traits.to_json.operating_points_document`."""

    as_answered: float
    points: list[OperatingPoint]


class StartDocument(TypedDict):
    """Pretrained weights; see :class:`lacunar.traits.networks.pretrained.Start`."""

    name: str
    digest: str
    attributes: list[str]


class MachineDocument(TypedDict):
    """Machine of the training; see :class:`lacunar.traits.environment.Machine`."""

    device: str
    precision: str
    processes: int


class FitDocument(TypedDict):
    """See :func:`lacunar.traits.to_json.fit_document`."""

    preset: str
    start: StartDocument | None
    machine: MachineDocument | None
    networks: int
    judges: int
    epochs: int
    kept_epoch: int | None
    validation_loss: float
    intake: dict[str, IntakeDocument]
    counts: dict[str, CountsDocument]
    evaluations: dict[str, EvaluationDocument]
    confidences: dict[str, ConfidenceDocument]
    operating_points: dict[str, OperatingPointsDocument]


class Answer(TypedDict):
    """Predicted class of one attribute, and whether the model abstains."""

    label: str
    probability: float
    abstain: bool
    probabilities: NotRequired[dict[str, float]]


@final
class Prediction(TypedDict):
    """Predictions for one image, by attribute."""

    image: str
    attributes: dict[str, Answer]


class Predictions(TypedDict):
    """See :func:`lacunar.traits.predict.to_json.predictions_document`."""

    predictions: list[Prediction]


class BrokenImage(TypedDict):
    """An image that could not be read, and why."""

    image: str
    reason: str


class PredictionsDocument(Predictions):
    """The document of ``lacunar traits predict --json``."""

    broken: list[BrokenImage]


@final
class UnreadImage(TypedDict):
    """A line or row of predictions for an image that could not be read."""

    image: str
    broken: str
