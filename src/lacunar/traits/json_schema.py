"""Shapes of the JSON documents on a model and its answers, for type checks and for the web API.

Keys may be added here, never renamed. What nobody knows is null.
"""

from __future__ import annotations

from typing import Literal, NotRequired, final

# pydantic, which the web API checks its answers by, takes no other before Python 3.12.
from typing_extensions import TypedDict


class Figures(TypedDict):
    """How well an attribute is found, or all of them on average."""

    accuracy: float | None
    macro_f1: float | None
    macro_f1_all: float | None
    balanced_accuracy: float | None


class Intervals(TypedDict):
    """Low and high end of the 95 % interval of each figure."""

    accuracy: list[float | None]
    macro_f1: list[float | None]
    macro_f1_all: list[float | None]
    balanced_accuracy: list[float | None]


class LargestClass(Figures):
    """Figures had every answer been the largest class of the training labels."""

    label: str


class ClassFigures(TypedDict):
    """How well one class is found."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


class AttributeEvaluation(Figures):
    """Answers for one attribute, held against its labels."""

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
    """How far probabilities can be trusted, of an attribute or on average."""

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
    """The same of one attribute, with what makes and keeps back its answers."""

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
    """What reading a part found; see :class:`lacunar.traits.data.dataset.Intake`."""

    rows: int
    repeated: int
    unknown: dict[str, int]


class OperatingPoint(TypedDict):
    """Figures of answers by probabilities divided by the classes' shares to the power tau."""

    tau: float
    outputs: dict[str, Figures]
    mean: Figures


class OperatingPointsDocument(TypedDict):
    """see."""

    as_answered: float
    points: list[OperatingPoint]


class StartDocument(TypedDict):
    """What weights started from; see :class:`lacunar.traits.networks.pretrained.Start`."""

    name: str
    digest: str
    attributes: list[str]


class MachineDocument(TypedDict):
    """What networks were trained on; see :class:`lacunar.traits.environment.Machine`."""

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
    """What is said of one attribute of an image, and whether it is kept back as too unsure."""

    label: str
    probability: float
    abstain: bool
    probabilities: NotRequired[dict[str, float]]


@final
class Prediction(TypedDict):
    """Answers for one image, by attribute."""

    image: str
    attributes: dict[str, Answer]


class Predictions(TypedDict):
    """See :func:`lacunar.traits.to_json.predictions_document`."""

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
    """A line or row of answers where the image could not be read."""

    image: str
    broken: str
