"""From a ratings log to segments: profiles, a view of them, the search over mixtures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lacunar.errors import InputError
from lacunar.taste.config import TasteConfig
from lacunar.taste.engines import Engine, duckdb
from lacunar.taste.gaps import fill_gaps
from lacunar.taste.mixture.data import MixtureData
from lacunar.taste.mixture.search import Search, search
from lacunar.taste.periods import PeriodCounts, period_counts
from lacunar.taste.placement import Placement, placement
from lacunar.taste.profiles import GenreProfiles, genre_profiles
from lacunar.taste.ratings import Ratings
from lacunar.taste.segments import Segments, assign_segments
from lacunar.taste.threads import one_blas_thread
from lacunar.taste.views import build_view, parse_view


@dataclass(frozen=True, slots=True)
class SegmentFit:
    """Segments and all that led to them.

    Parameters
    ----------
    profiles : GenreProfiles
    periods : PeriodCounts
    data : MixtureData
        What the mixture saw of each user.
    found : Search
    segments : Segments
    """

    profiles: GenreProfiles
    periods: PeriodCounts
    data: MixtureData
    found: Search
    segments: Segments

    def placement(self, ratings: Ratings, config: TasteConfig) -> Placement:
        """Make ready to place anybody in these segments."""
        return placement(
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
    progress: Callable[[int, int], None] | None = None,
) -> SegmentFit:
    """Learn segments from a ratings log, and nothing else.

    Parameters
    ----------
    ratings : Ratings
    config : TasteConfig
    engine : Engine
        Where the group-by of profiles runs.
    progress : callable, optional
        Called with (fits done, fits in all).

    Raises
    ------
    InputError
        If there are fewer users than the smallest K, or ``liked_above`` is off the scale.
    """
    _check(ratings, config)
    profiles = genre_profiles(ratings, engine=engine)
    periods = period_counts(ratings, engine=engine)
    view = build_view(config.view, profiles, periods)
    data = MixtureData(fill_gaps(view.values, config.gaps), view.noise if config.noise else None)
    found = search(
        data,
        n_components=range(config.min_components, config.max_components + 1),
        seeds=range(config.seed, config.seed + config.n_seeds),
        options=config.em_options,
        criterion=config.criterion,
        folds=config.folds,
        progress=progress,
    )
    filled = fill_gaps(profiles.means, config.gaps) if config.view == "means" else profiles.means
    told_apart_by = periods if "periods" in parse_view(config.view) else None
    with one_blas_thread():
        segments = assign_segments(
            data.observations(config.covariance_type),
            found.chosen,
            filled,
            profiles,
            periods=told_apart_by,
        )
    return SegmentFit(profiles, periods, data, found, segments)


def _check(ratings: Ratings, config: TasteConfig) -> None:
    if ratings.n_users < max(2, config.min_components):
        raise InputError(
            f"expected at least {max(2, config.min_components)} users to form segments, "
            f"got {ratings.n_users}"
        )
    scale, liked_above = ratings.scale, config.liked_above
    if liked_above is not None and not scale.minimum <= liked_above < scale.maximum:
        raise InputError(
            f"--liked-above: expected at least {scale.minimum:g} and less than "
            f"{scale.maximum:g}, got {liked_above:g}"
        )
