"""Which unknown labels are worth asking for first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.traits.data.schema import UNKNOWN

# A class that nobody has labelled yet counts as if it had one label.
_PRIOR = 1.0
# Gaps of large data are taken some at a time, in as many steps.
_STEPS = 1000


@dataclass(frozen=True, slots=True)
class RankedGaps:
    """All n unknown labels that there are predictions for, the most valuable first.

    Parameters
    ----------
    image, attribute : int64 array of shape (n,)
        Row of the labels, and column.
    value : float64 array of shape (n,)
        Expected gain, see :func:`rank_gaps`; it falls.
    likely : int64 array of shape (n,)
        Class that the expected gain is mostly of.
    probability : float64 array of shape (n,)
        Of that class.
    """

    image: NDArray[np.int64]
    attribute: NDArray[np.int64]
    value: NDArray[np.float64]
    likely: NDArray[np.int64]
    probability: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.image)


def rank_gaps(
    labels: NDArray[np.int64],
    probabilities: Sequence[NDArray[np.float64]],
    *,
    groups: NDArray[np.intp] | None = None,
) -> RankedGaps:
    r"""Rank unknown labels by what filling them is expected to add.

    A macro F1 weighs each class of an attribute the same, and what a class gains from another
    label falls with the labels it has, so labels of which :math:`n_{ac}` are of class c of
    attribute a are taken to be worth :math:`\sum_a \frac{1}{C_a} \sum_c \log(1 + n_{ac})`. A
    label teaches the less, the surer the model is of it already: one of an image whose class is
    c with probability :math:`p_c` counts :math:`(1 - \max p) p_c` towards class c. So a gap adds
    about

    .. math:: \frac{1 - \max p}{C_a} \sum_c \frac{p_c}{1 + n_{ac}}.

    The gaps are taken greedily, each as if those before it were filled with what is expected of
    them, so that those that come first are spread over classes and attributes. The factor is the
    least-confidence measure of uncertainty sampling, the sum an expected gain (Settles, "Active
    learning literature survey", 2009, sections 3.1 and 3.4). Uncertainty alone asks for hard
    images of frequent classes, which with few labels is no better than chance (Hacohen, Dekel
    and Weinshall, "Active learning on a budget", 2022).

    Copies of one picture share their label: all but the first of a group are worth nothing, and
    a gap that a copy has the label of comes last as well.

    Parameters
    ----------
    labels : int64 array of shape (N, A)
        -1 where unknown.
    probabilities : sequence of A float64 arrays of shape (N, C_a)
        Calibrated, of images that the predicting model was not fitted to.
    groups : int array of shape (N,), optional
        Images of one number are copies.

    Examples
    --------
    >>> labels = np.array([[0], [0], [0], [1], [-1], [-1]])
    >>> first = np.array([0.9, 0.9, 0.9, 0.1, 0.9, 0.2])
    >>> ranked = rank_gaps(labels, [np.stack([first, 1 - first], axis=1)])
    >>> ranked.image.tolist(), ranked.value.round(3).tolist()
    ([5, 4], [0.045, 0.013])
    """
    groups = np.arange(len(labels)) if groups is None else groups
    image, attribute = np.nonzero(labels == UNKNOWN)
    n_classes = max(found.shape[1] for found in probabilities)
    chances = np.zeros((len(image), n_classes))
    had = np.full((len(probabilities), n_classes), _PRIOR)
    size = np.array([found.shape[1] for found in probabilities])
    for position, found in enumerate(probabilities):
        chances[attribute == position, : found.shape[1]] = found[image[attribute == position]]
        known = labels[labels[:, position] != UNKNOWN, position]
        had[position] += np.bincount(known, minlength=n_classes)
    asked = _first_of_copies(labels, groups, image, attribute)
    taught = chances * (1 - chances.max(axis=1, initial=0, keepdims=True))
    order, value = _greedy(taught, attribute, had, size, asked)
    likely = (chances[order] / had[attribute[order]]).argmax(axis=1)
    return RankedGaps(
        image=image[order],
        attribute=attribute[order],
        value=value,
        likely=likely,
        probability=chances[order, likely],
    )


def _first_of_copies(
    labels: NDArray[np.int64],
    groups: NDArray[np.intp],
    image: NDArray[np.intp],
    attribute: NDArray[np.intp],
) -> NDArray[np.bool_]:
    """Gaps that no copy has the label of, the first of each group alone."""
    known = np.zeros((groups.max(initial=0) + 1, labels.shape[1]), np.bool_)
    row, column = np.nonzero(labels != UNKNOWN)
    known[groups[row], column] = True
    first = np.zeros(len(image), np.bool_)
    cells = groups[image] * labels.shape[1] + attribute
    first[np.unique(cells, return_index=True)[1]] = True
    asked: NDArray[np.bool_] = first & ~known[groups[image], attribute]
    return asked


def _greedy(
    taught: NDArray[np.float64],
    attribute: NDArray[np.intp],
    had: NDArray[np.float64],
    size: NDArray[np.intp],
    asked: NDArray[np.bool_],
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Order of the gaps, and what each adds to those before it, 0 for what is not asked."""
    counts = had.copy()
    left = np.flatnonzero(asked)
    at_once = max(1, -(-len(left) // _STEPS))
    order, values = [np.zeros(0, np.intp)], [np.zeros(0)]
    while len(left):
        gain = (taught[left] / counts[attribute[left]]).sum(axis=1) / size[attribute[left]]
        best = np.argsort(-gain, kind="stable")[:at_once]
        order.append(left[best])
        values.append(gain[best])
        np.add.at(counts, attribute[left[best]], taught[left[best]])
        left = np.delete(left, best)
    rest = np.flatnonzero(~asked)
    return np.concatenate([*order, rest]), np.concatenate([*values, np.zeros(len(rest))])
