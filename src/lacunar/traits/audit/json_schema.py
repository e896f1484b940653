"""JSON schema of audit documents, for type checks and for the web API.

Keys may be added here, never renamed.
"""

from __future__ import annotations

from typing import Literal

# See lacunar.traits.json_schema.
from typing_extensions import TypedDict

from lacunar.traits.json_schema import CountsDocument


class ImageName(TypedDict):
    """Name and part of an image."""

    image: str
    part: Literal["train", "test"]


class WrongLabel(ImageName):
    """A likely wrong label; ``confidence`` is the probability of the suggested class."""

    attribute: str
    given: str
    suggested: str
    confidence: float
    given_probability: float


class BadImage(ImageName):
    """An image of low quality."""

    reasons: list[str]


class QualityThreshold(TypedDict):
    """Limit of a quality rule; see :class:`lacunar.traits.audit.image_quality.Threshold`."""

    reason: str
    quantity: str
    usual: float | None
    line: float | None
    flagged: Literal["below", "above"]


class CopyPair(TypedDict):
    """Two copies of one picture, and the attributes in which their labels differ."""

    first: ImageName
    second: ImageName
    exact: bool
    mirrored: bool
    correlation: float
    differ_in: list[str]


class Gap(ImageName):
    """A missing label, and the value of adding it."""

    attribute: str
    value: float
    likely: str
    probability: float


class AbsentClass(TypedDict):
    """A class without any label in a part."""

    attribute: str
    label: str


class ShiftDocument(TypedDict):
    """One difference between the parts; see :class:`lacunar.traits.audit.shift.Shift`."""

    what: str
    distance: float
    p: float
    adjusted_p: float
    shifted: bool


class AuditDocument(TypedDict):
    """See :func:`lacunar.traits.audit.to_json.audit_document`."""

    images: int
    parts: dict[str, int]
    unknown: int
    labels: int
    predictions: bool
    wrong_labels: list[WrongLabel]
    low_quality: list[BadImage]
    thresholds: list[QualityThreshold]
    duplicates: list[list[str]]
    duplicate_pairs: list[CopyPair]
    gaps: list[Gap]
    counts: dict[str, CountsDocument]
    absent: dict[str, list[AbsentClass]]
    shift: list[ShiftDocument]
