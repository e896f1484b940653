from __future__ import annotations

from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.flagged_labels import flagged_labels
from lacunar.traits.audit.to_json import audit_document
from lacunar.web.audit.items import item_document, items_of


def test_every_finding_is_there_and_said_as_the_audit_says_it(
    flawed_findings: AuditFindings,
) -> None:
    items, document = items_of(flawed_findings), audit_document(flawed_findings)
    said = {
        kind: [item_document(flawed_findings, i) for i in found] for kind, found in items.items()
    }
    assert said["wrong_labels"] == document["wrong_labels"]
    assert said["gaps"] == document["gaps"]
    for kind, key in (("duplicates", "duplicate_pairs"), ("low_quality", "low_quality")):
        assert sorted(map(str, said[kind])) == sorted(map(str, document[key]))


def test_copies_across_the_parts_and_images_with_most_faults_come_first(
    flawed_findings: AuditFindings,
) -> None:
    items, in_test = items_of(flawed_findings), flawed_findings.images.in_test
    across = [in_test[i.images[0]] != in_test[i.images[1]] for i in items["duplicates"]]
    assert across == sorted(across, reverse=True)
    assert any(across)
    faults = [len(item.reasons) for item in items["low_quality"]]
    assert faults == sorted(faults, reverse=True)


def test_names_are_unique_and_places_are_flagged(flawed_findings: AuditFindings) -> None:
    items = [item for found in items_of(flawed_findings).values() for item in found]
    assert len({item.anchor for item in items}) == len(items)
    flagged = {
        (label.image, label.attribute)
        for found in flagged_labels(flawed_findings).values()
        for label in found
    }
    assert {place for item in items for place in item.places} == flagged
