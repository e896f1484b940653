"""Labels that are likely wrong: confident learning on predictions of images not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacunar.traits.data.schema import UNKNOWN

_NONE = -1
# A probability of 0 is one of too few digits.
_LEAST = 1e-12


@dataclass(frozen=True, slots=True)
class ConfidentJoint:
    """Which class each labelled image shows as far as the predictions are confident.

    Parameters
    ----------
    thresholds : float64 array of shape (C,)
        Mean probability of a class among the images labelled as it; infinite without any.
    confident : int64 array of shape (n,)
        The most probable of the classes whose threshold is reached; -1 where there is none.
    counts : int64 array of shape (C, C)
        Images by given class (row) and confident class (column).
    """

    thresholds: NDArray[np.float64]
    confident: NDArray[np.int64]
    counts: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RankedLabels:
    """All n known labels that there are predictions for, the most suspicious first.

    Parameters
    ----------
    image, attribute : int64 array of shape (n,)
        Row of the labels, and column.
    given, suggested : int64 array of shape (n,)
        The label, and the most probable other class.
    confidence, given_probability : float64 array of shape (n,)
        Probability of the suggested and of the given class.
    flagged : bool array of shape (n,)
        Which of them are held to be wrong.
    """

    image: NDArray[np.int64]
    attribute: NDArray[np.int64]
    given: NDArray[np.int64]
    suggested: NDArray[np.int64]
    confidence: NDArray[np.float64]
    given_probability: NDArray[np.float64]
    flagged: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.image)


def confident_joint(given: NDArray[np.int64], probabilities: NDArray[np.float64]) -> ConfidentJoint:
    """Count given against confident classes.

    Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels",
    JAIR 70 (2021), equations 1 to 3.

    Parameters
    ----------
    given : int64 array of shape (n,)
        Known labels.
    probabilities : float64 array of shape (n, C)
        Of images that the predicting model was not fitted to.

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
    # Some digits of tolerance: the one image of a class must reach its own mean.
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

    Confident learning says how many labels are wrong: those whose most probable class is another
    one, and confident (the cells of the confident joint off its diagonal, but for classes of so
    few labels that they are confident at next to no probability). As many are flagged, the first
    in the order whose label is not the most probable class; this is the paper's pruning by noise
    rate with one ranking for all cells.

    The order is that of the odds that a label is wrong if labels go wrong at one rate and to any
    other class alike: a wrong label falls on a certain one of the C - 1 others once in C - 1
    times, so by Bayes' rule the odds are ``(1 - p) / p / (C - 1)`` times a constant, p being the
    probability of the given class. Self-confidence alone would rank the attributes of many
    classes too high.

    Parameters
    ----------
    labels : int64 array of shape (N, A)
        -1 where unknown, which is left out.
    probabilities : sequence of A float64 arrays of shape (N, C_a)
        Calibrated, of images that the predicting model was not fitted to.

    Examples
    --------
    >>> labels = np.array([[0], [0], [0], [1], [1], [-1]])
    >>> sure = np.array([0.9, 0.8, 0.1, 0.3, 0.1, 0.5])
    >>> ranked = rank_labels(labels, [np.stack([sure, 1 - sure], axis=1)])
    >>> ranked.image.tolist(), ranked.flagged.tolist()
    ([2, 3, 1, 0, 4], [True, False, False, False, False])
    """
    pieces = [
        _of_attribute(labels[:, attribute], found, attribute)
        for attribute, found in enumerate(probabilities)
    ]
    joined = [np.concatenate(column) for column in zip(*pieces, strict=True)]
    suspicion, image, attribute, given, suggested, confidence, own, off_diagonal = joined
    # Last key first: suspicion, then the order of images and attributes, whatever the platform.
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
    """Suspicion of the known labels of an attribute, the columns of their table, and the cells."""
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
