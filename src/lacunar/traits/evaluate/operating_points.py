"""How well attributes are found by the most probable class, and where rare ones are favoured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.traits.data.class_balance import ClassShares, balanced_answers
from lacunar.traits.evaluate.evaluation import with_mean
from lacunar.traits.evaluate.metrics import confusion_matrix, scores

# From the most probable class to what finds each class as often as exact probabilities could.
TAUS = (0.0, 0.25, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class OperatingPoints:
    """Figures of the answers of T operating points, for A attributes.

    Parameters
    ----------
    taus : tuple of T float
        Powers of the classes' shares that probabilities are divided by, rising.
    as_answered : float
        The one at which the networks answer of their own; see
        :class:`lacunar.traits.data.class_balance.ClassShares`.
    scores : float64 array of shape (T, A + 1, 4)
        See :func:`lacunar.traits.evaluate.metrics.scores`; the last row of a point is the mean
        over the attributes. NaN where no truth is known.
    """

    taus: tuple[float, ...]
    as_answered: float
    scores: NDArray[np.float64]


def operating_points_of(
    labels: NDArray[np.int64],
    probabilities: Sequence[NDArray[np.float64]],
    shares: ClassShares,
    *,
    taus: Sequence[float] = TAUS,
) -> OperatingPoints:
    """Compare the answers of each operating point with the labels that are known.

    Parameters
    ----------
    labels : int64 array of shape (N, A)
        -1 where unknown; such answers count for nothing.
    probabilities : sequence of A float64 arrays of shape (N, C_a)
        Calibrated; what images that nobody labelled would be answered by.
    shares : ClassShares
        The point at which the networks answer of their own is measured too, whether or not it is
        among ``taus``.
    taus : sequence of float

    Examples
    --------
    >>> found = np.array([[0.9, 0.1], [0.7, 0.3], [0.6, 0.4], [0.7, 0.3], [0.5, 0.5]])
    >>> labels = np.array([[0], [0], [0], [1], [-1]])
    >>> points = operating_points_of(labels, [found], ClassShares(((0.75, 0.25),)), taus=(0, 1))
    >>> points.scores[:, 0, [0, 3]].round(2).tolist()  # accuracy, balanced accuracy
    [[0.75, 0.5], [0.5, 0.67]]
    """
    taken = tuple(sorted({*map(float, taus), shares.tau}))
    found = []
    for tau in taken:
        answers = balanced_answers(probabilities, shares.factors(tau))
        confusions = [
            confusion_matrix(labels[:, position], answers[:, position], output.shape[1])
            for position, output in enumerate(probabilities)
        ]
        found.append(with_mean([scores(confusion) for confusion in confusions]))
    return OperatingPoints(taken, shares.tau, np.stack(found))
