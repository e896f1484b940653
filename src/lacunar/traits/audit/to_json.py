"""JSON documents of audits, as plain types.

Keys may be added here, never renamed.
"""

from __future__ import annotations

import numpy as np

from lacunar.aliases import none_if_nan
from lacunar.traits.audit.duplicates import Duplicate
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.image_quality import LowQuality
from lacunar.traits.audit.json_schema import (
    AuditDocument,
    BadImage,
    CopyPair,
    Gap,
    ImageName,
    WrongLabel,
)
from lacunar.traits.audit.missing_labels import RankedGaps
from lacunar.traits.audit.wrong_labels import RankedLabels
from lacunar.traits.data.schema import UNKNOWN
from lacunar.traits.to_json import counts_document


def audit_document(findings: AuditFindings, *, top: int | None = None) -> AuditDocument:
    """Make the JSON document of an audit.

    ``predictions`` is whether wrong and missing labels were searched for.

    Parameters
    ----------
    findings : AuditFindings
    top : int, optional
        The largest number of wrong labels and of missing labels; by default all that are flagged
        and all that have a value.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from lacunar import audit_images, read_dataset
    >>> from lacunar.datasets import sample_people, write_people
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_people(sample_people(n_train=9, n_test=3), Path(folder))
    ...     document = audit_document(audit_images(read_dataset(folder)))
    >>> document["images"], document["parts"], document["predictions"]
    (9, {'train': 9}, False)
    """
    images = findings.images
    labels = images.labels
    wrong, gaps = findings.wrong_labels, findings.gaps
    return {
        "images": len(images),
        "parts": {part: len(dataset) for part, dataset in images.datasets.items()},
        "unknown": int(np.count_nonzero(labels == UNKNOWN)),
        "labels": int(labels.size),
        "predictions": wrong is not None,
        "wrong_labels": []
        if wrong is None
        else [
            wrong_label_document(findings, wrong, row)
            for row in np.flatnonzero(wrong.flagged)[:top].tolist()
        ],
        "low_quality": [bad_image_document(findings, image) for image in findings.low_quality],
        "thresholds": [
            {
                "reason": line.reason,
                "quantity": line.quantity,
                "usual": none_if_nan(line.usual),
                "line": none_if_nan(line.line),
                "flagged": "below" if line.side < 0 else "above",
            }
            for line in findings.thresholds
        ],
        "duplicates": [
            [images.place(pair.first)[1], images.place(pair.second)[1]]
            for pair in findings.duplicates
        ],
        "duplicate_pairs": [copies_document(findings, pair) for pair in findings.duplicates],
        "gaps": []
        if gaps is None
        else [
            gap_document(findings, gaps, row) for row in np.flatnonzero(gaps.value)[:top].tolist()
        ],
        "counts": {
            part: counts_document(findings.schema, counts)
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


def wrong_label_document(findings: AuditFindings, ranked: RankedLabels, row: int) -> WrongLabel:
    """Document of one row of the ranked labels."""
    attribute = findings.schema.attributes[ranked.attribute[row]]
    return {
        **_image(findings, int(ranked.image[row])),
        "attribute": attribute.name,
        "given": attribute.classes[ranked.given[row]],
        "suggested": attribute.classes[ranked.suggested[row]],
        "confidence": float(ranked.confidence[row]),
        "given_probability": float(ranked.given_probability[row]),
    }


def gap_document(findings: AuditFindings, ranked: RankedGaps, row: int) -> Gap:
    """Document of one row of the ranked missing labels."""
    attribute = findings.schema.attributes[ranked.attribute[row]]
    return {
        **_image(findings, int(ranked.image[row])),
        "attribute": attribute.name,
        "value": float(ranked.value[row]),
        "likely": attribute.classes[ranked.likely[row]],
        "probability": float(ranked.probability[row]),
    }


def bad_image_document(findings: AuditFindings, image: LowQuality) -> BadImage:
    """Document of one image of low quality."""
    return {**_image(findings, image.image), "reasons": list(image.reasons)}


def copies_document(findings: AuditFindings, pair: Duplicate) -> CopyPair:
    """Document of one pair of copies."""
    return {
        "first": _image(findings, pair.first),
        "second": _image(findings, pair.second),
        "exact": pair.exact,
        "mirrored": pair.mirrored,
        "correlation": pair.correlation,
        "differ_in": [findings.schema.names[a] for a in findings.conflicts(pair)],
    }


def _image(findings: AuditFindings, image: int) -> ImageName:
    part, name = findings.images.place(image)
    return {"image": name, "part": part}
