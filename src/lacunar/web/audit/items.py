"""Findings of an audit as items, with the values that filters use and the labels to decide on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lacunar.traits.audit.finding_rows import (
    bad_image_document,
    copies_document,
    gap_document,
    wrong_label_document,
)
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.json_schema import BadImage, CopyPair, Gap, WrongLabel
from lacunar.web.audit.decisions import Place

Kind = Literal["wrong_labels", "gaps", "duplicates", "low_quality"]


@dataclass(frozen=True, slots=True)
class Item:
    """One finding.

    Parameters
    ----------
    kind : {'wrong_labels', 'gaps', 'duplicates', 'low_quality'}
    number : int
        Position among all findings of its kind, from 1.
    row : int
        Position in the arrays of :class:`AuditFindings`.
    images : tuple of int
        One image, or both images of a duplicate pair.
    attributes : tuple of int
        Attributes of its labels; for duplicates, those whose labels differ.
    confidence : float, optional
        Probability of the suggested or likely class; for duplicates, the correlation.
    reasons : tuple of str
        Reasons of low quality.
    """

    kind: Kind
    number: int
    row: int
    images: tuple[int, ...]
    attributes: tuple[int, ...] = ()
    confidence: float | None = None
    reasons: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        """Identifier of the finding, in pages and in the API."""
        return f"{self.kind}-{self.number}"

    @property
    def places(self) -> tuple[Place, ...]:
        """Labels that can be decided on."""
        return tuple((image, attribute) for attribute in self.attributes for image in self.images)


def items_of(findings: AuditFindings) -> dict[Kind, tuple[Item, ...]]:
    """All findings by kind, in the order of review.

    Wrong labels and missing labels come by rank. Duplicates across training and test images come
    first, because they make test scores too good. Images with more reasons of low quality come
    first.
    """
    return {
        "wrong_labels": tuple(_wrong_labels(findings)),
        "gaps": tuple(_gaps(findings)),
        "duplicates": tuple(_duplicates(findings)),
        "low_quality": tuple(_low_quality(findings)),
    }


def item_document(findings: AuditFindings, item: Item) -> WrongLabel | Gap | CopyPair | BadImage:
    """A finding as in the JSON document of ``lacunar traits audit``."""
    if item.kind == "wrong_labels":
        assert findings.wrong_labels is not None
        return wrong_label_document(findings.images, findings.wrong_labels, item.row)
    if item.kind == "gaps":
        assert findings.gaps is not None
        return gap_document(findings.images, findings.gaps, item.row)
    if item.kind == "duplicates":
        return copies_document(findings.images, findings.duplicates[item.row])
    return bad_image_document(findings.images, findings.low_quality[item.row])


def _wrong_labels(findings: AuditFindings) -> Iterator[Item]:
    ranked = findings.wrong_labels
    if ranked is None:
        return
    for number, row in enumerate(np.flatnonzero(ranked.flagged).tolist(), start=1):
        image, attribute = int(ranked.image[row]), int(ranked.attribute[row])
        sure = float(ranked.confidence[row])
        yield Item("wrong_labels", number, row, (image,), (attribute,), sure)


def _gaps(findings: AuditFindings) -> Iterator[Item]:
    ranked = findings.gaps
    if ranked is None:
        return
    for number, row in enumerate(np.flatnonzero(ranked.value).tolist(), start=1):
        image, attribute = int(ranked.image[row]), int(ranked.attribute[row])
        sure = float(ranked.probability[row])
        yield Item("gaps", number, row, (image,), (attribute,), sure)


def _duplicates(findings: AuditFindings) -> Iterator[Item]:
    in_test = findings.images.in_test
    pairs = sorted(
        enumerate(findings.duplicates),
        key=lambda pair: bool(in_test[pair[1].first] == in_test[pair[1].second]),
    )
    for number, (row, pair) in enumerate(pairs, start=1):
        images = (pair.first, pair.second)
        differ = findings.conflicts(pair)
        yield Item("duplicates", number, row, images, differ, pair.correlation)


def _low_quality(findings: AuditFindings) -> Iterator[Item]:
    found = sorted(enumerate(findings.low_quality), key=lambda image: -len(image[1].reasons))
    for number, (row, image) in enumerate(found, start=1):
        yield Item("low_quality", number, row, (image.image,), reasons=image.reasons)
