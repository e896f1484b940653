import csv
import io
from pathlib import Path

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.traits.audit.audited_images import AuditedImages
from lacunar.traits.audit.correction_sheet import (
    COLUMNS,
    Correction,
    apply_corrections,
    corrections_csv,
    decision_cell,
    read_cell,
    read_corrections,
    read_decisions,
    write_corrections,
)
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.flagged_labels import flagged_labels
from lacunar.traits.data.dataset import read_dataset
from lacunar.traits.data.schema import UNKNOWN, Attribute, Schema

SCHEMA = Schema(
    (Attribute("coat", ("open", "closed", "none")), Attribute("hat", ("off", "on"))),
    image_column="file",
)


@pytest.fixture
def images(tmp_path: Path) -> AuditedImages:
    for name in ("a.png", "=b.png", "c.png"):
        (tmp_path / name).touch()
    path = tmp_path / "coats.csv"
    path.write_text("file,coat,hat\na.png,open,on\n=b.png,,off\nc.png,2,\n")
    return AuditedImages(read_dataset(path, SCHEMA))


def read(folder: Path, images: AuditedImages, *rows: str) -> list[Correction]:
    path = folder / "sheet.txt"
    path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n")
    return read_corrections(path, images)


@pytest.mark.parametrize(
    ("row", "label"),
    [
        ("train,a.png,coat,open,none,.9,closed,", 1),
        ("train,a.png,coat,open,none,.9,1,", 1),
        ("train,a.png,coat,open,none,.9,suggested,", 2),
        ("train,a.png,coat,open,none,.9,Unknown,", UNKNOWN),
        ("train,a.png,coat,open,none,.9,-1,", UNKNOWN),
        ("train,a.png,coat,open,none,.9,wrong,", UNKNOWN),
        ("train,a.png,hat,on,off,.9,wrong,", 0),
        ("train,c.png,hat,,off,.5,on,", 1),
        ("train,'=b.png,hat,off,on,.9,on,", 1),
    ],
)
def test_a_filled_cell_decides(tmp_path: Path, images: AuditedImages, row: str, label: int) -> None:
    (found,) = read(tmp_path, images, row)
    assert (found.part, found.label) == ("train", label)


@pytest.mark.parametrize("cell", ["", " ", "right", "RIGHT"])
def test_an_empty_cell_and_a_right_label_change_nothing(
    tmp_path: Path, images: AuditedImages, cell: str
) -> None:
    assert read(tmp_path, images, f"train,a.png,coat,open,none,.9,{cell},") == []


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("val,a.png,coat,open,,,1,", "line 3, column part: expected train, got 'val'"),
        ("train,x.png,coat,open,,,1,", "line 3, column image: expected an image of"),
        ("train,a.png,shoe,open,,,1,", "line 3, column attribute: expected one of coat, hat"),
        ("train,a.png,coat,torn,,,1,", "line 3, column given: expected one of open, closed, none"),
        (
            "train,a.png,coat,open,,,torn,",
            "line 3, column corrected: expected one of open, closed,",
        ),
        ("train,a.png,coat,open,,,3,", "line 3, column corrected: expected one of open, closed,"),
        ("train,a.png,coat,open,,,suggested,", "line 3, column corrected: expected one of open"),
        ("train,c.png,hat,,on,,wrong,", "line 3, column corrected: expected one of off, on"),
        (
            "train,a.png,coat,none,,,closed,",
            "line 3, column given: expected 'open', the label in the data",
        ),
        (
            "train,=b.png,hat,off,,,off,",
            "line 3, column corrected: expected the decision of line 2",
        ),
    ],
)
def test_what_fits_nothing_is_refused_with_its_place(
    tmp_path: Path, images: AuditedImages, row: str, sentence: str
) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, images, "train,=b.png,hat,off,on,.9,on,", row)
    assert str(caught.value).startswith(f"{tmp_path / 'sheet.txt'}, {sentence}")
    assert "\n" not in str(caught.value)


def test_corrections_change_what_they_name_and_the_count_of_the_unknown(
    tmp_path: Path, images: AuditedImages
) -> None:
    found = read(tmp_path, images, "train,a.png,coat,open,,,unknown,", "train,c.png,hat,,,,on,")
    after = apply_corrections(images.train, found, "train")
    assert after.labels.tolist() == [[-1, 1], [-1, 0], [2, 1]]
    assert after.intake.unknown == {"coat": 2, "hat": 0}
    assert images.train.labels.tolist() == [[0, 1], [-1, 0], [2, -1]]
    assert apply_corrections(images.train, found, "test").labels.tolist() == [
        [0, 1],
        [-1, 0],
        [2, -1],
    ]


def test_a_sheet_may_be_read_again_after_it_was_applied(
    tmp_path: Path, images: AuditedImages
) -> None:
    row = "train,a.png,coat,open,none,.9,closed,"
    after = AuditedImages(apply_corrections(images.train, read(tmp_path, images, row), "train"))
    again = apply_corrections(after.train, read(tmp_path, after, row), "train")
    np.testing.assert_array_equal(again.labels, after.train.labels)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_sheet_holds_findings_by_rank_and_comes_back_empty(
    tmp_path: Path, flawed_findings: AuditFindings
) -> None:
    text = write_corrections(flawed_findings)
    rows = rows_of(text)
    ranked, gaps = flawed_findings.wrong_labels, flawed_findings.gaps
    assert ranked is not None
    assert gaps is not None
    wrong = [row for row in rows if row["reason"] == "likely wrong"]
    assert len(wrong) == ranked.flagged.sum()
    assert wrong[0]["confidence"] == f"{ranked.confidence[ranked.flagged][0]:.3f}"
    assert sum(row["reason"] == "unknown" for row in rows) == np.count_nonzero(gaps.value)
    assert all(row["corrected"] == "" for row in rows)
    path = tmp_path / "sheet.csv"
    path.write_text(text)
    assert read_corrections(path, flawed_findings.images) == []
    assert len(rows_of(write_corrections(flawed_findings, top=1))) <= 3


def test_suggestions_taken_over_are_those_of_the_ranking(
    tmp_path: Path, flawed_findings: AuditFindings
) -> None:
    rows = rows_of(write_corrections(flawed_findings))
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    writer.writerows({**row, "corrected": "suggested"} for row in rows)
    path = tmp_path / "sheet.csv"
    path.write_text(file.getvalue())
    found = {
        (correction.row, correction.attribute): correction.label
        for correction in read_corrections(path, flawed_findings.images)
    }
    ranked = flawed_findings.wrong_labels
    assert ranked is not None
    for row in np.flatnonzero(ranked.flagged).tolist():
        place = (int(ranked.image[row]), int(ranked.attribute[row]))
        assert found[place] == ranked.suggested[row]


def test_formulas_are_quoted_on_request_and_read_all_the_same(
    flawed_findings: AuditFindings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AuditedImages, "place", lambda images, image: ("train", f"=1+{image}"))
    plain, safe = (
        rows_of(write_corrections(flawed_findings, spreadsheet_safe=asked))
        for asked in (False, True)
    )
    assert {row["image"][0] for row in plain} == {"="}
    assert {row["image"][:2] for row in safe} == {"'="}
    assert [row["given"] for row in plain] == [row["given"] for row in safe]


def test_decisions_are_read_with_those_that_a_label_is_right(
    tmp_path: Path, images: AuditedImages
) -> None:
    path = tmp_path / "sheet.txt"
    rows = ["train,a.png,coat,open,none,.9,right,", "train,c.png,hat,,off,.5,on,"]
    path.write_text("\n".join([",".join(COLUMNS), *rows, "train,a.png,hat,on,off,.8,,"]) + "\n")
    assert read_decisions(path, images) == [
        Correction("train", 0, 0, 0),
        Correction("train", 2, 1, 1),
    ]
    assert read_corrections(path, images) == [Correction("train", 2, 1, 1)]


AWKWARD = (
    Attribute("side", ("left", "right", "wrong")),
    Attribute("known", ("unknown", "suggested")),
    Attribute("digit", ("0", "1", "2")),
    SCHEMA.attributes[0],
)


@pytest.mark.parametrize("attribute", AWKWARD, ids=lambda attribute: attribute.name)
def test_every_decision_is_read_as_it_was_written(attribute: Attribute) -> None:
    labels = range(UNKNOWN, len(attribute.classes))
    for given in labels:
        for label in labels:
            cell = decision_cell(attribute, given, label)
            assert read_cell(cell, attribute, given, UNKNOWN) == label, (given, label, cell)


@pytest.mark.parametrize(
    ("cell", "given", "suggested"),
    [("torn", 0, 1), ("7", 0, 1), ("suggested", 0, UNKNOWN), ("right", UNKNOWN, 1)],
)
def test_a_cell_that_makes_no_sense_is_refused(cell: str, given: int, suggested: int) -> None:
    with pytest.raises(InputError, match="expected one of open, closed, none, right, wrong"):
        read_cell(cell, SCHEMA.attributes[0], given, suggested)


def test_a_decided_sheet_comes_back_from_its_file(
    tmp_path: Path, conflicting_findings: AuditFindings
) -> None:
    images = conflicting_findings.images
    chosen = [kind[0] for kind in flagged_labels(conflicting_findings).values()]
    rows = [
        (one, decision_cell(images.schema.attributes[one.attribute], one.given, label))
        for one, label in zip(chosen, (chosen[0].given, UNKNOWN, 1), strict=True)
    ]
    path = tmp_path / "sheet.csv"
    path.write_text(corrections_csv(images, rows))
    found = [(one.attribute, one.label) for one in read_decisions(path, images)]
    assert found == [
        (chosen[0].attribute, chosen[0].given),
        (chosen[1].attribute, UNKNOWN),
        (chosen[2].attribute, 1),
    ]
