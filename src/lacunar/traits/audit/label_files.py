"""Label files with corrected labels; all other content stays the same."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from lacunar.errors import InputError
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.labels import label_of
from lacunar.traits.data.schema import UNKNOWN, Attribute

Fields = list[str]
# Some programs begin a UTF-8 file with a byte order mark.
_BYTE_ORDER_MARK = "\ufeff"


def relabelled_csv(before: LabelledImages, after: LabelledImages) -> str:
    """Make the text of a label file with changed labels, in the same layout.

    Unchanged rows, and columns without labels, keep every character. If an image has several rows,
    all are changed. A changed cell is a class name if the column has names, otherwise a class
    index; -1 if the label is unknown.

    Parameters
    ----------
    before : LabelledImages
        The images as read from ``before.source``.
    after : LabelledImages
        The same images with changed labels.

    Raises
    ------
    InputError
        If the images are from a frame.
    """
    if before.source is None:
        raise InputError("expected images of a CSV file, got images of a frame", field="before")
    text = before.source.read_bytes().decode("utf-8")
    rows = _raw_rows(text.removeprefix(_BYTE_ORDER_MARK))
    header = [name.strip() for name in rows[0][1]]
    attributes = before.schema.attributes
    places = [header.index(attribute.column) for attribute in attributes]
    named = [
        _has_names(attribute, [fields[place].strip() for _, fields in rows[1:]])
        for attribute, place in zip(attributes, places, strict=True)
    ]
    image_place = header.index(before.schema.image_column)
    row_of = {path: row for row, path in enumerate(before.paths)}
    folder = before.source.parent.resolve() / before.schema.images
    lines = [_BYTE_ORDER_MARK * text.startswith(_BYTE_ORDER_MARK), rows[0][0]]
    for raw, fields in rows[1:]:
        row = row_of[_resolved(folder, fields[image_place])]
        changed = list(fields)
        for position, place in enumerate(places):
            label = int(after.labels[row, position])
            if label_of(fields[place].strip(), attributes[position]) != label and (
                label != before.labels[row, position]
            ):
                changed[place] = _cell(attributes[position], label, names=named[position])
        lines.append(raw if changed == fields else _written(changed, raw))
    return "".join(lines)


def _raw_rows(text: str) -> list[tuple[str, Fields]]:
    """Text and fields of each row of a CSV file; blank lines belong to the row before."""
    lines = list(io.StringIO(text, newline=""))
    rows: list[tuple[str, Fields]] = []
    reader = csv.reader(lines, strict=True)
    start = 0
    for fields in reader:
        raw = "".join(lines[start : reader.line_num])
        start = reader.line_num
        if fields:
            rows.append((raw, fields))
        elif rows:
            rows[-1] = (rows[-1][0] + raw, rows[-1][1])
    return rows


def _resolved(folder: Path, name: str) -> Path:
    return (folder / name.strip()).resolve()


def _has_names(attribute: Attribute, cells: Fields) -> bool:
    """True if a column contains class names rather than class indices."""
    return any(cell in attribute.classes and not cell.isdigit() for cell in cells)


def _cell(attribute: Attribute, label: int, *, names: bool) -> str:
    return str(label) if label == UNKNOWN or not names else attribute.classes[label]


def _written(fields: Fields, raw: str) -> str:
    """A row of CSV, with the line end and the blank lines of the row that it replaces."""
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="").writerow(fields)
    return file.getvalue() + raw[len(raw.rstrip("\r\n")) :]
