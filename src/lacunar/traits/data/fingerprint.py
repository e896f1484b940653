"""Fingerprints of data sets and settings, and a check of the attributes of a data set."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from lacunar.errors import InputError
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.schema import Schema


def fingerprint(dataset: LabelledImages, images: ImageArray) -> str:
    """Return the SHA-256 of everything that a fit uses: pixels, labels, groups and schema."""
    groups = None if dataset.groups is None else dataset.groups.tolist()
    return digest_of([images.key, dataset.labels.tolist(), groups, dataset.schema.to_dict()])


def check_attributes(schema: Schema, dataset: LabelledImages) -> None:
    """Check that a data set has the attributes and classes of a schema.

    Raises
    ------
    InputError
        With the first attribute that differs.
    """
    expected = {attribute.name: attribute.classes for attribute in schema.attributes}
    got = {attribute.name: attribute.classes for attribute in dataset.schema.attributes}
    if list(expected.items()) != list(got.items()):
        odd = next((name for name in expected if expected[name] != got.get(name)), "their order")
        raise InputError(
            f"{dataset.origin}: expected the attributes and classes that were trained on,"
            f" {', '.join(expected)}; got {', '.join(got)}, which differ in {odd}"
        )


def digest_of(document: Any) -> str:
    """Return the SHA-256 of a JSON document."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
