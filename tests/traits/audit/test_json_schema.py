from __future__ import annotations

import json

from pydantic import TypeAdapter

from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.json_schema import AuditDocument
from lacunar.traits.audit.to_json import audit_document


def test_the_document_of_an_audit_is_what_its_type_says(flawed_findings: AuditFindings) -> None:
    document = json.loads(json.dumps(audit_document(flawed_findings), allow_nan=False))
    for kind in ("wrong_labels", "low_quality", "duplicate_pairs", "gaps", "shift"):
        assert document[kind]
    # What the type does not have, pydantic would drop.
    assert TypeAdapter(AuditDocument).validate_python(document) == document
