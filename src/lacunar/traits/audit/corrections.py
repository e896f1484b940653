"""A sheet of doubtful and missing labels for a person to fill in, and the labels it gives back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lacunar.errors import InputError
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.parts import Parts
from lacunar.traits.dataset import LabelledImages, Part
from lacunar.traits.labels import label_of
from lacunar.traits.schema import UNKNOWN, Attribute
from lacunar.traits.table import Table, read_table

COLUMNS = (
    "part", "image", "attribute", "given", "suggested", "confidence", "corrected", "reason",
)  # fmt: skip
MARKS = ("right", "wrong", "suggested", "unknown")
# What a spreadsheet takes for the start of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_QUOTE = "'"


@dataclass(frozen=True, slots=True)
class Correction:
    """A label that a person has decided on.

    Parameters
    ----------
    part : {'train', 'test'}
    row : int
        Of the part.
    attribute : int
    label : int
        -1 for unknown.
    """

    part: Part
    row: int
    attribute: int
    label: int


def write_corrections(
    findings: AuditFindings, *, top: int | None = None, spreadsheet_safe: bool = False
) -> str:
    """Return the sheet as CSV, its column ``corrected`` empty.

    Labels that are likely wrong come first, then those in which copies differ, then gaps, each
    kind by its rank.

    Parameters
    ----------
    findings : AuditFindings
    top : int, optional
        Rows of each kind at most.
    spreadsheet_safe : bool
        Put a quote before cells that a spreadsheet would run as a formula.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for rows in (_wrong(findings), _conflicts(findings), _gaps(findings)):
        for cells in list(rows)[:top]:
            writer.writerow(map(_safe, cells) if spreadsheet_safe else cells)
    return file.getvalue()


def read_corrections(path: Path, parts: Parts) -> list[Correction]:
    """Read the decisions of a filled sheet.

    A cell of the column ``corrected`` is a class by name or position, ``unknown`` or -1 for a
    label that nobody can tell, ``suggested`` to take over the suggestion, ``right`` for a label
    that is to stay, or ``wrong`` for one that is not: of two classes the other is meant then, of
    more none, so that the label becomes unknown. An empty cell decides nothing. Where a class is
    called like a mark, the class is meant.

    Parameters
    ----------
    path : Path
    parts : Parts
        What the sheet was made of.

    Raises
    ------
    InputError
        With the line and the column of the first cell that names no part, image, attribute or
        class, that decides a label differently from an earlier line, or whose given label is
        neither what the data have nor corrected in them already.
    """
    table = read_table(path, COLUMNS)
    rows_of = {
        (part, name): row
        for part, dataset in parts.datasets.items()
        for row, name in enumerate(dataset.names)
    }
    decided: dict[tuple[Part, int, int], tuple[int, int]] = {}
    for line in range(len(table.lines)):
        found = _read_line(table, line, parts, rows_of)
        if found is None:
            continue
        place = (found.part, found.row, found.attribute)
        label, first = decided.setdefault(place, (found.label, line))
        if label != found.label:
            raise InputError(
                f"{table.where(line, 'corrected')}: expected what line {table.lines[first]} says"
                f" of the same label, got {table.columns['corrected'][line]!r}"
            )
    return [Correction(*place, label) for place, (label, _) in decided.items()]


def apply_corrections(
    dataset: LabelledImages, corrections: list[Correction], part: Part
) -> LabelledImages:
    """Return the images of a part with the labels that were decided for them."""
    labels = dataset.labels.copy()
    for correction in corrections:
        if correction.part == part:
            labels[correction.row, correction.attribute] = correction.label
    unknown = np.count_nonzero(labels == UNKNOWN, axis=0).tolist()
    intake = replace(dataset.intake, unknown=dict(zip(dataset.schema.names, unknown, strict=True)))
    return replace(dataset, labels=labels, intake=intake)


def _wrong(findings: AuditFindings) -> Iterator[tuple[str, ...]]:
    ranked = findings.wrong_labels
    if ranked is None:
        return
    for row in np.flatnonzero(ranked.flagged).tolist():
        attribute = findings.schema.attributes[ranked.attribute[row]]
        yield (
            *findings.parts.place(int(ranked.image[row])),
            attribute.name,
            attribute.classes[ranked.given[row]],
            attribute.classes[ranked.suggested[row]],
            f"{ranked.confidence[row]:.3f}",
            "",
            "likely wrong",
        )


def _conflicts(findings: AuditFindings) -> Iterator[tuple[str, ...]]:
    labels = findings.parts.labels
    for pair in findings.duplicates:
        for position in findings.conflicts(pair):
            attribute = findings.schema.attributes[position]
            for image, copy in ((pair.first, pair.second), (pair.second, pair.first)):
                part, name = findings.parts.place(copy)
                yield (
                    *findings.parts.place(image),
                    attribute.name,
                    attribute.classes[labels[image, position]],
                    attribute.classes[labels[copy, position]],
                    "",
                    "",
                    f"a copy of {name} ({part}), which has another label",
                )


def _gaps(findings: AuditFindings) -> Iterator[tuple[str, ...]]:
    ranked = findings.gaps
    if ranked is None:
        return
    for row in np.flatnonzero(ranked.value).tolist():
        attribute = findings.schema.attributes[ranked.attribute[row]]
        yield (
            *findings.parts.place(int(ranked.image[row])),
            attribute.name,
            "",
            attribute.classes[ranked.likely[row]],
            f"{ranked.probability[row]:.3f}",
            "",
            "unknown",
        )


def _read_line(
    table: Table, line: int, parts: Parts, rows_of: dict[tuple[Part, str], int]
) -> Correction | None:
    """What a line decides; none where it decides nothing."""

    def cell(column: str) -> str:
        text = table.columns[column][line]
        return text[1:] if text[:1] == _QUOTE and text[1:2] in _FORMULA else text

    def refuse(column: str, expected: str) -> InputError:
        return InputError(
            f"{table.where(line, column)}: expected {expected}, got {table.columns[column][line]!r}"
        )

    part = next((name for name in parts.datasets if name == cell("part")), None)
    if part is None:
        raise refuse("part", " or ".join(parts.datasets))
    row = rows_of.get((part, table.columns["image"][line]), rows_of.get((part, cell("image"))))
    if row is None:
        raise refuse("image", f"an image of {parts.datasets[part].source}")
    names = parts.schema.names
    if cell("attribute") not in names:
        raise refuse("attribute", f"one of {', '.join(names)}")
    position = names.index(cell("attribute"))
    attribute = parts.schema.attributes[position]
    given = label_of(cell("given"), attribute)
    if given is None:
        raise refuse("given", _classes(attribute))
    label = _decided(cell("corrected"), attribute, given, cell("suggested"))
    if label is None:
        raise refuse("corrected", f"{_classes(attribute)}, {', '.join(MARKS)} or nothing")
    if label == _NOTHING:
        return None
    now = int(parts.datasets[part].labels[row, position])
    if now not in {given, label}:
        raise refuse("given", f"{_name(attribute, now)!r} as the data have")
    return Correction(part, row, position, label)


# What an empty cell and a label that is right decide.
_NOTHING = -2


def _decided(cell: str, attribute: Attribute, given: int, suggested: str) -> int | None:
    """Label that a cell decides for; none where it makes no sense."""
    if not cell:
        return _NOTHING
    label = label_of(cell, attribute)
    mark = cell.lower()
    if label is not None or mark not in MARKS:
        return label
    if mark == "wrong":
        return None if given == UNKNOWN else 1 - given if len(attribute.classes) == 2 else UNKNOWN
    if mark == "suggested":
        return label_of(suggested, attribute) if suggested else None
    return UNKNOWN if mark == "unknown" else _NOTHING


def _name(attribute: Attribute, label: int) -> str:
    return "" if label == UNKNOWN else attribute.classes[label]


def _classes(attribute: Attribute) -> str:
    return f"one of {', '.join(attribute.classes)}"


def _safe(cell: str) -> str:
    return _QUOTE + cell if cell.startswith(_FORMULA) else cell
