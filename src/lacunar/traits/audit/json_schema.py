"""Shapes of the JSON document of an audit, for type checks and for the web API.

Keys may be added here, never renamed.
"""

from __future__ import annotations

from typing import Literal

# See lacunar.traits.json_schema.
from typing_extensions import TypedDict

from lacunar.traits.json_schema import CountsDocument


class ImageName(TypedDict):
    """An image as its data name it."""

    image: str
    part: Literal["train", "test"]


class WrongLabel(ImageName):
    """A label that is likely wrong; ``confidence`` is the probability of what is suggested."""

    attribute: str
    given: str
    suggested: str
    confidence: float
    given_probability: float


class BadImage(ImageName):
    """An image of low quality."""

    reasons: list[str]


class QualityThreshold(TypedDict):
    """Where a rule draws its line; see :class:`lacunar.traits.audit.image_quality.Threshold`."""

    reason: str
    quantity: str
    usual: float | None
    line: float | None
    flagged: Literal["below", "above"]


class CopyPair(TypedDict):
    """Two images of one picture, and the attributes in which their labels differ."""

    first: ImageName
    second: ImageName
    exact: bool
    mirrored: bool
    correlation: float
    differ_in: list[str]


class Gap(ImageName):
    """An unknown label and what filling it is worth."""

    attribute: str
    value: float
    likely: str
    probability: float


class AbsentClass(TypedDict):
    """A class of which a part has no label."""

    attribute: str
    label: str


class ShiftDocument(TypedDict):
    """How far the parts differ in one thing; see :class:`lacunar.traits.audit.shift.Shift`."""

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
