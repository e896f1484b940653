"""Splits of labelled images: at random or stratified over all attributes, groups kept together."""

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
    """Part rows for validation from those to train on.

    Parameters
    ----------
    labels : int64 array of shape (N, A)
    size : int
        Rows to validate on. With groups it is met as nearly as their sizes allow.
    stratify : bool
        Whether both parts are to have the shares of the classes of all rows.
    seed : int
    groups : int64 array of shape (N,), optional
        Rows of one number stay together.

    Returns
    -------
    train, validation : int array
        Rows, ascending.

    Examples
    --------
    >>> labels = np.array([[0], [0], [0], [0], [1], [1]])
    >>> train, validation = split_validation(labels, 3, stratify=True, seed=0)
    >>> labels[validation].ravel().tolist()
    [0, 0, 1]
    """
    # Nothing but size weighs where no label is known.
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
    """Deal rows into folds that are alike in every class of every attribute.

    Iterative stratification (Sechidis, Tsoumakas and Vlahavas, 2011): the rarest class that is
    left is dealt first, each of its rows to the fold that lacks most of that class. A fold that
    is full gets no more, so that without groups the sizes are exact.

    Parameters
    ----------
    labels : int64 array of shape (N, A)
        -1 where unknown, which counts as no class.
    sizes : sequence of F int
        Rows per fold; they add up to N.
    seed : int
        Orders the rows and breaks ties.
    groups : int64 array of shape (N,), optional
        Rows of one number come into one fold.

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
        # Last key first: whether it fits, what is lacked of the class, room, and chance.
        best = np.lexsort((generator.random(len(room)), room, lacks, fits))[-1]
        fold_of[unit] = best
        wanted[best] -= held[unit]
        room[best] -= rows[unit]
    return np.asarray(fold_of[units])


def _held(labels: NDArray[np.int64], units: NDArray[np.intp]) -> NDArray[np.int64]:
    """How many labels of each class each unit has, shape (units, classes of all attributes)."""
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
    """Units to deal next, each for the sake of a class, those without any class last."""
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
