"""Imputation of gaps: the user's mean, zero, or none."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

GapStrategy = Literal["row-mean", "zero", "keep"]


def fill_gaps(profiles: NDArray[np.float64], strategy: GapStrategy) -> NDArray[np.float64]:
    """Fill the NaN cells of profiles by a strategy.

    Parameters
    ----------
    profiles : ndarray of shape (U, G)
    strategy : {"row-mean", "zero", "keep"}
        ``row-mean`` fills in the mean of the row's known cells, so that columns of filled rows
        become linearly dependent. ``zero`` fills in 0, which looks like the worst rating. ``keep``
        leaves NaN.

    Raises
    ------
    ValueError
        If a row has no known cell and the strategy is ``row-mean``.

    Examples
    --------
    >>> fill_gaps(np.array([[4.0, np.nan, 2.0]]), "row-mean").tolist()
    [[4.0, 3.0, 2.0]]
    """
    gaps = np.isnan(profiles)
    if strategy == "keep":
        return profiles.copy()
    if strategy == "zero":
        return np.where(gaps, 0.0, profiles)
    known = (~gaps).sum(axis=1)
    if not known.all():
        raise ValueError(f"row {int(known.argmin())} has no known cell to take a mean of")
    means = np.nansum(profiles, axis=1) / known
    return np.where(gaps, means[:, np.newaxis], profiles)
