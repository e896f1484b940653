from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any, cast

import narwhals as nw
import numpy as np
import pytest

from lacunar.datasets.people.sample import PeopleSample
from lacunar.errors import InputError
from lacunar.traits.audit.findings import AuditFindings, audit_images
from lacunar.traits.audit.to_json import audit_document
from lacunar.traits.data.dataset import read_dataset, read_layout
from lacunar.traits.data.label_counts import count_labels


def test_without_predictions_labels_and_gaps_are_left_out(people_directory: Path) -> None:
    train, test = read_layout(people_directory)
    found = audit_images(train, test)
    assert (found.wrong_labels, found.gaps) == (None, None)
    assert found.shift
    alone = audit_images(train)
    assert (alone.shift, list(alone.counts)) == ((), ["train"])


def test_counts_and_absent_classes_are_those_of_each_part(flawed_findings: AuditFindings) -> None:
    for part, dataset in flawed_findings.images.datasets.items():
        counts = count_labels(dataset.labels, flawed_findings.schema)
        for found, expected in zip(flawed_findings.counts[part], counts, strict=True):
            np.testing.assert_array_equal(found, expected)
        expected_absent = {
            (a, label)
            for a, column in enumerate(dataset.labels.T)
            for label in range(len(flawed_findings.schema.attributes[a].classes))
            if label not in column
        }
        assert set(flawed_findings.absent(part)) == expected_absent


def test_only_the_training_part_has_ranked_gaps(flawed_findings: AuditFindings) -> None:
    train = flawed_findings.images.train
    assert flawed_findings.gaps is not None
    assert len(flawed_findings.gaps) == sum(train.intake.unknown.values())
    assert flawed_findings.gaps.image.max() < len(train)


def test_labels_of_the_test_part_are_ranked_with_predictions_of_their_own(
    flawed_directory: Path, flawed_probabilities: list[np.ndarray]
) -> None:
    train, test = read_layout(flawed_directory)
    assert test is not None
    of_test = [np.full((50, found.shape[1]), 1 / found.shape[1]) for found in flawed_probabilities]
    of_test[0][:] = (0.999, 0.001)
    found = audit_images(train, test, flawed_probabilities, test_probabilities=of_test).wrong_labels
    assert found is not None
    assert len(found) == np.count_nonzero(train.labels >= 0) + np.count_nonzero(test.labels >= 0)
    women = np.flatnonzero(test.labels[:, 0] == 1) + len(train)
    suspicious = found.image[: len(women)][found.attribute[: len(women)] == 0]
    assert len(set(suspicious.tolist()) & set(women.tolist())) >= 0.5 * len(women)


def test_copies_with_other_labels_are_told(
    flawed_directory: Path, flawed_people: PeopleSample, tmp_path: Path
) -> None:
    twin = next(
        pair
        for pair in flawed_people.truth.duplicates
        if pair.first[0] == pair.second[0] == "train"
    )
    name = twin.second[1]
    copytree(flawed_directory / "Train_Data", tmp_path / "Train_Data")
    lines = (flawed_directory / "Train_Data" / "Train.csv").read_text().splitlines()
    row = next(i for i, line in enumerate(lines) if line.startswith(name))
    cells = lines[row].split(",")
    cells[2] = str(1 - int(cells[2]))
    lines[row] = ",".join(cells)
    (tmp_path / "Train_Data" / "Train.csv").write_text("\n".join(lines) + "\n")
    found = audit_images(read_dataset(tmp_path))
    place = found.images.place
    conflicts = {
        frozenset((place(pair.first)[1], place(pair.second)[1])): found.conflicts(pair)
        for pair in found.duplicates
    }
    assert conflicts[frozenset((twin.first[1], name))] == (1,)
    assert sum(map(bool, conflicts.values())) == 1


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda found: found[:-1], r"expected probabilities of the shapes \[\(150, 2\),"),
        (lambda found: [*found[:-1], found[-1][:9]], r"got \[\(150, 2\)"),
        (lambda found: [found[0] * 2, *found[1:]], "gender: expected probabilities that sum to 1"),
        (lambda found: [found[0] * np.nan, *found[1:]], "gender: expected probabilities that sum"),
    ],
)
def test_what_are_no_probabilities_of_these_images_is_refused(
    flawed_directory: Path, flawed_probabilities: list[np.ndarray], spoil: object, sentence: str
) -> None:
    train, test = read_layout(flawed_directory)
    assert callable(spoil)
    with pytest.raises(InputError, match=sentence):
        audit_images(train, test, spoil(flawed_probabilities))


def test_progress_names_its_stages(people_directory: Path) -> None:
    stages: list[tuple[str, int, int]] = []
    audit_images(*read_layout(people_directory), progress=lambda *told: stages.append(told))
    assert stages[0][0] == "measuring images"
    assert ("measuring images", 36, 36) in stages


@pytest.mark.parametrize("kind", ["pyarrow", "pandas", "polars"])
def test_frames_hold_the_lists_of_the_document(
    conflicting_findings: AuditFindings, kind: Any
) -> None:
    document = audit_document(conflicting_findings)

    def rows(what: Any) -> list[dict[str, Any]]:
        frame = conflicting_findings.to_frame(what, kind)
        assert type(frame).__module__.partition(".")[0] == kind
        return cast(list[dict[str, Any]], nw.from_native(frame).to_arrow().to_pylist())

    assert rows("wrong_labels") == document["wrong_labels"] != []
    assert rows("low_quality") == document["low_quality"] != []
    assert rows("gaps") == document["gaps"] != []
    pairs = document["duplicate_pairs"]
    assert rows("duplicates") == [
        {
            "first_image": pair["first"]["image"],
            "first_part": pair["first"]["part"],
            "second_image": pair["second"]["image"],
            "second_part": pair["second"]["part"],
            "exact": pair["exact"],
            "mirrored": pair["mirrored"],
            "correlation": pair["correlation"],
            "differ_in": pair["differ_in"],
        }
        for pair in pairs
    ]
    assert any(pair["differ_in"] for pair in pairs)


def test_frames_of_an_audit_without_predictions_or_findings(people_directory: Path) -> None:
    found = audit_images(read_dataset(people_directory))
    for what in ("wrong_labels", "gaps"):
        with pytest.raises(
            InputError, match=rf"^what: expected an audit with predictions for {what}"
        ):
            found.to_frame(cast(Any, what))
    with pytest.raises(InputError, match=r"^what: expected wrong_labels, low_quality, duplicates"):
        found.to_frame(cast(Any, "shift"))
    empty = replace(found, duplicates=()).to_frame("duplicates")
    assert (empty.num_rows, empty.schema) == (0, found.to_frame("duplicates").schema)
