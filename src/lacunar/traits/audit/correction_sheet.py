"""A sheet of doubtful and missing labels for a person to fill in, and the labels it gives back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lacunar.errors import InputError
from lacunar.traits.audit.audited_images import AuditedImages
from lacunar.traits.audit.findings import AuditFindings
from lacunar.traits.audit.flagged_labels import FlaggedLabel, flagged_labels
from lacunar.traits.data.csv_table import Table, read_table
from lacunar.traits.data.dataset import LabelledImages, SplitName
from lacunar.traits.data.labels import label_of
from lacunar.traits.data.schema import UNKNOWN, Attribute

COLUMNS = (
    "part", "image", "attribute", "given", "suggested", "confidence", "corrected", "reason",
)  # fmt: skip
_RIGHT, _UNKNOWN = "right", "unknown"
DECISION_WORDS = (_RIGHT, "wrong", "suggested", _UNKNOWN)
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

    part: SplitName
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
    rows = [(label, "") for kind in flagged_labels(findings).values() for label in kind[:top]]
    return corrections_csv(findings.parts, rows, spreadsheet_safe=spreadsheet_safe)


def corrections_csv(
    parts: AuditedImages,
    rows: Iterable[tuple[FlaggedLabel, str]],
    *,
    spreadsheet_safe: bool = False,
) -> str:
    """Return a sheet as CSV.

    Parameters
    ----------
    parts : AuditedImages
        What the labels are of.
    rows : iterable of (FlaggedLabel, str)
        With the cell of the column ``corrected``; see :func:`decision_cell`.
    spreadsheet_safe : bool
        Put a quote before cells that a spreadsheet would run as a formula.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for label, corrected in rows:
        attribute = parts.schema.attributes[label.attribute]
        cells = (
            *parts.place(label.image),
            attribute.name,
            _name(attribute, label.given),
            _name(attribute, label.suggested),
            "" if label.probability is None else f"{label.probability:.3f}",
            corrected,
            _reason(parts, label),
        )
        writer.writerow(map(_safe, cells) if spreadsheet_safe else cells)
    return file.getvalue()


def decision_cell(attribute: Attribute, given: int, label: int) -> str:
    """Write a decision as :func:`read_decisions` reads it.

    Parameters
    ----------
    attribute : Attribute
    given, label : int
        What the data have, and what a person has decided; -1 for unknown.

    Examples
    --------
    >>> coat = Attribute("coat", ("open", "closed"))
    >>> decision_cell(coat, 0, 0), decision_cell(coat, 0, 1), decision_cell(coat, 0, -1)
    ('right', 'closed', 'unknown')
    >>> decision_cell(Attribute("side", ("left", "right")), 0, 0)
    'left'
    """
    if label == UNKNOWN:
        return str(UNKNOWN) if _UNKNOWN in attribute.classes else _UNKNOWN
    if label == given and _RIGHT not in attribute.classes:
        return _RIGHT
    return attribute.classes[label]


def read_corrections(path: Path, parts: AuditedImages) -> list[Correction]:
    """Read the decisions of a filled sheet.

    A cell of the column ``corrected`` is a class by name or position, ``unknown`` or -1 for a
    label that nobody can tell, ``suggested`` to take over the suggestion, ``right`` for a label
    that is to stay, or ``wrong`` for one that is not: of two classes the other is meant then, of
    more none, so that the label becomes unknown. An empty cell decides nothing. Where a class is
    called like a mark, the class is meant.

    Parameters
    ----------
    path : Path
    parts : AuditedImages
        What the sheet was made of.

    Raises
    ------
    InputError
        With the line and the column of the first cell that names no part, image, attribute or
        class, that decides a label differently from an earlier line, or whose given label is
        neither what the data have nor corrected in them already.
    """
    return _decisions(path, parts, rights=False)


def read_decisions(path: Path, parts: AuditedImages) -> list[Correction]:
    """Read the decisions of a filled sheet, also those that a label is right and stays.

    Parameters
    ----------
    path : Path
    parts : AuditedImages
        What the sheet was made of.

    Raises
    ------
    InputError
        See :func:`read_corrections`.
    """
    return _decisions(path, parts, rights=True)


def read_cell(cell: str, attribute: Attribute, given: int, suggested: int) -> int | None:
    """Label that a cell of the column ``corrected`` decides for; None where it decides nothing.

    Parameters
    ----------
    cell : str
        See :func:`read_corrections`; ``right`` decides for the given label.
    attribute : Attribute
    given, suggested : int
        -1 where there is none.

    Raises
    ------
    InputError
        If the cell makes no sense for this label.

    Examples
    --------
    >>> coat = Attribute("coat", ("open", "closed", "none"))
    >>> [read_cell(cell, coat, 0, 1) for cell in ("none", "right", "suggested", "unknown", "")]
    [2, 0, 1, -1, None]
    """
    label = _decided(cell, attribute, given, _name(attribute, suggested))
    if label is None or (label == _RIGHT_LABEL and given == UNKNOWN):
        raise InputError(
            f"expected {_classes(attribute)}, {', '.join(DECISION_WORDS)} or nothing, got {cell!r}"
        )
    return {_NOTHING: None, _RIGHT_LABEL: given}.get(label, label)


def apply_corrections(
    dataset: LabelledImages, corrections: list[Correction], part: SplitName
) -> LabelledImages:
    """Return the images of a part with the labels that were decided for them."""
    labels = dataset.labels.copy()
    for correction in corrections:
        if correction.part == part:
            labels[correction.row, correction.attribute] = correction.label
    unknown = np.count_nonzero(labels == UNKNOWN, axis=0).tolist()
    intake = replace(dataset.intake, unknown=dict(zip(dataset.schema.names, unknown, strict=True)))
    return replace(dataset, labels=labels, intake=intake)


def _reason(parts: AuditedImages, label: FlaggedLabel) -> str:
    if label.why == "wrong_label":
        return "likely wrong"
    if label.copy is not None:
        part, name = parts.place(label.copy)
        return f"a copy of {name} ({part}), which has another label"
    return "unknown" if label.why == "gap" else ""


def _decisions(path: Path, parts: AuditedImages, *, rights: bool) -> list[Correction]:
    table = read_table(path, COLUMNS)
    rows_of = {
        (part, name): row
        for part, dataset in parts.datasets.items()
        for row, name in enumerate(dataset.names)
    }
    decided: dict[tuple[SplitName, int, int], tuple[int, int]] = {}
    for line in range(len(table.lines)):
        found = _read_line(table, line, parts, rows_of, rights=rights)
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


def _read_line(
    table: Table,
    line: int,
    parts: AuditedImages,
    rows_of: dict[tuple[SplitName, str], int],
    *,
    rights: bool,
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
        raise refuse("corrected", f"{_classes(attribute)}, {', '.join(DECISION_WORDS)} or nothing")
    if label == _RIGHT_LABEL and rights:
        label = given
    if label in {_NOTHING, _RIGHT_LABEL}:
        return None
    now = int(parts.datasets[part].labels[row, position])
    if now not in {given, label}:
        raise refuse("given", f"{_name(attribute, now)!r} as the data have")
    return Correction(part, row, position, label)


# What an empty cell and a label that is right decide.
_NOTHING, _RIGHT_LABEL = -2, -3


def _decided(cell: str, attribute: Attribute, given: int, suggested: str) -> int | None:
    """Label that a cell decides for; none where it makes no sense."""
    if not cell:
        return _NOTHING
    label = label_of(cell, attribute)
    mark = cell.lower()
    if label is not None or mark not in DECISION_WORDS:
        return label
    if mark == "wrong":
        return None if given == UNKNOWN else 1 - given if len(attribute.classes) == 2 else UNKNOWN
    if mark == "suggested":
        return label_of(suggested, attribute) if suggested else None
    return UNKNOWN if mark == _UNKNOWN else _RIGHT_LABEL


def _name(attribute: Attribute, label: int) -> str:
    return "" if label == UNKNOWN else attribute.classes[label]


def _classes(attribute: Attribute) -> str:
    return f"one of {', '.join(attribute.classes)}"


def _safe(cell: str) -> str:
    return _QUOTE + cell if cell.startswith(_FORMULA) else cell
