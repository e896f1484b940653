"""Classification metrics from confusion matrices, without unknown labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.traits.data.schema import UNKNOWN

FIGURES = ("accuracy", "macro_f1", "macro_f1_all", "balanced_accuracy")


def confusion_matrix(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], n_classes: int
) -> NDArray[np.int64]:
    """Count pairs of true and predicted class, without unknown labels.

    Parameters
    ----------
    truth : int64 array of shape (N,)
        -1 where unknown.
    predicted : int64 array of shape (N,)
    n_classes : int

    Returns
    -------
    int64 array of shape (C, C)
        One row per true class, one column per predicted class.

    Examples
    --------
    >>> confusion_matrix(np.array([0, 1, 1, -1]), np.array([0, 1, 0, 1]), 2)
    array([[1, 0],
           [1, 1]])
    """
    known = truth != UNKNOWN
    cells = truth[known] * n_classes + predicted[known]
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def constant_confusion(confusion: NDArray[np.int64], answer: int) -> NDArray[np.int64]:
    """Compute the confusion matrix if every prediction were the same class.

    Examples
    --------
    >>> constant_confusion(np.array([[1, 2], [3, 4]]), 1)
    array([[0, 3],
           [0, 7]])
    """
    constant = np.zeros_like(confusion)
    constant[:, answer] = confusion.sum(axis=1)
    return constant


@dataclass(frozen=True, slots=True)
class ClassTable:
    """Scores of each class; 0 if a class has no images or is never predicted.

    Parameters
    ----------
    precision, recall, f1 : float64 array of shape (..., C)
    support : int64 array of shape (..., C)
        Number of images of the class.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    support: NDArray[np.int64]


def class_table(confusion: NDArray[np.int64]) -> ClassTable:
    """Compute precision, recall and F1 of each class.

    Parameters
    ----------
    confusion : int64 array of shape (..., C, C)

    Examples
    --------
    >>> class_table(np.array([[1, 0], [1, 1]])).f1.round(3)
    array([0.667, 0.667])
    """
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    support, predicted = confusion.sum(axis=-1), confusion.sum(axis=-2)
    return ClassTable(
        precision=_ratio(right, predicted),
        recall=_ratio(right, support),
        f1=_ratio(2 * right, support + predicted),
        support=support,
    )


def scores(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Compute accuracy, macro F1 over the present classes and over all, and balanced accuracy.

    A class is present if at least one image has it. Macro F1 over all classes counts an absent
    class as 0. Balanced accuracy is the mean recall of the present classes.

    Parameters
    ----------
    confusion : int64 array of shape (..., C, C)

    Returns
    -------
    float64 array of shape (..., 4)
        In the order of :data:`FIGURES`; NaN if there are no images.

    Examples
    --------
    >>> scores(np.array([[3, 1, 0], [1, 1, 0], [0, 0, 0]])).round(3).tolist()
    [0.667, 0.625, 0.417, 0.625]
    """
    table = class_table(confusion)
    present = table.support > 0
    total = table.support.sum(axis=-1)
    right = np.trace(confusion, axis1=-2, axis2=-1)
    n_present = present.sum(axis=-1)
    stacked = np.stack(
        [
            _ratio(right, total),
            _ratio((table.f1 * present).sum(axis=-1), n_present),
            table.f1.mean(axis=-1),
            _ratio((table.recall * present).sum(axis=-1), n_present),
        ],
        axis=-1,
    )
    stacked[total == 0] = np.nan
    return stacked


def _ratio(
    part: NDArray[np.integer | np.floating], whole: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Divide; 0 where the divisor is 0."""
    ratio = np.zeros(np.shape(part))
    np.divide(part, whole, out=ratio, where=np.asarray(whole) > 0)
    return ratio
