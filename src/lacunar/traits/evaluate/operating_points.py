"""Scores of operating points, which favour rare classes more or less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.reprs import short_repr
from lacunar.traits.data.class_balance import ClassShares, balanced_answers
from lacunar.traits.evaluate.evaluation import with_mean
from lacunar.traits.evaluate.metrics import confusion_matrix, scores

# From the most probable class (0) to the best balanced accuracy for exact probabilities (1).
TAUS = (0.0, 0.25, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class OperatingPoints:
    """Scores of the predictions at T operating points, for A attributes.

    Parameters
    ----------
    taus : tuple of T float
        Powers of the class frequencies by which probabilities are divided, ascending.
    as_answered : float
        The operating point that the networks were trained for; see
        :class:`lacunar.traits.data.class_balance.ClassShares`.
    scores : float64 array of shape (T, A + 1, 4)
        See :func:`lacunar.traits.evaluate.metrics.scores`; the last row of a point is the mean
        over the attributes. NaN if no label is known.
    """

    taus: tuple[float, ...]
    as_answered: float
    scores: NDArray[np.float64]

    def __repr__(self) -> str:
        points = [
            f"tau {tau:g}: accuracy {mean[0]:.3f}"
            for tau, mean in zip(self.taus, self.scores[:, -1].tolist(), strict=True)
        ]
        return short_repr("OperatingPoints", points)


def operating_points_of(
    labels: NDArray[np.int64],
    probabilities: Sequence[NDArray[np.float64]],
    shares: ClassShares,
    *,
    taus: Sequence[float] = TAUS,
) -> OperatingPoints:
    """Compare the predictions of each operating point with the known labels.

    Parameters
    ----------
    labels : int64 array of shape (N, A)
        -1 where unknown; these are ignored.
    probabilities : sequence of A float64 arrays of shape (N, C_a)
        Calibrated.
    shares : ClassShares
        Class frequencies. The operating point ``shares.tau`` of the networks is added to
        ``taus`` if it is missing.
    taus : sequence of float

    Examples
    --------
    >>> output = np.array([[0.9, 0.1], [0.7, 0.3], [0.6, 0.4], [0.7, 0.3], [0.5, 0.5]])
    >>> labels = np.array([[0], [0], [0], [1], [-1]])
    >>> points = operating_points_of(labels, [output], ClassShares(((0.75, 0.25),)), taus=(0, 1))
    >>> points.scores[:, 0, [0, 3]].round(2).tolist()  # accuracy, balanced accuracy
    [[0.75, 0.5], [0.5, 0.67]]
    """
    points = tuple(sorted({*map(float, taus), shares.tau}))
    by_point = []
    for tau in points:
        answers = balanced_answers(probabilities, shares.factors(tau))
        confusions = [
            confusion_matrix(labels[:, position], answers[:, position], output.shape[1])
            for position, output in enumerate(probabilities)
        ]
        by_point.append(with_mean([scores(confusion) for confusion in confusions]))
    return OperatingPoints(points, shares.tau, np.stack(by_point))
