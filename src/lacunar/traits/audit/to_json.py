"""JSON documents of audits, as plain types.

Keys may be added here, never renamed.
"""

from __future__ import annotations

import numpy as np

from lacunar.aliases import none_if_nan
from lacunar.traits.audit.finding_rows import (
    bad_image_document,
    copies_document,
    gap_rows,
    wrong_label_rows,
)
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.json_schema import AuditDocument
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
        "wrong_labels": [] if wrong is None else wrong_label_rows(images, wrong, top=top),
        "low_quality": [bad_image_document(images, image) for image in findings.low_quality],
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
        "duplicate_pairs": [copies_document(images, pair) for pair in findings.duplicates],
        "gaps": [] if gaps is None else gap_rows(images, gaps, top=top),
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
