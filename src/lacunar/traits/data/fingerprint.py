"""Fingerprints of data sets and settings, and the check that a data set suits a schema."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from lacunar.errors import InputError
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.schema import Schema


def fingerprint(dataset: LabelledImages, images: ImageArray) -> str:
    """SHA-256 of what a fit can see of labelled images: pixels, labels, groups, schema."""
    groups = None if dataset.groups is None else dataset.groups.tolist()
    return digest_of([images.key, dataset.labels.tolist(), groups, dataset.schema.to_dict()])


def check_attributes(schema: Schema, dataset: LabelledImages) -> None:
    """Refuse a data set whose attributes or classes are not those of a schema.

    Raises
    ------
    InputError
        With the first that differs.
    """
    expected = {attribute.name: attribute.classes for attribute in schema.attributes}
    got = {attribute.name: attribute.classes for attribute in dataset.schema.attributes}
    if list(expected.items()) != list(got.items()):
        odd = next((name for name in expected if expected[name] != got.get(name)), "their order")
        raise InputError(
            f"{dataset.source}: expected the attributes and classes that were trained on,"
            f" {', '.join(expected)}; got {', '.join(got)}, which differ in {odd}"
        )


def digest_of(document: Any) -> str:
    """SHA-256 of a document of plain JSON types."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
