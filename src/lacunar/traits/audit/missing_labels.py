"""Ranking of missing labels by their expected value for training (active learning)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.reprs import short_repr
from lacunar.traits.data.schema import UNKNOWN

# Every class counts as if it had one more label.
_PRIOR = 1.0
# Greedy steps at most; in large data each step takes several labels.
_STEPS = 1000


@dataclass(frozen=True, slots=True)
class RankedGaps:
    """All n missing labels of images with predictions, the most valuable first.

    Parameters
    ----------
    image, attribute : int64 array of shape (n,)
        Row and column of the label.
    value : float64 array of shape (n,)
        Expected gain, descending; see :func:`rank_gaps`.
    likely : int64 array of shape (n,)
        Class with the largest part of the expected gain.
    probability : float64 array of shape (n,)
        Probability of that class.
    """

    image: NDArray[np.int64]
    attribute: NDArray[np.int64]
    value: NDArray[np.float64]
    likely: NDArray[np.int64]
    probability: NDArray[np.float64]

    def __repr__(self) -> str:
        return short_repr("RankedGaps", [f"{len(self):,} missing labels"])

    def __len__(self) -> int:
        return len(self.image)


def rank_gaps(
    labels: NDArray[np.int64],
    probabilities: Sequence[NDArray[np.float64]],
    *,
    groups: NDArray[np.intp] | None = None,
) -> RankedGaps:
    r"""Rank missing labels by their expected value.

    Macro F1 gives each class of an attribute the same weight, and one more label helps a class less
    if it has many. So if :math:`n_{ac}` labels are of class c of attribute a, the value of all
    labels is taken to be :math:`\sum_a \frac{1}{C_a} \sum_c \log(1 + n_{ac})`. A label adds less
    if the model is already confident: if the class is c with probability :math:`p_c`, it counts
    :math:`(1 - \max p) p_c` for class c. So the expected value of a missing label is about

    .. math:: \frac{1 - \max p}{C_a} \sum_c \frac{p_c}{1 + n_{ac}}.

    Labels are chosen greedily: the counts include the expected classes of those chosen before. So
    the first ones are spread over classes and attributes. The factor is the least-confidence
    measure of uncertainty sampling, the sum an expected gain (Settles, "Active learning literature
    survey", 2009, sections 3.1 and 3.4). Uncertainty alone selects hard images of frequent classes;
    with few labels this is no better than random selection (Hacohen, Dekel and Weinshall, "Active
    learning on a budget", 2022).

    Copies of one picture share their label. So a missing label has value 0 and comes last if it is
    not the first of its group, or if a copy has the label.

    Parameters
    ----------
    labels : int64 array of shape (N, A)
        -1 where unknown.
    probabilities : sequence of A float64 arrays of shape (N, C_a)
        Calibrated, by a model that was not fitted to the images.
    groups : int array of shape (N,), optional
        Images with the same number are copies.

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
    n_classes = max(output.shape[1] for output in probabilities)
    chances = np.zeros((len(image), n_classes))
    had = np.full((len(probabilities), n_classes), _PRIOR)
    size = np.array([output.shape[1] for output in probabilities])
    for position, output in enumerate(probabilities):
        chances[attribute == position, : output.shape[1]] = output[image[attribute == position]]
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
    """Missing labels that are the first of their group, and that no copy has, shape (n,)."""
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
    """Order of the missing labels, and the value each adds; 0 if it is not ``asked``."""
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
