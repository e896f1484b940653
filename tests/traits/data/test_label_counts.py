from __future__ import annotations

import numpy as np

from lacunar.traits.data.label_counts import count_labels, largest_classes
from lacunar.traits.data.schema import Schema


def test_counts_are_of_every_class_and_of_unknown_labels(coats: Schema) -> None:
    labels = np.array([[0, -1], [0, -1], [-1, 1], [1, 1]])
    counts = count_labels(labels, coats)
    assert [count.tolist() for count in counts] == [[1, 2, 1, 0], [2, 0, 2]]
    assert largest_classes(counts).tolist() == [0, 1]


def test_unknown_is_never_the_largest_class(coats: Schema) -> None:
    labels = np.array([[-1, 1], [-1, -1], [2, -1]])
    assert largest_classes(count_labels(labels, coats)).tolist() == [2, 1]
