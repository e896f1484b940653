"""Labels of generated pedestrians: columns, classes and class counts.

The counts are those of the original pedestrian crops of the six-attribute task, so that a sample
has the same rare colours, unknown labels and shift between training and test images.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SplitName = Literal["train", "test"]
Counts = Mapping[int, int]

UNKNOWN = -1
COLUMNS = ("gender", "tortyp", "torcol", "legtyp", "legcol", "luggage")
N_CLASSES = (2, 2, 11, 2, 11, 2)
COLOURS = (
    "black", "blue", "brown", "green", "grey", "orange", "pink", "purple", "red", "white", "yellow",
)  # fmt: skip
BODY_PARTS = (
    "hair", "legs", "luggage", "shoes", "torso", "skin_arms", "skin_face", "skin_legs",
)  # fmt: skip

COUNTS: Mapping[SplitName, tuple[Counts, ...]] = {
    "train": (
        {-1: 3, 0: 295, 1: 222},
        {0: 219, 1: 301},
        {-1: 4, 0: 140, 1: 39, 2: 27, 3: 21, 4: 83, 5: 7, 6: 22, 7: 21, 8: 22, 9: 122, 10: 12},
        {0: 356, 1: 164},
        {-1: 6, 0: 210, 1: 154, 2: 43, 3: 5, 4: 61, 5: 3, 6: 5, 8: 3, 9: 25, 10: 5},
        {0: 308, 1: 212},
    ),
    "test": (
        {-1: 8, 0: 98, 1: 90},
        {0: 75, 1: 121},
        {0: 51, 1: 23, 2: 12, 3: 9, 4: 21, 5: 5, 6: 7, 7: 5, 8: 19, 9: 35, 10: 9},
        {0: 114, 1: 82},
        {0: 69, 1: 63, 2: 8, 3: 7, 4: 27, 6: 6, 7: 2, 9: 13, 10: 1},
        {-1: 9, 0: 126, 1: 61},
    ),
}

# Correlation of colours and clothes with women, and of bare legs with bare arms.
_WORN_BY_WOMEN = {6: 0.5, 7: 0.35, 8: 0.1, 9: 0.1, 1: -0.1, 3: -0.1}
_GENDER_PULL, _SEASON_PULL = 0.3, 0.35


def scale_counts(counts: Counts, n: int) -> dict[int, int]:
    """Counts that sum to ``n`` in the proportions of ``counts``, by largest remainder.

    Examples
    --------
    >>> scale_counts({0: 2, 1: 1}, 5)
    {0: 3, 1: 2}
    """
    total = sum(counts.values())
    scaled = {label: count * n // total for label, count in counts.items()}
    remainder = {label: count * n % total for label, count in counts.items()}
    for label in sorted(counts, key=lambda label: -remainder[label])[: n - sum(scaled.values())]:
        scaled[label] += 1
    return scaled


def even_out(counts: Counts, n_classes: int, evenness: float) -> Counts:
    """Counts with more equal proportions, each class at least once.

    Parameters
    ----------
    counts : mapping of label to int
    n_classes : int
    evenness : float
        0 keeps the counts, 1 makes all classes equal; unknown labels keep their share.

    Examples
    --------
    >>> even_out({0: 100, 1: 4}, 3, 0.5)
    {0: 10000, 1: 2000, 2: 1000}
    >>> even_out({0: 100, 1: 4}, 3, 0.0)
    {0: 100, 1: 4}
    """
    if not evenness:
        return counts
    known = [max(counts.get(label, 0), 1) for label in range(n_classes)]
    evened = {label: round(1000 * n ** (1 - evenness)) for label, n in enumerate(known)}
    unknown = counts.get(UNKNOWN, 0)
    if unknown:
        evened[UNKNOWN] = round(sum(evened.values()) * unknown / sum(known))
    return evened


def draw_labels(
    part: SplitName, n: int, rng: np.random.Generator, *, evenness: float = 0.0
) -> NDArray[np.int64]:
    """Labels of ``n`` people with the class proportions of ``part`` in each column.

    Columns are weakly correlated: women wear pink and skirts more often, and bare arms go with bare
    legs.

    Parameters
    ----------
    part : {"train", "test"}
    n : int
    rng : numpy.random.Generator
    evenness : float
        See :func:`even_out`.

    Returns
    -------
    labels : ndarray of shape (n, 6)
        In the order of `COLUMNS`, unknown as -1.

    Examples
    --------
    >>> draw_labels("test", 4, np.random.default_rng(0))[:, 0].tolist()
    [0, 0, 1, 1]
    """
    labels = np.empty((n, len(COLUMNS)), dtype=np.int64)
    counts = {
        column: even_out(of_part, n_classes, evenness)
        for column, of_part, n_classes in zip(COLUMNS, COUNTS[part], N_CLASSES, strict=True)
    }

    def draw(column: str, pull: NDArray[np.float64]) -> NDArray[np.int64]:
        return _draw_column(labels, column, counts[column], pull, rng)

    no_pull = np.zeros(n)
    woman = draw("gender", no_pull) == 1
    bare_arms = draw("tortyp", 0.1 * woman) == 1
    draw("torcol", _GENDER_PULL * woman)
    draw("legtyp", _GENDER_PULL * woman + _SEASON_PULL * bare_arms)
    draw("legcol", no_pull)
    draw("luggage", 0.15 * woman)
    return labels


def _draw_column(
    labels: NDArray[np.int64],
    column: str,
    counts: Counts,
    pull: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Assign the column's classes to rows: later classes to rows with more pull, with noise."""
    c = COLUMNS.index(column)
    counts = scale_counts(counts, len(labels))
    dealt = np.repeat(list(counts), list(counts.values()))
    if column == "torcol":
        lean = np.array([_WORN_BY_WOMEN.get(label, 0.0) for label in dealt.tolist()])
        rank = lean + 0.7 * rng.random(len(dealt))
    elif column in {"gender", "legcol"}:
        rank = rng.random(len(dealt))
    else:
        # An unknown label is correlated with neither class.
        rank = np.where(dealt == UNKNOWN, 2 * rng.random(len(dealt)) - 0.5, dealt)
    dealt = dealt[np.argsort(rank, kind="stable")]
    labels[np.argsort(pull + rng.random(len(labels)), kind="stable"), c] = dealt
    column_labels: NDArray[np.int64] = labels[:, c]
    return column_labels
