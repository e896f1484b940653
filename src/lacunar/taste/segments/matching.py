"""Matching of the segments of two partitions of the same users."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SegmentMatching:
    """Users that two partitions share, by segment.

    Parameters
    ----------
    users : ndarray of shape (J, K)
        Users in segment j of the first partition and segment k of the second.
    partner : ndarray of shape (J,)
        Segment of the second partition for each of the first; -1 without one, if J is above K.
    """

    users: NDArray[np.int64]
    partner: NDArray[np.intp]

    @property
    def staying(self) -> NDArray[np.float64]:
        """Share of each segment's users who are in its partner, shape (J,); NaN without users."""
        together: NDArray[np.int64] = np.where(
            self.partner >= 0, self.users[np.arange(len(self.partner)), self.partner], 0
        )
        totals = self.users.sum(axis=1)
        shares = np.full(len(totals), np.nan)
        np.divide(together, totals, out=shares, where=totals > 0)
        return shares


def match_segments(
    first: NDArray[np.integer], second: NDArray[np.integer], n_first: int, n_second: int
) -> SegmentMatching:
    """Match segments one to one so that most users are in matched segments.

    Parameters
    ----------
    first, second : ndarray of shape (N,)
        Segments of the same users.
    n_first, n_second : int
        Number of segments, J and K.

    Examples
    --------
    >>> found = match_segments(np.array([0, 0, 0, 1]), np.array([1, 1, 0, 0]), 2, 2)
    >>> found.partner.tolist(), found.staying.round(2).tolist()
    ([1, 0], [0.67, 1.0])
    """
    from scipy.optimize import linear_sum_assignment

    users = np.zeros((n_first, n_second), dtype=np.int64)
    np.add.at(users, (first, second), 1)
    rows, columns = linear_sum_assignment(users, maximize=True)
    partner = np.full(n_first, -1, dtype=np.intp)
    partner[rows] = columns
    return SegmentMatching(users, partner)
