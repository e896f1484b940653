"""Soft segments of users: who belongs where, and what the members like."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.mixture.em import Observations, posterior
from lacunar.mixture.parameters import MixtureParameters
from lacunar.taste.features.genre_profiles import GenreProfiles
from lacunar.taste.features.release_periods import PeriodCounts
from lacunar.taste.segments.naming import segment_names


@dataclass(frozen=True)
class Segments:
    """K segments of U users, largest population first, so ids do not depend on a seed.

    Parameters
    ----------
    mixture : MixtureParameters
        A batch of one, components in the order of the segments.
    responsibilities : ndarray of shape (U, K)
        Probability of each user to belong to each segment.
    profiles : ndarray of shape (K, G)
        Members' mean rating per genre, gaps as the fit treated them where it saw genre means;
        otherwise over the members who rated the genre, NaN where none did.
    known_profiles : ndarray of shape (K, G)
        Members' mean over the members who rated the genre; NaN where none did.
    known_users : ndarray of shape (K, G)
        How many members rated the genre.
    names : tuple of str
        What sets each segment apart, in words.
    """

    mixture: MixtureParameters
    responsibilities: FloatArray
    profiles: FloatArray
    known_profiles: FloatArray
    known_users: NDArray[np.int64]
    names: tuple[str, ...]

    @property
    def n_segments(self) -> int:
        return int(self.responsibilities.shape[1])

    @cached_property
    def labels(self) -> NDArray[np.intp]:
        """Most probable segment of each user, shape (U,)."""
        return np.asarray(self.responsibilities.argmax(axis=1))

    @cached_property
    def populations(self) -> NDArray[np.int64]:
        """Users whose most probable segment it is, shape (K,)."""
        return np.asarray(np.bincount(self.labels, minlength=self.n_segments))

    def members(self, segment: int) -> NDArray[np.intp]:
        """Positions of the users whose most probable segment it is."""
        return np.flatnonzero(self.labels == segment)

    def sample_members(self, segment: int, n: int, seed: int) -> NDArray[np.intp]:
        """A seeded sample of members, in order of position."""
        members = self.members(segment)
        generator = np.random.default_rng([seed, segment])
        return np.sort(generator.choice(members, size=min(n, len(members)), replace=False))


def assign_segments(
    observations: Observations,
    mixture: MixtureParameters,
    genre_means: FloatArray,
    profiles: GenreProfiles,
    *,
    periods: PeriodCounts | None = None,
) -> Segments:
    """Turn a fitted mixture into segments ordered by population.

    Parameters
    ----------
    observations : Observations
        The users' rows as the mixture was fitted to them.
    mixture : MixtureParameters
        A batch of one, means in the units of the data.
    genre_means : ndarray of shape (U, G)
        Genre means as the fit treated their gaps, NaN where it kept them.
    profiles : GenreProfiles
        Profiles with their gaps.
    periods : PeriodCounts, optional
        Given where the mixture saw periods, so that names may speak of them.
    """
    belongs = posterior(observations, mixture)[0][0].T
    return order_segments(belongs, mixture, genre_means, profiles, periods=periods)


def order_segments(
    belongs: FloatArray,
    mixture: MixtureParameters,
    genre_means: FloatArray,
    profiles: GenreProfiles,
    *,
    periods: PeriodCounts | None = None,
) -> Segments:
    """The same from responsibilities ``belongs`` of shape (U, K) that are known already."""
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
        names=segment_names(profiles, labels, len(order), periods=periods),
    )


def _means_of_known(member: FloatArray, values: FloatArray) -> FloatArray:
    """Mean over members of each column's known values, shape (K, G)."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((member @ np.where(known, values, 0.0)) / (member @ known))
