"""Distribution shift between the training part and the test part, in labels and images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from lacunar.traits.audit.image_measures import ImageMeasures
from lacunar.traits.data.label_counts import LabelCounts
from lacunar.traits.data.schema import Schema

# Adjusted p-value below which a difference counts as a shift.
LEVEL = 0.05
_DRAWS = 9999
_MEASURES = ("highlights", "contrast", "sharpness", "height", "width")


@dataclass(frozen=True, slots=True)
class Shift:
    """One comparison of the test part with the training part.

    Parameters
    ----------
    what : str
        ``labels of NAME``, ``unknown NAME`` or a quantity of the images.
    distance : float
        From 0 to 1: total variation between the shares of the classes, or the Kolmogorov-Smirnov
        distance between the distributions of a quantity.
    p : float
        p-value: probability of such a distance if both parts had the same distribution.
    adjusted : float
        p-value after Holm's correction for the number of comparisons.
    """

    what: str
    distance: float
    p: float
    adjusted: float

    @property
    def shifted(self) -> bool:
        """True if the difference is statistically significant."""
        return self.adjusted < LEVEL


def find_shift(
    schema: Schema,
    train: LabelCounts,
    test: LabelCounts,
    measures: ImageMeasures,
    in_test: NDArray[np.bool_],
    *,
    seed: int = 0,
) -> tuple[Shift, ...]:
    """Compare the parts in the labels of each attribute and in each quantity of the images.

    Parameters
    ----------
    schema : Schema
    train, test : LabelCounts
        See :func:`lacunar.traits.data.label_counts.count_labels`.
    measures : ImageMeasures
        Measures of N images.
    in_test : bool array of shape (N,)
    seed : int
        Seed of the permutation tests.

    Returns
    -------
    tuple of Shift
        By ascending p-value.
    """
    rng = np.random.default_rng(seed)
    comparisons: list[tuple[str, float, float]] = []
    for attribute, ours, theirs in zip(schema.attributes, train, test, strict=True):
        of_classes = np.stack([ours[1:], theirs[1:]])
        known = np.stack([[count[0], count[1:].sum()] for count in (ours, theirs)])
        comparisons += [
            (f"labels of {attribute.name}", *compare_counts(of_classes, rng)),
            (f"unknown {attribute.name}", *compare_counts(known, rng)),
        ]
    for name in _MEASURES:
        values = getattr(measures, name)
        sides = [side[~np.isnan(side)] for side in (values[~in_test], values[in_test])]
        if all(len(side) for side in sides):
            compared = ks_2samp(*sides)
            comparisons.append((name, float(compared.statistic), float(compared.pvalue)))
    adjusted = holm(np.array([p for _, _, p in comparisons]))
    shifts = [Shift(*one, float(p)) for one, p in zip(comparisons, adjusted, strict=True)]
    return tuple(sorted(shifts, key=lambda shift: (shift.p, -shift.distance)))


def compare_counts(counts: NDArray[np.int64], rng: np.random.Generator) -> tuple[float, float]:
    """Compare two rows of counts by a permutation test of the chi-square statistic.

    The images are assigned to the parts 9,999 times at random, so that the test also holds for
    rare classes.

    Parameters
    ----------
    counts : int64 array of shape (2, C)
    rng : numpy.random.Generator

    Returns
    -------
    distance, p : float
        Total variation between the shares, and the p-value; 0 and 1 if a part is empty.

    Examples
    --------
    >>> distance, p = compare_counts(np.array([[90, 10], [10, 90]]), np.random.default_rng(0))
    >>> round(distance, 3), p
    (0.8, 0.0001)
    """
    sizes, totals = counts.sum(axis=1), counts.sum(axis=0)
    if not sizes.all():
        return 0.0, 1.0
    shares = counts / sizes[:, np.newaxis]
    distance = float(np.abs(shares[0] - shares[1]).sum() / 2)
    present = totals > 0
    # With fixed margins, the statistic increases with this sum over the second row.
    expected = totals[present] * sizes[1] / sizes.sum()
    drawn = rng.multivariate_hypergeometric(totals[present], sizes[1], size=_DRAWS)
    statistic = _squares(counts[1][present], expected)
    at_least = _squares(drawn, expected) >= statistic * (1 - 1e-12)
    return distance, float((1 + np.count_nonzero(at_least)) / (1 + _DRAWS))


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjust p-values for multiple tests, to control the family-wise error rate.

    Holm, "A simple sequentially rejective multiple test procedure", 1979.

    Examples
    --------
    >>> holm(np.array([0.04, 0.01, 0.03])).tolist()
    [0.06, 0.03, 0.06]
    """
    order = np.argsort(p, kind="stable")
    left = np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.maximum.accumulate(p[order] * left).clip(max=1.0)
    return adjusted


def _squares(observed: NDArray[np.int64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    squares: NDArray[np.float64] = ((observed - expected) ** 2 / expected).sum(axis=-1)
    return squares
