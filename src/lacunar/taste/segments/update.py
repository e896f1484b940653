"""Update of segments with later ratings: EM goes on from the fitted mixture, K stays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import StageProgress
from lacunar.mixture.chunked import LocalExpectation
from lacunar.mixture.em import m_step
from lacunar.parallel import one_blas_thread
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.duckdb import Engine
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.features.genre_profiles import GenreProfiles
from lacunar.taste.features.release_periods import PeriodCounts
from lacunar.taste.segments.assignment import Segments
from lacunar.taste.segments.fit import describe_segments, group_ratings
from lacunar.taste.segments.matching import match_segments
from lacunar.taste.segments.mixtures import continue_em, covariance_prior, view_rows
from lacunar.taste.segments.naming import names_after_update

#: A segment keeps its name if at least this share of its users stay.
SAME_SEGMENT = 0.5


@dataclass(frozen=True, slots=True)
class FittedSegments:
    """Segments and the features of users that they were fitted to.

    Parameters
    ----------
    profiles : GenreProfiles
    periods : PeriodCounts
    segments : Segments
    near_best_labels : ndarray of shape (n, U)
        Labels of all users under the best restarts.
    """

    profiles: GenreProfiles
    periods: PeriodCounts
    segments: Segments
    near_best_labels: NDArray[np.intp]


def update_segments(
    before: FittedSegments,
    known: NDArray[np.intp],
    ratings: Ratings,
    config: TasteConfig,
    *,
    engine: Engine,
    progress: StageProgress,
) -> FittedSegments:
    """Continue EM on a log that has grown, from the mixture of an earlier fit.

    Genres and periods of release that are new become columns; EM then starts from the earlier
    labels of the users. The best restarts are not continued: all users get labels by one M step
    from the earlier labels. A segment keeps number and name if at least half of its users stay. The
    segment of its number otherwise gets another name.

    Parameters
    ----------
    before : FittedSegments
    known : ndarray of shape (U,)
        Positions of the earlier users in ``ratings``.
    ratings : Ratings
        The whole log.
    config : TasteConfig
        With the view that the segments were fitted to.
    engine : Engine
        Runs the group-by of profiles.
    progress : callable
        Called with (stage, steps done, steps in all).
    """
    profiles, periods = group_ratings(ratings, engine, progress)
    if not before.periods.periods:
        periods = PeriodCounts((), np.zeros((ratings.n_users, 0), dtype=np.int64))
    data, segments = view_rows(config, profiles, periods), before.segments
    labels, k = np.vstack([segments.labels, before.near_best_labels]), segments.n_segments
    rows = LocalExpectation(data, config.covariance_type)
    with one_blas_thread():
        observations = data.take(known).observations(config.covariance_type, len(labels) * k)
        of_labels = m_step(
            observations.start(labels.astype(np.int32), k),
            config.reg_covar,
            covariance_prior(rows.variances, k, config),
        ).moved_by(observations.origin)
    columns = (profiles.genres, periods.periods)
    same = columns == (before.profiles.genres, before.periods.periods)
    start = segments.mixture if same else of_labels.take(slice(1))
    mixture = continue_em(rows, start, config, progress).parameters
    belongs = rows.responsibilities(mixture)
    matching = match_segments(segments.labels, belongs[known].argmax(axis=1), k, k)
    found = describe_segments(
        belongs,
        mixture,
        config,
        profiles,
        periods,
        plural=ratings.noun.plural,
        order=matching.partner,
    )
    # An empty segment is the same one as long as it is empty.
    empty = np.isnan(matching.staying)
    kept = np.where(empty, found.populations == 0, matching.staying >= SAME_SEGMENT)
    names = names_after_update(segments.names, found.names, kept)
    return FittedSegments(
        profiles, periods, replace(found, names=names), rows.labels(of_labels.take(slice(1, None)))
    )
