"""Class balance: shares of classes, class weights of a loss, and logit-adjusted predictions."""

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
    """Shares of the classes among the training labels.

    Parameters
    ----------
    shares : tuple of A tuple of C_a float
        See :func:`class_shares`.
    tau : float
        Logit adjustment of the networks in training; 0 without it.

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
        """Compute the shares from label counts."""
        shares = (class_shares(count, smoothing=smoothing) for count in counts)
        return cls(tuple(tuple(share.tolist()) for share in shares), tau)

    def factors(self, tau: float) -> list[NDArray[np.float64]]:
        """Return the factors of the probabilities for predictions at ``tau``.

        Post-hoc logit adjustment predicts the class of the highest ``p / share ** tau`` (Menon et
        al., Long-tail learning via logit adjustment, 2021, equation 9). With exact probabilities,
        predictions at 0 have the highest accuracy and those at 1 the highest balanced accuracy.
        Probabilities of classes with a handful of labels are not exact, and division by their
        small shares magnifies the errors. Networks that were trained with logit adjustment need
        only the difference of the two values.

        Parameters
        ----------
        tau : float
            From 0 to 2.

        Returns
        -------
        list of A float64 arrays of shape (C_a,)
            All 1 at the logit adjustment of training.

        Raises
        ------
        InputError
            If ``tau`` is not from 0 to 2.
        """
        if not 0 <= tau <= STRONGEST:
            raise InputError(f"expected a number from 0 to {STRONGEST:g}, got {tau}", field="tau")
        return [np.array(share) ** (self.tau - tau) for share in self.shares]


def class_shares(count: NDArray[np.int64], *, smoothing: float = 0.0) -> NDArray[np.float64]:
    """Return the shares of the classes of an attribute in the training targets.

    They are ``(n_c + 1) / (n + C)``: a class without labels is rare, not impossible, so that no
    share is 0. Label smoothing gives all classes the same additional share, and networks predict
    rare classes accordingly. Shares that ignore it are too small for rare classes: for people,
    .575 of the predictions at tau 1 were correct without it, and .625 with it.

    Parameters
    ----------
    count : int64 array of shape (1 + C,)
        Numbers of labels, unknown first; unknown labels are ignored.
    smoothing : float
        Label smoothing of the loss.

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
    """Return class weights of an attribute for a loss, ``(1 / n_c) ** power``, rescaled.

    With power 1 all classes have the same total weight, with power 0 all labels have the same
    weight. The effective numbers of Cui et al., Class-balanced loss based on effective number of
    samples, 2019, also lie between the two. But the meaning of their beta depends on the number of
    images, and that of this power does not.

    Parameters
    ----------
    count : int64 array of shape (1 + C,)
        Numbers of labels, unknown first; unknown labels are ignored.
    power : float
        From 0 to 1.

    Returns
    -------
    float64 array of shape (C,)
        Their mean over the known labels is 1. A class without labels has the weight of a class
        with one label, which no loss uses.

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
    """Predict the class of the highest product of probability and factor, shape (n, A).

    Examples
    --------
    >>> balanced_answers([np.array([[0.7, 0.3]])], ClassShares(((0.8, 0.2),)).factors(1)).tolist()
    [[1]]
    """
    pairs = zip(probabilities, factors, strict=True)
    return np.stack([(output * factor).argmax(axis=1) for output, factor in pairs], axis=1)
