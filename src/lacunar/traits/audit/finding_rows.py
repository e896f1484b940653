"""Rows of the lists of an audit: wrong labels, images of low quality, duplicates, missing labels.

Keys may be added here, never renamed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lacunar.traits.audit.audited_images import AuditedImages
from lacunar.traits.audit.duplicates import Duplicate
from lacunar.traits.audit.image_quality import LowQuality
from lacunar.traits.audit.json_schema import BadImage, CopyPair, Gap, ImageName, WrongLabel
from lacunar.traits.audit.missing_labels import RankedGaps
from lacunar.traits.audit.wrong_labels import RankedLabels

if TYPE_CHECKING:
    import pyarrow as pa

#: The lists of an audit that can be frames.
FindingKind = Literal["wrong_labels", "low_quality", "duplicates", "gaps"]


def wrong_label_rows(
    images: AuditedImages, ranked: RankedLabels, *, top: int | None = None
) -> list[WrongLabel]:
    """Make a row for each flagged label, the most suspicious first."""
    rows = np.flatnonzero(ranked.flagged)[:top].tolist()
    return [wrong_label_document(images, ranked, row) for row in rows]


def gap_rows(images: AuditedImages, ranked: RankedGaps, *, top: int | None = None) -> list[Gap]:
    """Make a row for each missing label that has a value, the highest value first."""
    rows = np.flatnonzero(ranked.value)[:top].tolist()
    return [gap_document(images, ranked, row) for row in rows]


def wrong_label_document(images: AuditedImages, ranked: RankedLabels, row: int) -> WrongLabel:
    """Document of one row of the ranked labels."""
    attribute = images.schema.attributes[ranked.attribute[row]]
    return {
        **_image(images, int(ranked.image[row])),
        "attribute": attribute.name,
        "given": attribute.classes[ranked.given[row]],
        "suggested": attribute.classes[ranked.suggested[row]],
        "confidence": float(ranked.confidence[row]),
        "given_probability": float(ranked.given_probability[row]),
    }


def gap_document(images: AuditedImages, ranked: RankedGaps, row: int) -> Gap:
    """Document of one row of the ranked missing labels."""
    attribute = images.schema.attributes[ranked.attribute[row]]
    return {
        **_image(images, int(ranked.image[row])),
        "attribute": attribute.name,
        "value": float(ranked.value[row]),
        "likely": attribute.classes[ranked.likely[row]],
        "probability": float(ranked.probability[row]),
    }


def bad_image_document(images: AuditedImages, image: LowQuality) -> BadImage:
    """Document of one image of low quality."""
    return {**_image(images, image.image), "reasons": list(image.reasons)}


def copies_document(images: AuditedImages, pair: Duplicate) -> CopyPair:
    """Document of one pair of copies."""
    return {
        "first": _image(images, pair.first),
        "second": _image(images, pair.second),
        "exact": pair.exact,
        "mirrored": pair.mirrored,
        "correlation": pair.correlation,
        "differ_in": [images.schema.names[a] for a in images.conflicts(pair.first, pair.second)],
    }


def finding_table(
    kind: FindingKind, rows: Sequence[WrongLabel | BadImage | CopyPair | Gap]
) -> pa.Table:
    """Make an Arrow table of rows of one kind.

    The two images of a pair of copies are in the columns ``first_image``, ``first_part``,
    ``second_image`` and ``second_part``.

    Examples
    --------
    >>> finding_table("low_quality", []).column_names
    ['image', 'part', 'reasons']
    """
    import pyarrow as pa

    image = [("image", pa.string()), ("part", pa.string())]
    columns = {
        "wrong_labels": [
            *image,
            ("attribute", pa.string()),
            ("given", pa.string()),
            ("suggested", pa.string()),
            ("confidence", pa.float64()),
            ("given_probability", pa.float64()),
        ],
        "low_quality": [*image, ("reasons", pa.list_(pa.string()))],
        "duplicates": [
            *((f"{which}_{name}", of) for which in ("first", "second") for name, of in image),
            ("exact", pa.bool_()),
            ("mirrored", pa.bool_()),
            ("correlation", pa.float64()),
            ("differ_in", pa.list_(pa.string())),
        ],
        "gaps": [
            *image,
            ("attribute", pa.string()),
            ("value", pa.float64()),
            ("likely", pa.string()),
            ("probability", pa.float64()),
        ],
    }
    return pa.Table.from_pylist([_flat(row) for row in rows], pa.schema(columns[kind]))


def _flat(row: WrongLabel | BadImage | CopyPair | Gap) -> dict[str, Any]:
    """A row without dicts inside: ``first`` becomes ``first_image`` and ``first_part``."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{key}_{name}": part for name, part in value.items()}
        else:
            flat[key] = value
    return flat


def _image(images: AuditedImages, image: int) -> ImageName:
    part, name = images.place(image)
    return {"image": name, "part": part}
