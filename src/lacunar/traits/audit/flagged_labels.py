"""Flagged labels of an audit, for review by a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.data.schema import UNKNOWN

Why = Literal["wrong_label", "copy", "gap", "listed"]


@dataclass(frozen=True, slots=True)
class FlaggedLabel:
    """A doubtful or missing label.

    Parameters
    ----------
    why : {'wrong_label', 'copy', 'gap', 'listed'}
        ``listed`` is for a label on a correction sheet that the audit does not flag.
    image : int
        Index of the image.
    attribute : int
    given : int
        -1 if the label is unknown.
    suggested : int
        Class suggested by the predictions, or by a copy of the image; -1 if there is none.
    probability : float, optional
        Probability of the suggested class; None if a copy suggests it.
    copy : int, optional
        Index of the copy with a different label.
    """

    why: Why
    image: int
    attribute: int
    given: int
    suggested: int
    probability: float | None = None
    copy: int | None = None


def flagged_labels(findings: AuditFindings) -> dict[Why, list[FlaggedLabel]]:
    """Likely wrong labels, labels in which copies differ, and missing labels, each by rank.

    A label can be flagged several times: as likely wrong, and once for every copy that differs.
    """
    return {
        "wrong_label": list(_wrong(findings)),
        "copy": list(_conflicts(findings)),
        "gap": list(_gaps(findings)),
    }


def _wrong(findings: AuditFindings) -> Iterator[FlaggedLabel]:
    ranked = findings.wrong_labels
    if ranked is None:
        return
    for row in np.flatnonzero(ranked.flagged).tolist():
        yield FlaggedLabel(
            "wrong_label",
            int(ranked.image[row]),
            int(ranked.attribute[row]),
            int(ranked.given[row]),
            int(ranked.suggested[row]),
            probability=float(ranked.confidence[row]),
        )


def _conflicts(findings: AuditFindings) -> Iterator[FlaggedLabel]:
    labels = findings.images.labels
    for pair in findings.duplicates:
        for position in findings.conflicts(pair):
            for image, copy in ((pair.first, pair.second), (pair.second, pair.first)):
                given, other = int(labels[image, position]), int(labels[copy, position])
                yield FlaggedLabel("copy", image, position, given, other, copy=copy)


def _gaps(findings: AuditFindings) -> Iterator[FlaggedLabel]:
    ranked = findings.gaps
    if ranked is None:
        return
    for row in np.flatnonzero(ranked.value).tolist():
        yield FlaggedLabel(
            "gap",
            int(ranked.image[row]),
            int(ranked.attribute[row]),
            UNKNOWN,
            int(ranked.likely[row]),
            probability=float(ranked.probability[row]),
        )
