"""Soft segments of users: responsibilities, order, mean profiles and names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.mixture.parameters import MixtureParameters
from lacunar.reprs import short_repr
from lacunar.taste.features.genre_profiles import GenreProfiles
from lacunar.taste.features.release_periods import PeriodCounts
from lacunar.taste.segments.naming import segment_names


@dataclass(frozen=True)
class Segments:
    """K segments of U users.

    A fit numbers them from the largest, so that ids do not depend on a seed; an update keeps the
    numbers.

    Parameters
    ----------
    mixture : MixtureParameters
        A batch of one, components in the order of the segments.
    responsibilities : ndarray of shape (U, K)
        Probability of each segment for each user.
    profiles : ndarray of shape (K, G)
        Mean rating of the members per genre. Gaps count as in the fit if its view is of genre
        means; otherwise as in ``known_profiles``.
    known_profiles : ndarray of shape (K, G)
        Mean over the members who rated the genre; NaN if no member did.
    known_users : ndarray of shape (K, G)
        Number of members who rated the genre.
    names : tuple of str
        Short descriptions; see :func:`lacunar.taste.segments.naming.segment_names`.
    """

    mixture: MixtureParameters
    responsibilities: FloatArray
    profiles: FloatArray
    known_profiles: FloatArray
    known_users: NDArray[np.int64]
    names: tuple[str, ...]

    def __repr__(self) -> str:
        pairs = zip(self.names, self.populations.tolist(), strict=True)
        return short_repr("Segments", [f"{name} ({users:,} users)" for name, users in pairs])

    @property
    def n_segments(self) -> int:
        return int(self.responsibilities.shape[1])

    @cached_property
    def labels(self) -> NDArray[np.intp]:
        """Most probable segment of each user, shape (U,)."""
        return np.asarray(self.responsibilities.argmax(axis=1))

    @cached_property
    def populations(self) -> NDArray[np.int64]:
        """Number of users whose most probable segment it is, shape (K,)."""
        return np.asarray(np.bincount(self.labels, minlength=self.n_segments))

    def members(self, segment: int) -> NDArray[np.intp]:
        """Return the positions of the users whose most probable segment it is."""
        return np.flatnonzero(self.labels == segment)

    def sample_members(self, segment: int, n: int, seed: int) -> NDArray[np.intp]:
        """Return a seeded sample of members, in order of position."""
        members = self.members(segment)
        generator = np.random.default_rng([seed, segment])
        return np.sort(generator.choice(members, size=min(n, len(members)), replace=False))


def order_segments(
    belongs: FloatArray,
    mixture: MixtureParameters,
    genre_means: FloatArray,
    profiles: GenreProfiles,
    *,
    periods: PeriodCounts | None = None,
    plural: str = "items",
    order: NDArray[np.intp] | None = None,
) -> Segments:
    """Order the components of a mixture and name them.

    Parameters
    ----------
    belongs : ndarray of shape (U, K)
        Responsibilities.
    mixture : MixtureParameters
        A batch of one, means in the units of the data.
    genre_means : ndarray of shape (U, G)
        Genre means with gaps as in the fit; NaN if it kept them.
    profiles : GenreProfiles
        Profiles with their gaps.
    periods : PeriodCounts, optional
        Only if the view includes periods: names may then contain them.
    plural : str
        Noun for the rated items, for names.
    order : ndarray of shape (K,), optional
        The component of each segment; by default, the largest population comes first.
    """
    if order is None:
        populations = np.bincount(belongs.argmax(axis=1), minlength=mixture.n_components)
        order = np.lexsort((-mixture.weights[0], -populations))
    responsibilities = np.ascontiguousarray(belongs[:, order])
    labels = responsibilities.argmax(axis=1)
    member = (labels == np.arange(len(order))[:, np.newaxis]).astype(np.float64)
    known_users = member @ ~profiles.gaps
    return Segments(
        mixture=MixtureParameters(
            mixture.weights[:, order], mixture.means[:, order], mixture.covariances[:, order]
        ),
        responsibilities=responsibilities,
        profiles=_means_of_known(member, genre_means),
        known_profiles=_means_of_known(member, profiles.means),
        known_users=known_users.astype(np.int64),
        names=segment_names(profiles, labels, len(order), periods=periods, plural=plural),
    )


def _means_of_known(member: FloatArray, values: FloatArray) -> FloatArray:
    """Return the mean of each column over the members with a value, shape (K, G)."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((member @ np.where(known, values, 0.0)) / (member @ known))
