"""Correction sheets: CSV files of flagged labels for a person to review, and their decisions."""

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
# Characters that begin a formula in a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_QUOTE = "'"


@dataclass(frozen=True, slots=True)
class Correction:
    """The decision of a person about one label.

    Parameters
    ----------
    part : {'train', 'test'}
    row : int
        Row of the image in its part.
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
    """Make the correction sheet as CSV, with an empty column ``corrected``.

    Likely wrong labels come first, then labels in which copies differ, then missing labels, each
    kind in its ranking.

    Parameters
    ----------
    findings : AuditFindings
    top : int, optional
        The largest number of rows of each kind.
    spreadsheet_safe : bool
        Put a quote before cells that a spreadsheet would run as formulas.
    """
    rows = [(label, "") for kind in flagged_labels(findings).values() for label in kind[:top]]
    return corrections_csv(findings.images, rows, spreadsheet_safe=spreadsheet_safe)


def corrections_csv(
    images: AuditedImages,
    rows: Iterable[tuple[FlaggedLabel, str]],
    *,
    spreadsheet_safe: bool = False,
) -> str:
    """Make a correction sheet as CSV.

    Parameters
    ----------
    images : AuditedImages
        The audited images.
    rows : iterable of (FlaggedLabel, str)
        Each label with its cell of the column ``corrected``; see :func:`decision_cell`.
    spreadsheet_safe : bool
        Put a quote before cells that a spreadsheet would run as formulas.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for label, corrected in rows:
        attribute = images.schema.attributes[label.attribute]
        cells = (
            *images.place(label.image),
            attribute.name,
            _name(attribute, label.given),
            _name(attribute, label.suggested),
            "" if label.probability is None else f"{label.probability:.3f}",
            corrected,
            _reason(images, label),
        )
        writer.writerow(map(_safe, cells) if spreadsheet_safe else cells)
    return file.getvalue()


def decision_cell(attribute: Attribute, given: int, label: int) -> str:
    """Format a decision for the column ``corrected``; see :func:`read_decisions`.

    Parameters
    ----------
    attribute : Attribute
    given, label : int
        The label in the data, and the decision of a person; -1 for unknown.

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


def read_corrections(path: Path, images: AuditedImages) -> list[Correction]:
    """Read the changed labels of a completed correction sheet.

    A cell of the column ``corrected`` contains a class by name or index; ``unknown`` or -1 if
    the label cannot be determined; ``suggested`` to accept the suggestion; ``right`` to keep the
    label; or ``wrong``. ``wrong`` means the other class if there are two, and an unknown label if
    there are more. An empty cell is no decision. If a class has the name of one of these words,
    the class is meant.

    Parameters
    ----------
    path : Path
    images : AuditedImages
        The images that the sheet was made for.

    Raises
    ------
    InputError
        With the line and column of the first cell with an unknown part, image, attribute or
        class, that contradicts an earlier line, or whose given label is not the label in the data
        and was not corrected already.
    """
    return _decisions(path, images, rights=False)


def read_decisions(path: Path, images: AuditedImages) -> list[Correction]:
    """Read all decisions of a completed correction sheet, including those to keep a label.

    Parameters
    ----------
    path : Path
    images : AuditedImages
        The images that the sheet was made for.

    Raises
    ------
    InputError
        See :func:`read_corrections`.
    """
    return _decisions(path, images, rights=True)


def read_cell(cell: str, attribute: Attribute, given: int, suggested: int) -> int | None:
    """Label of a cell of the column ``corrected``; None for an empty cell.

    Parameters
    ----------
    cell : str
        See :func:`read_corrections`; ``right`` means the given label.
    attribute : Attribute
    given, suggested : int
        -1 if unknown.

    Raises
    ------
    InputError
        If the cell is invalid for this label.

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
    """Images of a part with the decided labels."""
    labels = dataset.labels.copy()
    for correction in corrections:
        if correction.part == part:
            labels[correction.row, correction.attribute] = correction.label
    unknown = np.count_nonzero(labels == UNKNOWN, axis=0).tolist()
    intake = replace(dataset.intake, unknown=dict(zip(dataset.schema.names, unknown, strict=True)))
    return replace(dataset, labels=labels, intake=intake)


def _reason(images: AuditedImages, label: FlaggedLabel) -> str:
    if label.why == "wrong_label":
        return "likely wrong"
    if label.copy is not None:
        part, name = images.place(label.copy)
        return f"a copy of {name} ({part}), which has a different label"
    return "unknown" if label.why == "gap" else ""


def _decisions(path: Path, images: AuditedImages, *, rights: bool) -> list[Correction]:
    table = read_table(path, COLUMNS)
    rows_of = {
        (part, name): row
        for part, dataset in images.datasets.items()
        for row, name in enumerate(dataset.names)
    }
    decided: dict[tuple[SplitName, int, int], tuple[int, int]] = {}
    for line in range(len(table.lines)):
        decision = _read_line(table, line, images, rows_of, rights=rights)
        if decision is None:
            continue
        place = (decision.part, decision.row, decision.attribute)
        label, first = decided.setdefault(place, (decision.label, line))
        if label != decision.label:
            raise InputError(
                f"{table.where(line, 'corrected')}: expected the decision of"
                f" {table.line(first)} on the same label, got {table.columns['corrected'][line]!r}"
            )
    return [Correction(*place, label) for place, (label, _) in decided.items()]


def _read_line(
    table: Table,
    line: int,
    images: AuditedImages,
    rows_of: dict[tuple[SplitName, str], int],
    *,
    rights: bool,
) -> Correction | None:
    """Decision of a line; None if there is none."""

    def cell(column: str) -> str:
        text = table.columns[column][line]
        return text[1:] if text[:1] == _QUOTE and text[1:2] in _FORMULA else text

    def refuse(column: str, expected: str) -> InputError:
        return InputError(
            f"{table.where(line, column)}: expected {expected}, got {table.columns[column][line]!r}"
        )

    part = next((name for name in images.datasets if name == cell("part")), None)
    if part is None:
        raise refuse("part", " or ".join(images.datasets))
    row = rows_of.get((part, table.columns["image"][line]), rows_of.get((part, cell("image"))))
    if row is None:
        raise refuse("image", f"an image of {images.datasets[part].origin}")
    names = images.schema.names
    if cell("attribute") not in names:
        raise refuse("attribute", f"one of {', '.join(names)}")
    position = names.index(cell("attribute"))
    attribute = images.schema.attributes[position]
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
    now = int(images.datasets[part].labels[row, position])
    if now not in {given, label}:
        raise refuse("given", f"{_name(attribute, now)!r}, the label in the data")
    return Correction(part, row, position, label)


# Decisions of an empty cell and of the word "right".
_NOTHING, _RIGHT_LABEL = -2, -3


def _decided(cell: str, attribute: Attribute, given: int, suggested: str) -> int | None:
    """Label of a cell; None if the cell is invalid."""
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
