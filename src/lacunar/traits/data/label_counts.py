"""How many images have which label."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lacunar.traits.data.schema import Schema

# For each attribute an int64 array of shape (1 + C_a,): unknown, then class by class.
LabelCounts: TypeAlias = tuple[NDArray[np.int64], ...]


def count_labels(labels: NDArray[np.int64], schema: Schema) -> LabelCounts:
    """Count the labels of each attribute, unknown first.

    Parameters
    ----------
    labels : int64 array of shape (N, A)
    schema : Schema

    Examples
    --------
    >>> from lacunar.traits.data.schema import Attribute
    >>> schema = Schema((Attribute("coat", ("open", "closed")),), image_column="file")
    >>> count_labels(np.array([[0], [-1], [0], [1]]), schema)
    (array([1, 2, 1]),)
    """
    return tuple(
        np.bincount(column + 1, minlength=1 + len(attribute.classes))
        for column, attribute in zip(labels.T, schema.attributes, strict=True)
    )


def largest_classes(counts: LabelCounts) -> NDArray[np.int64]:
    """Most frequent class of each attribute, shape (A,), the first of equals.

    Examples
    --------
    >>> largest_classes((np.array([9, 2, 3]), np.array([0, 1, 1])))
    array([1, 0])
    """
    return np.array([count[1:].argmax() for count in counts])
