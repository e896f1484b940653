"""Likely wrong labels, by confident learning on out-of-fold predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacunar.reprs import short_repr
from lacunar.traits.data.schema import UNKNOWN

_NONE = -1
# Probabilities are clipped: 0 and 1 are results of rounding.
_LEAST = 1e-12


@dataclass(frozen=True, slots=True)
class ConfidentJoint:
    """Confident joint: counts of given class and confidently predicted class.

    Parameters
    ----------
    thresholds : float64 array of shape (C,)
        Mean probability of a class over the images with this label; infinite if there are none.
    confident : int64 array of shape (n,)
        The most probable of the classes that reach their threshold; -1 if none does.
    counts : int64 array of shape (C, C)
        Images by given class (row) and confident class (column).
    """

    thresholds: NDArray[np.float64]
    confident: NDArray[np.int64]
    counts: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RankedLabels:
    """All n known labels of images with predictions, the most suspicious first.

    Parameters
    ----------
    image, attribute : int64 array of shape (n,)
        Row and column of the label.
    given, suggested : int64 array of shape (n,)
        The label, and the most probable other class.
    confidence, given_probability : float64 array of shape (n,)
        Probability of the suggested and of the given class.
    flagged : bool array of shape (n,)
        Whether the label is likely wrong.
    """

    image: NDArray[np.int64]
    attribute: NDArray[np.int64]
    given: NDArray[np.int64]
    suggested: NDArray[np.int64]
    confidence: NDArray[np.float64]
    given_probability: NDArray[np.float64]
    flagged: NDArray[np.bool_]

    def __repr__(self) -> str:
        flagged = f"{np.count_nonzero(self.flagged):,} likely wrong"
        return short_repr("RankedLabels", [f"{len(self):,} labels", flagged])

    def __len__(self) -> int:
        return len(self.image)


def confident_joint(given: NDArray[np.int64], probabilities: NDArray[np.float64]) -> ConfidentJoint:
    """Compute the confident joint.

    Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels",
    JAIR 70 (2021), equations 1 to 3.

    Parameters
    ----------
    given : int64 array of shape (n,)
        Known labels.
    probabilities : float64 array of shape (n, C)
        By a model that was not fitted to the images.

    Examples
    --------
    >>> given = np.array([0, 0, 0, 1, 1])
    >>> sure = np.array([0.9, 0.8, 0.1, 0.2, 0.1])
    >>> confident_joint(given, np.stack([sure, 1 - sure], axis=1)).counts
    array([[2, 1],
           [0, 1]])
    """
    n_classes = probabilities.shape[1]
    rows = np.arange(len(given))
    labelled = np.bincount(given, minlength=n_classes)
    total = np.bincount(given, weights=probabilities[rows, given], minlength=n_classes)
    thresholds = np.full(n_classes, np.inf)
    np.divide(total, labelled, out=thresholds, where=labelled > 0)
    # With tolerance: the only image of a class must reach its own mean.
    reached = np.where(probabilities >= thresholds - 1e-9, probabilities, -1.0)
    confident = np.where(reached.max(axis=1) >= 0, reached.argmax(axis=1), _NONE)
    sure = confident != _NONE
    cells = given[sure] * n_classes + confident[sure]
    counts = np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)
    return ConfidentJoint(thresholds, confident, counts)


def rank_labels(
    labels: NDArray[np.int64], probabilities: Sequence[NDArray[np.float64]]
) -> RankedLabels:
    """Rank known labels by how likely they are wrong.

    Confident learning estimates the number of wrong labels: those whose most probable class is a
    different one, and confident. These are the cells of the confident joint off its diagonal, but
    without classes that have so few labels that a very small probability counts as confident. That
    number of labels is flagged: the first in the ranking whose label is not the most probable
    class. This is the paper's pruning by noise rate, with one ranking for all cells.

    The ranking is by the odds that a label is wrong, if all labels have the same error rate and
    errors are uniform over the C - 1 other classes. By Bayes' rule the odds are
    ``(1 - p) / p / (C - 1)`` times a constant, where p is the probability of the given class.
    Self-confidence alone would rank attributes with many classes too high.

    Parameters
    ----------
    labels : int64 array of shape (N, A)
        -1 where unknown; these are left out.
    probabilities : sequence of A float64 arrays of shape (N, C_a)
        Calibrated, by a model that was not fitted to the images.

    Examples
    --------
    >>> labels = np.array([[0], [0], [0], [1], [1], [-1]])
    >>> sure = np.array([0.9, 0.8, 0.1, 0.3, 0.1, 0.5])
    >>> ranked = rank_labels(labels, [np.stack([sure, 1 - sure], axis=1)])
    >>> ranked.image.tolist(), ranked.flagged.tolist()
    ([2, 3, 1, 0, 4], [True, False, False, False, False])
    """
    pieces = [
        _of_attribute(labels[:, attribute], output, attribute)
        for attribute, output in enumerate(probabilities)
    ]
    joined = [np.concatenate(column) for column in zip(*pieces, strict=True)]
    suspicion, image, attribute, given, suggested, confidence, own, off_diagonal = joined
    # The last key is the first criterion. Ties are in the order of images and attributes.
    order = np.lexsort((attribute, image, -suspicion))
    doubtful = (confidence > own)[order]
    flagged = doubtful & (np.cumsum(doubtful) <= np.count_nonzero(off_diagonal))
    return RankedLabels(
        image=image[order],
        attribute=attribute[order],
        given=given[order],
        suggested=suggested[order],
        confidence=confidence[order],
        given_probability=own[order],
        flagged=flagged,
    )


def _of_attribute(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64], attribute: int
) -> tuple[NDArray[Any], ...]:
    """Suspicion of an attribute's known labels, their columns, and whether each is off-diagonal."""
    image = np.flatnonzero(labels != UNKNOWN)
    rows, given, known = np.arange(len(image)), labels[image], probabilities[image]
    own = known[rows, given]
    others = known.copy()
    others[rows, given] = -1.0
    suggested = others.argmax(axis=1)
    confidence = known[rows, suggested]
    against = np.log1p(-own.clip(max=1 - _LEAST)) - np.log(own.clip(min=_LEAST))
    return (
        against - np.log(probabilities.shape[1] - 1),
        image,
        np.full(len(image), attribute),
        given,
        suggested,
        confidence,
        own,
        (confident_joint(given, known).confident == suggested) & (confidence > own),
    )
