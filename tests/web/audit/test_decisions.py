from __future__ import annotations

import csv
import io
import threading
from pathlib import Path

import pytest

from lacunar.errors import InputError
from lacunar.traits.audit.correction_sheet import COLUMNS, read_corrections, read_decisions
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.flagged_labels import FlaggedLabel, flagged_labels
from lacunar.traits.data.schema import UNKNOWN
from lacunar.web.audit.decisions import Decisions


@pytest.fixture
def flagged(flawed_findings: AuditFindings) -> list[FlaggedLabel]:
    return flagged_labels(flawed_findings)["wrong_label"]


def place(label: FlaggedLabel) -> tuple[int, int]:
    return label.image, label.attribute


def other(label: FlaggedLabel) -> int:
    return 1 if label.given == 0 else 0


def test_a_decision_is_kept_changed_and_taken_back(
    flawed_findings: AuditFindings, flagged: list[FlaggedLabel]
) -> None:
    decisions, first = Decisions(flawed_findings), flagged[0]
    assert (decisions.decision(place(first)), decisions.cell(place(first)), len(decisions)) == (
        None,
        "",
        0,
    )
    decisions.decide(place(first), first.given)
    assert (decisions.decision(place(first)), decisions.cell(place(first))) == (
        first.given,
        "right",
    )
    decisions.decide(place(first), UNKNOWN)
    assert (decisions.cell(place(first)), len(decisions)) == ("unknown", 1)
    decisions.decide(place(first), None)
    assert (decisions.decision(place(first)), len(decisions)) == (None, 0)


def test_only_what_is_flagged_can_be_decided_on(
    flawed_findings: AuditFindings, flagged: list[FlaggedLabel]
) -> None:
    decisions = Decisions(flawed_findings)
    n, attributes = flawed_findings.images.labels.shape
    free = next(
        (image, attribute)
        for image in range(n)
        for attribute in range(attributes)
        if decisions.flagged((image, attribute)) is None
    )
    for wrong in (free, (n, 0), (-1, 0)):
        with pytest.raises(InputError, match="that the audit flags"):
            decisions.decide(wrong, 0)
    with pytest.raises(InputError, match="expected a class of"):
        decisions.decide(place(flagged[0]), 99)
    assert len(decisions) == 0


def test_decisions_leave_as_the_sheet_that_corrects_labels(
    flawed_findings: AuditFindings, flagged: list[FlaggedLabel], tmp_path: Path
) -> None:
    decisions, (first, second, third) = Decisions(flawed_findings), flagged[:3]
    # Decided in another order than that of the audit.
    decisions.decide(place(third), UNKNOWN)
    decisions.decide(place(first), first.given)
    decisions.decide(place(second), other(second))
    path = tmp_path / "sheet.csv"
    path.write_text(decisions.csv())
    rows = list(csv.DictReader(io.StringIO(decisions.csv())))
    assert tuple(rows[0]) == COLUMNS
    assert [row["corrected"] for row in rows][::2] == ["right", "unknown"]
    assert all(row["reason"] == "likely wrong" for row in rows)
    found = {one.label for one in read_corrections(path, flawed_findings.images)}
    assert found == {other(second), UNKNOWN}


def test_a_file_holds_every_decision_at_once_and_brings_them_back(
    flawed_findings: AuditFindings, flagged: list[FlaggedLabel], tmp_path: Path
) -> None:
    path = tmp_path / "sheet.csv"
    decisions = Decisions(flawed_findings, path)
    assert not path.exists()
    for label in flagged[:4]:
        decisions.decide(place(label), other(label))
        assert len(read_decisions(path, flawed_findings.images)) == len(decisions)
    decisions.decide(place(flagged[0]), None)
    again = Decisions(flawed_findings, path)
    assert [again.decision(place(label)) for label in flagged[:5]] == [
        None, *(other(label) for label in flagged[1:4]), None,
    ]  # fmt: skip
    assert again.csv() == decisions.csv()
    assert list(tmp_path.iterdir()) == [path]


def test_decisions_of_the_file_that_nothing_flags_stay_in_it(
    flawed_findings: AuditFindings, flagged: list[FlaggedLabel], tmp_path: Path
) -> None:
    empty, parts = Decisions(flawed_findings), flawed_findings.images
    image, attribute = next(
        (image, attribute)
        for image, labels in enumerate(parts.labels.tolist())
        for attribute, label in enumerate(labels)
        if label >= 0 and empty.flagged((image, attribute)) is None
    )
    part, name = parts.place(image)
    known = parts.schema.attributes[attribute]
    given = known.classes[parts.labels[image, attribute]]
    path = tmp_path / "sheet.csv"
    row = f"{part},{name},{known.name},{given},,,unknown,\n"
    path.write_text(f"{','.join(COLUMNS)}\n{row}")
    decisions = Decisions(flawed_findings, path)
    decisions.decide(place(flagged[0]), UNKNOWN)
    assert len(decisions) == 2
    assert path.read_text().endswith(row)


def test_a_sheet_of_other_data_or_nowhere_is_refused(
    flawed_findings: AuditFindings, tmp_path: Path
) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text(f"{','.join(COLUMNS)}\ntrain,none.png,luggage,,,,unknown,\n")
    with pytest.raises(InputError, match="line 2, column image"):
        Decisions(flawed_findings, path)
    with pytest.raises(InputError, match="expected an existing parent directory"):
        Decisions(flawed_findings, tmp_path / "none" / "sheet.csv")


def test_what_cannot_be_written_is_not_decided(
    flawed_findings: AuditFindings, flagged: list[FlaggedLabel], tmp_path: Path
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    decisions = Decisions(flawed_findings, folder / "sheet.csv")
    folder.rmdir()
    with pytest.raises(OSError, match="No such file"):
        decisions.decide(place(flagged[0]), UNKNOWN)
    assert len(decisions) == 0


def test_no_decision_is_lost_among_threads(
    flawed_findings: AuditFindings, flagged: list[FlaggedLabel], tmp_path: Path
) -> None:
    decisions = Decisions(flawed_findings, tmp_path / "sheet.csv")
    chosen = list({place(label): label for label in flagged}.values())[:12]
    start = threading.Barrier(4)

    def work(labels: list[FlaggedLabel]) -> None:
        start.wait()
        for label in labels:
            decisions.decide(place(label), UNKNOWN)

    threads = [threading.Thread(target=work, args=(chosen[i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(decisions) == len(chosen)
    assert len(read_decisions(tmp_path / "sheet.csv", flawed_findings.images)) == len(chosen)
