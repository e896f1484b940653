"""Step 8, audit: label errors, missing labels, bad images, duplicates, shift.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacunar.lazy import lazy_names

if TYPE_CHECKING:
    from lacunar.traits.audit.correction_sheet import (
        apply_corrections,
        read_corrections,
        write_corrections,
    )
    from lacunar.traits.audit.findings import AuditFindings, audit_images
    from lacunar.traits.audit.to_json import audit_document
    from lacunar.traits.audit.unseen_predictions import unseen_probabilities

__all__ = [
    "AuditFindings",
    "apply_corrections",
    "audit_document",
    "audit_images",
    "read_corrections",
    "unseen_probabilities",
    "write_corrections",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "audit_images": "lacunar.traits.audit.findings",
        "AuditFindings": "lacunar.traits.audit.findings",
        "audit_document": "lacunar.traits.audit.to_json",
        "unseen_probabilities": "lacunar.traits.audit.unseen_predictions",
        "write_corrections": "lacunar.traits.audit.correction_sheet",
        "read_corrections": "lacunar.traits.audit.correction_sheet",
        "apply_corrections": "lacunar.traits.audit.correction_sheet",
    },
)
