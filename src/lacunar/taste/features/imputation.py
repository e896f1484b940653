"""What stands where nothing is known: the user's own mean, zero, or the gap itself."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

GapStrategy = Literal["row-mean", "zero", "keep"]


def fill_gaps(profiles: NDArray[np.float64], strategy: GapStrategy) -> NDArray[np.float64]:
    """Return profiles with their NaN cells treated as named.

    Parameters
    ----------
    profiles : ndarray of shape (U, G)
    strategy : {"row-mean", "zero", "keep"}
        ``row-mean`` puts the mean of the user's own known cells, and so makes every filled row
        linearly dependent; ``zero`` puts 0, which reads as the worst rating; ``keep`` leaves NaN.

    Raises
    ------
    ValueError
        If ``row-mean`` meets a row without any known cell.

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
