"""The document of an audit that others rely on, as plain JSON types.

Keys may be added here, never renamed.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.gaps import RankedGaps
from lacunar.traits.audit.wrong_labels import RankedLabels
from lacunar.traits.describe import describe_counts
from lacunar.traits.schema import UNKNOWN


def describe_audit(findings: AuditFindings, *, top: int | None = None) -> dict[str, Any]:
    """Findings of every kind; ``predictions`` says whether wrong labels and gaps were looked for.

    Parameters
    ----------
    findings : AuditFindings
    top : int, optional
        Wrong labels and gaps at most; otherwise all that are flagged and all that are worth
        something.
    """
    parts = findings.parts
    labels = parts.labels
    return {
        "images": len(parts),
        "parts": {part: len(dataset) for part, dataset in parts.datasets.items()},
        "unknown": int(np.count_nonzero(labels == UNKNOWN)),
        "labels": int(labels.size),
        "predictions": findings.wrong_labels is not None,
        "wrong_labels": []
        if findings.wrong_labels is None
        else _wrong_labels(findings, findings.wrong_labels, top),
        "low_quality": [
            {**_image(findings, found.image), "reasons": list(found.reasons)}
            for found in findings.low_quality
        ],
        "thresholds": [
            {
                "reason": line.reason,
                "quantity": line.quantity,
                "usual": _or_none(line.usual),
                "line": _or_none(line.line),
                "flagged": "below" if line.side < 0 else "above",
            }
            for line in findings.thresholds
        ],
        "duplicates": [
            [parts.place(pair.first)[1], parts.place(pair.second)[1]]
            for pair in findings.duplicates
        ],
        "duplicate_pairs": [
            {
                "first": _image(findings, pair.first),
                "second": _image(findings, pair.second),
                "exact": pair.exact,
                "mirrored": pair.mirrored,
                "correlation": pair.correlation,
                "differ_in": [findings.schema.names[a] for a in findings.conflicts(pair)],
            }
            for pair in findings.duplicates
        ],
        "gaps": [] if findings.gaps is None else _gaps(findings, findings.gaps, top),
        "counts": {
            part: describe_counts(findings.schema, counts)
            for part, counts in findings.counts.items()
        },
        "absent": {
            part: [
                {
                    "attribute": findings.schema.names[attribute],
                    "label": findings.schema.attributes[attribute].classes[label],
                }
                for attribute, label in findings.absent(part)
            ]
            for part in findings.counts
        },
        "shift": [
            {
                "what": shift.what,
                "distance": shift.distance,
                "p": shift.p,
                "adjusted_p": shift.adjusted,
                "shifted": shift.shifted,
            }
            for shift in findings.shift
        ],
    }


def _wrong_labels(
    findings: AuditFindings, ranked: RankedLabels, top: int | None
) -> list[dict[str, Any]]:
    rows = np.flatnonzero(ranked.flagged)[:top]
    return [
        {
            **_image(findings, int(ranked.image[row])),
            "attribute": findings.schema.names[ranked.attribute[row]],
            "given": _class(findings, ranked.attribute[row], ranked.given[row]),
            "suggested": _class(findings, ranked.attribute[row], ranked.suggested[row]),
            "confidence": float(ranked.confidence[row]),
            "given_probability": float(ranked.given_probability[row]),
        }
        for row in rows
    ]


def _gaps(findings: AuditFindings, ranked: RankedGaps, top: int | None) -> list[dict[str, Any]]:
    return [
        {
            **_image(findings, int(ranked.image[row])),
            "attribute": findings.schema.names[ranked.attribute[row]],
            "value": float(ranked.value[row]),
            "likely": _class(findings, ranked.attribute[row], ranked.likely[row]),
            "probability": float(ranked.probability[row]),
        }
        for row in np.flatnonzero(ranked.value)[:top]
    ]


def _image(findings: AuditFindings, image: int) -> dict[str, Any]:
    part, name = findings.parts.place(image)
    return {"image": name, "part": part}


def _class(findings: AuditFindings, attribute: int, label: int) -> str:
    return findings.schema.attributes[attribute].classes[label]


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
