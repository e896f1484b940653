from __future__ import annotations

from dataclasses import replace

import numpy as np

from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.flagged_labels import flagged_labels
from lacunar.traits.data.schema import UNKNOWN


def test_labels_come_by_kind_and_rank(flawed_findings: AuditFindings) -> None:
    found = flagged_labels(flawed_findings)
    ranked, gaps = flawed_findings.wrong_labels, flawed_findings.gaps
    assert ranked is not None
    assert gaps is not None
    assert list(found) == ["wrong_label", "copy", "gap"]
    assert [one.image for one in found["wrong_label"]] == ranked.image[ranked.flagged].tolist()
    assert [one.probability for one in found["gap"]] == gaps.probability[gaps.value > 0].tolist()


def test_a_label_is_what_the_data_have(flawed_findings: AuditFindings) -> None:
    labels = flawed_findings.images.labels
    for kind in flagged_labels(flawed_findings).values():
        for one in kind:
            assert one.given == labels[one.image, one.attribute]
            assert (one.given == UNKNOWN) == (one.why == "gap")
            assert one.suggested != one.given


def test_of_copies_that_differ_each_has_the_label_of_the_other_for_a_suggestion(
    conflicting_findings: AuditFindings,
) -> None:
    found, labels = conflicting_findings, conflicting_findings.images.labels
    copies = flagged_labels(found)["copy"]
    assert len(copies) == 2 * sum(len(found.conflicts(pair)) for pair in found.duplicates) >= 4
    for one in copies:
        assert one.copy is not None
        assert one.suggested == labels[one.copy, one.attribute]
        assert found.groups[one.copy] == found.groups[one.image]


def test_without_predictions_only_copies_are_left(conflicting_findings: AuditFindings) -> None:
    bare = replace(conflicting_findings, wrong_labels=None, gaps=None)
    found = flagged_labels(bare)
    assert (found["wrong_label"], found["gap"]) == ([], [])
    assert found["copy"] == flagged_labels(conflicting_findings)["copy"] != []
    assert np.all([one.probability is None for one in found["copy"]])
