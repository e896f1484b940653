"""Fit of segments: profiles, view, search over mixtures, assignment."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray, StageProgress, no_progress
from lacunar.errors import InputError
from lacunar.mixture.chunked import LocalExpectation
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em import posterior
from lacunar.mixture.model_selection import Search
from lacunar.mixture.parameters import MixtureParameters
from lacunar.parallel import one_blas_thread
from lacunar.taste.checkpoint import StageCache
from lacunar.taste.config import TasteConfig
from lacunar.taste.data import duckdb
from lacunar.taste.data.duckdb import Engine
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.features.genre_profiles import GenreProfiles, genre_profiles
from lacunar.taste.features.imputation import fill_gaps
from lacunar.taste.features.release_periods import PeriodCounts, period_counts
from lacunar.taste.features.views import effective_view, fitted_periods, parse_view
from lacunar.taste.segments.assignment import Segments, order_segments
from lacunar.taste.segments.mixtures import (
    AllUsers,
    refine_mixture,
    search_mixtures,
    view_rows,
)
from lacunar.taste.segments.placement import Placer, make_placer
from lacunar.taste.segments.stage_results import (
    pack_mixture,
    pack_profiles,
    pack_search,
    unpack_mixture,
    unpack_profiles,
    unpack_search,
)
from lacunar.taste.segments.user_map import rows_are_equal

# Opens the rows of all users in the engine that holds the log, as a context manager.
RowsProvider = Callable[[TasteConfig], AbstractContextManager[AllUsers]]


@dataclass(frozen=True, slots=True)
class SegmentFit:
    """Segments, and the intermediate results of their fit.

    Parameters
    ----------
    profiles : GenreProfiles
    periods : PeriodCounts
    data : MixtureData
        Input rows of the mixture.
    found : Search
        On all users, or on the sample.
    sample : ndarray of shape (S,) or None
        Positions of the sampled users; None if the search used all users.
    near_best_labels : ndarray of shape (n, U)
        Labels of all users under the best restarts at the chosen K, best first.
    segments : Segments
    """

    profiles: GenreProfiles
    periods: PeriodCounts
    data: MixtureData
    found: Search
    sample: NDArray[np.intp] | None
    near_best_labels: NDArray[np.intp]
    segments: Segments

    def placer(self, ratings: Ratings, config: TasteConfig) -> Placer:
        """Return a placer for these segments."""
        return make_placer(
            ratings,
            config,
            self.segments.mixture,
            periods=self.periods.periods,
            rating_variance=self.profiles.rating_variance,
        )


def fit_segments(
    ratings: Ratings,
    config: TasteConfig,
    *,
    engine: Engine = duckdb.run,
    rows_provider: RowsProvider | None = None,
    progress: StageProgress | None = None,
    stages: StageCache | None = None,
) -> SegmentFit:
    """Fit segments to a ratings log, without recommenders.

    The default view leaves out the periods if years are known for less than half of the
    ratings. If all users have the same values in the view, such as without genres and years, there
    is one segment.

    Parameters
    ----------
    ratings : Ratings
    config : TasteConfig
    engine : Engine
        Runs the group-by of profiles.
    rows_provider : callable, optional
        Returns a context manager with the rows of all users in the engine that holds the log. With
        more users than ``config.search_users``, EM over all users runs there; without it, in this
        process.
    progress : callable, optional
        Called with (stage, steps done, steps in all).
    stages : StageCache, optional
        Checkpoints of the stages.

    Raises
    ------
    InputError
        If there are fewer users than ``min_components``, or no differences between users to form
        that many segments, or ``liked_above`` is off the scale.
    """
    _check(ratings, config)
    report, stages = progress or no_progress, stages or StageCache()
    profiles, periods = stages.get_or_compute(
        "profiles",
        lambda: group_ratings(ratings, engine, report, chunked=rows_provider is None),
        pack_profiles,
        unpack_profiles,
    )
    periods = fitted_periods(config.view, periods, ratings.n_counted)
    config = config.model_copy(update={"view": effective_view(config.view, periods.periods)})
    data = view_rows(config, profiles, periods)
    if rows_are_equal(data.values):
        config = _one_segment(config)
    sample = config.sample(ratings.n_users)
    searched = data if sample is None else data.take(sample)
    found = stages.get_or_compute(
        "mixtures", lambda: search_mixtures(searched, config, report), pack_search, unpack_search
    )
    if sample is None:
        with one_blas_thread():
            belongs = posterior(data.observations(config.covariance_type), found.chosen)[0][0].T
        mixture, near_best_labels = found.chosen, found.near_best_labels
    else:
        with _rows_of_all(data, config, rows_provider) as rows:
            mixture = stages.get_or_compute(
                "all-users",
                lambda: refine_mixture(rows, found, config, report),
                pack_mixture,
                unpack_mixture,
            )
            belongs, near_best_labels = rows.responsibilities(mixture), rows.labels(found.near_best)
    segments = describe_segments(
        belongs, mixture, config, profiles, periods, plural=ratings.noun.plural
    )
    return SegmentFit(profiles, periods, data, found, sample, near_best_labels, segments)


def _one_segment(config: TasteConfig) -> TasteConfig:
    if config.min_components > 1:
        raise InputError(
            f"expected users who differ in the view {config.view} to form at least"
            f" {config.min_components} segments, got equal users: genres or years of the items"
            " would distinguish them",
            field="min_components",
        )
    return config.model_copy(update={"max_components": 1})


def _rows_of_all(
    data: MixtureData, config: TasteConfig, rows_provider: RowsProvider | None
) -> AbstractContextManager[AllUsers]:
    if rows_provider is None:
        return nullcontext(LocalExpectation(data, config.covariance_type))
    return rows_provider(config)


def describe_segments(
    belongs: FloatArray,
    mixture: MixtureParameters,
    config: TasteConfig,
    profiles: GenreProfiles,
    periods: PeriodCounts,
    *,
    plural: str,
    order: NDArray[np.intp] | None = None,
) -> Segments:
    """Order, summarise and name the components of a mixture.

    Parameters
    ----------
    belongs, mixture, profiles, plural, order
        See :func:`lacunar.taste.segments.assignment.order_segments`.
    config : TasteConfig
        With the view that the mixture was fitted to.
    periods : PeriodCounts
    """
    filled = fill_gaps(profiles.means, config.gaps) if config.view == "means" else profiles.means
    named_periods = periods if "periods" in parse_view(config.view) else None
    with one_blas_thread():
        return order_segments(
            belongs, mixture, filled, profiles, periods=named_periods, plural=plural, order=order
        )


def group_ratings(
    ratings: Ratings, engine: Engine, report: StageProgress, *, chunked: bool = True
) -> tuple[GenreProfiles, PeriodCounts]:
    """Group the ratings of each user by genre and by period of release."""
    report("profiles", 0, 2)
    profiles = genre_profiles(ratings, engine=engine, chunked=chunked)
    report("profiles", 1, 2)
    periods = period_counts(ratings, engine=engine, chunked=chunked)
    report("profiles", 2, 2)
    return profiles, periods


def _check(ratings: Ratings, config: TasteConfig) -> None:
    if ratings.n_users < max(2, config.min_components):
        raise InputError(
            f"expected at least {max(2, config.min_components)} users to form segments, "
            f"got {ratings.n_users}"
        )
    scale, liked_above = ratings.scale, config.liked_above
    if liked_above is not None and not scale.minimum <= liked_above < scale.maximum:
        raise InputError(
            f"expected at least {scale.minimum:g} and less than {scale.maximum:g}, "
            f"got {liked_above:g}",
            field="liked_above",
        )
