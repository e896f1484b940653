"""Placement of users in fitted segments: the posterior of the mixture for any history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import softmax

from lacunar.aliases import FloatArray
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em import posterior
from lacunar.mixture.parameters import MixtureParameters
from lacunar.parallel import in_threads, one_blas_thread
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.features.genre_profiles import GenreProfiles
from lacunar.taste.features.imputation import fill_gaps
from lacunar.taste.features.release_periods import PeriodCounts, period_name, period_starts
from lacunar.taste.features.views import build_view, effective_view

_DOUBT = 8.0
# Profiles of more users at a time would take as much memory as the log.
_USERS_AT_ONCE = 1 << 14


@dataclass(frozen=True, slots=True)
class PlacementModel:
    """The part of a fit that places users; it is small and contains no ratings.

    Parameters
    ----------
    config : TasteConfig
    mixture : MixtureParameters
        A batch of one, components in the order of the segments.
    genres, periods : tuple of str
        Columns of the profiles the mixture was fitted to.
    rating_variance : float
        See :class:`lacunar.taste.features.genre_profiles.GenreProfiles`.
    """

    config: TasteConfig
    mixture: MixtureParameters
    genres: tuple[str, ...]
    periods: tuple[str, ...]
    rating_variance: float

    def responsibilities(
        self, profiles: GenreProfiles, periods: PeriodCounts
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Compute the probability of each segment for each user.

        Parameters
        ----------
        profiles : GenreProfiles
            Of the genres of the fit.
        periods : PeriodCounts
            Of the periods of the fit.

        Returns
        -------
        responsibilities : ndarray of shape (U, K)
        known : ndarray of shape (U,)
            Whether the user has rated a film of these genres or periods. Other users get the
            weights of the segments.
        """
        belongs = np.tile(self.mixture.weights[0], (len(profiles.counts), 1))
        view = build_view(self.config.view, profiles, periods)
        known = np.asarray(~np.isnan(view.values).all(axis=1))
        if known.any():
            seen = fill_gaps(view.values[known], self.config.gaps)
            data = MixtureData(seen, view.noise[known] if self.config.noise else None)
            with one_blas_thread():
                seen_belongs, _ = posterior(
                    data.observations(self.config.covariance_type), self.mixture
                )
            belongs[known] = seen_belongs[0].T
        return belongs, known


@dataclass(frozen=True, slots=True)
class Placer:
    """Places histories in the segments of a fit, without a refit.

    Parameters
    ----------
    rule : PlacementModel
    item_genres : scipy.sparse.csr_array of shape (I, G)
    item_periods : scipy.sparse.csr_array of shape (I, P)
    """

    rule: PlacementModel
    item_genres: sp.csr_array
    item_periods: sp.csr_array

    @property
    def n_segments(self) -> int:
        return int(self.rule.mixture.weights.shape[1])

    @property
    def n_columns(self) -> int:
        """Columns of the view the mixture was fitted to."""
        return int(self.rule.mixture.means.shape[2])

    def responsibilities(self, histories: Histories) -> FloatArray:
        """Return the probability of each segment for each user, shape (B, K).

        Users without a rating that the fit uses get the weights of the segments.
        """
        users = np.arange(histories.n_users)
        if len(users) <= _USERS_AT_ONCE:
            return self._responsibilities(histories)
        batches = np.split(users, range(_USERS_AT_ONCE, len(users), _USERS_AT_ONCE))
        return np.concatenate(
            in_threads(lambda batch: self._responsibilities(histories.take(batch)), batches)
        )

    def _responsibilities(self, histories: Histories) -> FloatArray:
        return self.rule.responsibilities(*self.profiles(histories))[0]

    def cautious_responsibilities(self, histories: Histories) -> FloatArray:
        """Return responsibilities tempered for short histories, shape (B, K).

        The mixture counts a film of three genres as three draws, and columns as independent, so
        it is overconfident with few films. The log likelihood ratios of n ratings are therefore
        multiplied by ``n / (n + 8)``.
        """
        weights = self.rule.mixture.weights[0]
        belongs = np.maximum(self.responsibilities(histories), np.finfo(float).tiny)
        trust = histories.n_ratings / (histories.n_ratings + _DOUBT)
        tempered = trust[:, np.newaxis] * np.log(belongs / weights) + np.log(weights)
        return np.asarray(softmax(tempered, axis=1))

    def profiles(self, histories: Histories) -> tuple[GenreProfiles, PeriodCounts]:
        """Genre profiles and period counts of histories, gaps as NaN.

        A sparse product of histories in memory: the means are bit-equal to those of
        ``genre_profiles``, whose SQL takes 100 ms for even one history.
        """
        n_items = self.item_genres.shape[0]
        count = np.ones(len(histories.item))
        if histories.count is not None:
            count = histories.count.astype(np.float64)
        seen = histories.matrix(count, n_items)
        stars = histories.matrix(histories.rating * count, n_items)
        counts = (seen @ self.item_genres).toarray()
        sums = (stars @ self.item_genres).toarray()
        means = np.full(counts.shape, np.nan)
        np.divide(sums, counts, out=means, where=counts > 0)
        return (
            GenreProfiles(
                self.rule.genres, means, counts.astype(np.int64), self.rule.rating_variance
            ),
            PeriodCounts(self.rule.periods, (seen @ self.item_periods).toarray().astype(np.int64)),
        )


def make_placer(
    ratings: Ratings,
    config: TasteConfig,
    mixture: MixtureParameters,
    *,
    periods: Sequence[str],
    rating_variance: float,
) -> Placer:
    """Return a placer for the segments of a mixture.

    Parameters
    ----------
    ratings : Ratings
        A log with the same films as the one the mixture was fitted to.
    config : TasteConfig
        Settings of that fit.
    mixture : MixtureParameters
        A batch of one.
    periods : sequence of str
        Periods of release in the fit; films of other periods are ignored.
    rating_variance : float
    """
    config = config.model_copy(update={"view": effective_view(config.view, periods)})
    return Placer(
        PlacementModel(config, mixture, ratings.genres, tuple(periods), rating_variance),
        item_genres=ratings.genre_matrix,
        item_periods=_period_matrix(ratings.years, periods),
    )


def _period_matrix(years: NDArray[np.float64], periods: Sequence[str]) -> sp.csr_array:
    """Return the period of each film as ones, shape (I, P)."""
    column = {name: p for p, name in enumerate(periods)}
    dated = np.flatnonzero(~np.isnan(years))
    period = np.array(
        [column.get(period_name(start), -1) for start in period_starts(years[dated]).tolist()],
        dtype=np.intp,
    )
    shown = period >= 0
    return sp.csr_array(
        (np.ones(shown.sum()), (dated[shown], period[shown])), shape=(len(years), len(periods))
    )
