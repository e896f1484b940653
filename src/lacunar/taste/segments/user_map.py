"""A map of the users in two dimensions, by t-SNE (van der Maaten and Hinton 2008)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from lacunar.aliases import FloatArray

# Differences up to this, relative to values of at least 1, are rounding.
_ROUNDING = 1e-9
# t-SNE computes with 32 bits: rows with a spread outside of this range are scaled.
_SPREADS = (1e-6, 1e6)


@dataclass(frozen=True, slots=True)
class UserMap:
    """Coordinates of some users.

    Parameters
    ----------
    users : ndarray of shape (M,)
        Positions of the users on the map: all users, or a seeded sample.
    coordinates : ndarray of shape (M, 2)
        Without unit; only neighbourhoods are meaningful.
    """

    users: NDArray[np.int64]
    coordinates: FloatArray

    @property
    def is_one_point(self) -> bool:
        """Whether all users are at the same point: there is nothing to see."""
        return bool((self.coordinates == self.coordinates[:1]).all())


def rows_are_equal(rows: FloatArray) -> bool:
    """Whether the known values of each column are equal, up to rounding.

    Parameters
    ----------
    rows : ndarray of shape (U, D)
        NaN where unknown.

    Examples
    --------
    >>> rows_are_equal(np.array([[0.3, np.nan], [0.1 + 0.2, 5.0]]))
    True
    """
    low, high = np.fmin.reduce(rows), np.fmax.reduce(rows)
    scale = np.maximum(np.maximum(np.abs(low), np.abs(high)), 1.0)
    return not (high - low > _ROUNDING * scale).any()


def draw_map(profiles: FloatArray, *, max_users: int = 5_000, seed: int = 0) -> UserMap:
    """Embed complete profiles of shape (U, G) in the plane.

    Fewer than four users, or users with equal profiles up to rounding, are all at the origin.

    Parameters
    ----------
    profiles : ndarray of shape (U, G)
        Complete rows.
    max_users : int
        With more users, a seeded sample of this size is drawn.
    seed : int
    """
    n = len(profiles)
    users = np.arange(n)
    if n > max_users:
        users = np.sort(np.random.default_rng(seed).choice(n, size=max_users, replace=False))
    shown = profiles[users]
    if len(users) < 4 or rows_are_equal(shown):
        return UserMap(users, np.zeros((len(users), 2)))
    spread = np.ptp(shown, axis=0).max()
    if not _SPREADS[0] < spread < _SPREADS[1]:
        shown = shown / spread
    if shown.shape[1] < 2:
        # The embedding begins with two principal components.
        shown = np.column_stack([shown, np.zeros(len(shown))])
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(users) - 1) / 3)
    tsne = TSNE(n_components=2, init="pca", perplexity=perplexity, random_state=seed, n_jobs=1)
    # The gradient uses every core even with n_jobs=1, and waits for busy ones.
    with threadpool_limits(limits=1):
        embedding = tsne.fit_transform(shown)
    return UserMap(users, np.asarray(embedding, dtype=np.float64))
