"""Random or stratified splits of labelled images that keep groups together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lacunar.traits.data.schema import UNKNOWN


def split_validation(
    labels: NDArray[np.int64],
    size: int,
    *,
    stratify: bool,
    seed: int,
    groups: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split rows into training and validation rows.

    Parameters
    ----------
    labels : int64 array of shape (N, A)
    size : int
        Number of validation rows. With groups it is met as closely as their sizes allow.
    stratify : bool
        Whether both sets have the class frequencies of all rows.
    seed : int
    groups : int64 array of shape (N,), optional
        Group of each row. Groups are not split.

    Returns
    -------
    train, validation : int array
        Rows in ascending order.

    Examples
    --------
    >>> labels = np.array([[0], [0], [0], [0], [1], [1]])
    >>> train, validation = split_validation(labels, 3, stratify=True, seed=0)
    >>> labels[validation].ravel().tolist()
    [0, 0, 1]
    """
    # With unknown labels only the sizes matter.
    seen = labels if stratify else np.full_like(labels, UNKNOWN)
    folds = stratified_folds(seen, [len(labels) - size, size], seed=seed, groups=groups)
    return np.flatnonzero(folds == 0), np.flatnonzero(folds == 1)


def stratified_folds(
    labels: NDArray[np.int64],
    sizes: Sequence[int],
    *,
    seed: int,
    groups: NDArray[np.int64] | None = None,
) -> NDArray[np.intp]:
    """Assign rows to folds with similar class frequencies of all attributes.

    Iterative stratification (Sechidis, Tsoumakas and Vlahavas, 2011): the rarest remaining class
    is assigned first, each of its rows to the fold that lacks most of that class. Full folds get
    no more rows, so without groups the sizes are exact.

    Parameters
    ----------
    labels : int64 array of shape (N, A)
        -1 where unknown; unknown labels are ignored.
    sizes : sequence of F int
        Rows per fold; they add up to N.
    seed : int
        Orders the rows and breaks ties.
    groups : int64 array of shape (N,), optional
        Group of each row. Rows of a group get the same fold.

    Returns
    -------
    int array of shape (N,)
        Fold of each row.

    Raises
    ------
    ValueError
        If the sizes do not add up to N.

    Examples
    --------
    >>> labels = np.array([[0], [0], [0], [0], [1], [1]])
    >>> folds = stratified_folds(labels, [3, 3], seed=0)
    >>> [sorted(labels[folds == fold, 0].tolist()) for fold in (0, 1)]
    [[0, 0, 1], [0, 0, 1]]
    """
    if sum(sizes) != len(labels):
        raise ValueError(f"expected sizes that add up to {len(labels)}, got {sum(sizes)}")
    generator = np.random.default_rng(seed)
    units = np.arange(len(labels)) if groups is None else np.unique(groups, return_inverse=True)[1]
    held = _held(labels, units)  # (U, L)
    rows = np.bincount(units)  # (U,)
    wanted = np.outer(np.asarray(sizes) / len(labels), held.sum(axis=0))  # (F, L)
    room = np.array(sizes, np.float64)  # (F,)
    fold_of = np.full(len(rows), -1)
    for unit, label in _rarest_first(held, fold_of, generator):
        lacks = room if label is None else wanted[:, label]
        fits = room >= min(rows[unit], room.max())
        # The last key counts most: fits, then lacks, then room, then a random number.
        best = np.lexsort((generator.random(len(room)), room, lacks, fits))[-1]
        fold_of[unit] = best
        wanted[best] -= held[unit]
        room[best] -= rows[unit]
    return np.asarray(fold_of[units])


def _held(labels: NDArray[np.int64], units: NDArray[np.intp]) -> NDArray[np.int64]:
    """Count the labels of each class in each unit, shape (units, classes of all attributes)."""
    starts = np.cumsum([0, *(labels.max(axis=0, initial=0) + 1)])
    held = np.zeros((units.max() + 1, starts[-1]), np.int64)
    row, attribute = np.nonzero(labels != UNKNOWN)
    np.add.at(held, (units[row], starts[attribute] + labels[row, attribute]), 1)
    return held


def _rarest_first(
    held: NDArray[np.int64],
    fold_of: NDArray[np.intp],
    generator: np.random.Generator,
) -> Iterator[tuple[int, int | None]]:
    """Yield the next unit and the class it is assigned for; units without labels come last."""
    order = generator.permutation(len(held))
    while True:
        left = order[fold_of[order] < 0]
        if not len(left):
            return
        counts = held[left].sum(axis=0)
        label = None
        if counts.any():
            label = int(np.where(counts > 0, counts, np.iinfo(np.int64).max).argmin())
            left = left[held[left, label] > 0]
        for unit in left.tolist():
            yield unit, label
