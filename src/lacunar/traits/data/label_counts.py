"""Numbers of labels of each class."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lacunar.traits.data.schema import Schema

# An int64 array of shape (1 + C_a,) for each attribute: unknown labels, then each class.
LabelCounts: TypeAlias = tuple[NDArray[np.int64], ...]


def count_labels(labels: NDArray[np.int64], schema: Schema) -> LabelCounts:
    """Count the labels of each class of each attribute, unknown labels first.

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
    """Return the most frequent class of each attribute, shape (A,); the first if several are.

    Examples
    --------
    >>> largest_classes((np.array([9, 2, 3]), np.array([0, 1, 1])))
    array([1, 0])
    """
    return np.array([count[1:].argmax() for count in counts])
