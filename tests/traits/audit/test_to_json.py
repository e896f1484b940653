import json
from pathlib import Path

import numpy as np

from lacunar.datasets.people.sample import PeopleSample
from lacunar.traits.audit.findings import AuditFindings, audit_images
from lacunar.traits.audit.to_json import audit_document
from lacunar.traits.data.dataset import read_dataset


def test_the_document_is_json_and_holds_every_kind(
    flawed_findings: AuditFindings, flawed_people: PeopleSample
) -> None:
    document = json.loads(json.dumps(audit_document(flawed_findings), allow_nan=False))
    assert (document["images"], document["parts"]) == (200, {"train": 150, "test": 50})
    assert document["predictions"] is True
    labels = flawed_findings.images.labels
    assert (document["unknown"], document["labels"]) == (int((labels < 0).sum()), labels.size)
    assert len(document["low_quality"]) == len(flawed_findings.low_quality)
    assert set(document["low_quality"][0]) == {"image", "part", "reasons"}
    pairs = {frozenset(pair) for pair in document["duplicates"]}
    assert pairs == {
        frozenset((pair.first[1], pair.second[1])) for pair in flawed_people.truth.duplicates
    }
    assert [pair["exact"] for pair in document["duplicate_pairs"]].count(True) == 4
    assert {shift["what"] for shift in document["shift"]} >= {"labels of gender", "contrast"}


def test_wrong_labels_and_gaps_are_rows_of_the_ranking(flawed_findings: AuditFindings) -> None:
    document = audit_document(flawed_findings)
    ranked, gaps = flawed_findings.wrong_labels, flawed_findings.gaps
    assert ranked is not None
    assert gaps is not None
    first = document["wrong_labels"][0]
    attribute = flawed_findings.schema.attributes[ranked.attribute[ranked.flagged][0]]
    assert first == {
        "image": flawed_findings.images.place(int(ranked.image[ranked.flagged][0]))[1],
        "part": "train",
        "attribute": attribute.name,
        "given": attribute.classes[ranked.given[ranked.flagged][0]],
        "suggested": attribute.classes[ranked.suggested[ranked.flagged][0]],
        "confidence": float(ranked.confidence[ranked.flagged][0]),
        "given_probability": float(ranked.given_probability[ranked.flagged][0]),
    }
    assert len(document["wrong_labels"]) == ranked.flagged.sum()
    assert [gap["value"] for gap in document["gaps"]] == gaps.value[gaps.value > 0].tolist()
    short = audit_document(flawed_findings, top=2)
    assert short["wrong_labels"] == document["wrong_labels"][:2]
    assert short["gaps"] == document["gaps"][:2]


def test_counts_hold_the_unknown_and_absent_classes_are_named(people_directory: Path) -> None:
    dataset = read_dataset(people_directory)
    document = audit_document(audit_images(dataset))
    assert document["predictions"] is False
    assert (document["wrong_labels"], document["gaps"], document["shift"]) == ([], [], [])
    for position, attribute in enumerate(dataset.schema.attributes):
        counts = document["counts"]["train"][attribute.name]
        assert counts["unknown"] == np.count_nonzero(dataset.labels[:, position] < 0)
        absent = {
            entry["label"]
            for entry in document["absent"]["train"]
            if entry["attribute"] == attribute.name
        }
        assert absent == {name for name, n in counts["classes"].items() if n == 0}
