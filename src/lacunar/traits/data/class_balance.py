"""What rare classes are given: weights in a loss, or answers divided by the shares of classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.traits.data.label_counts import LabelCounts

STRONGEST = 2.0
Factors = Sequence[NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class ClassShares:
    """How frequent classes are among the labels that networks learned from.

    Parameters
    ----------
    shares : tuple of A tuple of C_a float
        See :func:`class_shares`.
    tau : float
        Where the networks answer of their own: 0, or the ``logit_adjustment`` of their training.

    Examples
    --------
    >>> rare = ClassShares(((0.8, 0.2),))
    >>> rare.factors(0)[0].tolist(), rare.factors(1)[0].tolist()
    ([1.0, 1.0], [1.25, 5.0])
    """

    shares: tuple[tuple[float, ...], ...]
    tau: float = 0.0

    @classmethod
    def of_counts(
        cls, counts: LabelCounts, *, smoothing: float = 0.0, tau: float = 0.0
    ) -> ClassShares:
        """Take the shares from labels that were counted."""
        shares = (class_shares(count, smoothing=smoothing) for count in counts)
        return cls(tuple(tuple(share.tolist()) for share in shares), tau)

    def factors(self, tau: float) -> list[NDArray[np.float64]]:
        """Multiply probabilities by these, and the largest product is the answer at ``tau``.

        Post-hoc logit adjustment: the class of the highest ``p / share ** tau`` (Menon et al.,
        Long-tail learning via logit adjustment, 2021, equation 9). Of exact probabilities the
        answers at 0 have the highest accuracy, those at 1 the highest balanced accuracy. Those of
        classes with a handful of labels are not exact, and divided by such shares their errors
        decide. Networks that were trained for one tau need only the difference.

        Parameters
        ----------
        tau : float
            From 0 to 2.

        Returns
        -------
        list of A float64 arrays of shape (C_a,)
            All 1 where the networks answer of their own.

        Raises
        ------
        InputError
            If ``tau`` is no such number.
        """
        if not 0 <= tau <= STRONGEST:
            raise InputError(f"tau: expected a number from 0 to {STRONGEST:g}, got {tau}")
        return [np.array(share) ** (self.tau - tau) for share in self.shares]


def class_shares(count: NDArray[np.int64], *, smoothing: float = 0.0) -> NDArray[np.float64]:
    """Shares of the classes of an attribute as a network is taught them.

    ``(n_c + 1) / (n + C)``: a class that nobody labelled is rare and not impossible, so that
    nothing is divided by 0. Where labels are smoothed, a share of each goes to all classes alike,
    and networks give rare classes that much. Shares that leave it out are too small for them: for
    people, answers at tau 1 were right in .575 of cases, and in .625 with it.

    Parameters
    ----------
    count : int64 array of shape (1 + C,)
        Labels, the unknown ones first; those count for nothing.
    smoothing : float
        Share of each label that the loss gives to all classes alike.

    Returns
    -------
    float64 array of shape (C,)
        They sum to 1.

    Examples
    --------
    >>> class_shares(np.array([90, 6, 1, 0])).tolist()
    [0.7, 0.2, 0.1]
    >>> class_shares(np.array([90, 6, 1, 0]), smoothing=0.3).round(2).tolist()
    [0.59, 0.24, 0.17]
    """
    known = count[1:] + 1.0
    shares: NDArray[np.float64] = (1 - smoothing) * known / known.sum() + smoothing / len(known)
    return shares


def class_weights(count: NDArray[np.int64], power: float) -> NDArray[np.float64]:
    """Weights of the labels of an attribute in a loss: ``(1 / n_c) ** power``, scaled.

    At 1 all classes weigh the same together, at 0 all labels do. The effective numbers of Cui et
    al., Class-balanced loss based on effective number of samples, 2019, lie between the two as
    well, but their beta means another thing for every number of images, and this power does not.

    Parameters
    ----------
    count : int64 array of shape (1 + C,)
        Labels, the unknown ones first; those count for nothing.
    power : float

    Returns
    -------
    float64 array of shape (C,)
        Their mean over the known labels is 1. A class that nobody labelled has the weight of one
        with a single label, which no loss comes to use.

    Examples
    --------
    >>> class_weights(np.array([90, 8, 2]), 1).tolist()
    [0.625, 2.5]
    """
    known = count[1:]
    weights = np.maximum(known, 1.0) ** -power
    total = weights @ known
    return weights * (known.sum() / total) if total else weights


def balanced_answers(
    probabilities: Sequence[NDArray[np.float64]], factors: Factors
) -> NDArray[np.int64]:
    """Class of the highest product of probability and factor: A arrays (n, C_a) -> (n, A).

    Examples
    --------
    >>> balanced_answers([np.array([[0.7, 0.3]])], ClassShares(((0.8, 0.2),)).factors(1)).tolist()
    [[1]]
    """
    pairs = zip(probabilities, factors, strict=True)
    return np.stack([(output * factor).argmax(axis=1) for output, factor in pairs], axis=1)
