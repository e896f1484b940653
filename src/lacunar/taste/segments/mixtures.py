"""Mixtures fitted to the rows of users: the search for K, and EM continued on more rows."""

from __future__ import annotations

from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray, StageProgress, no_progress
from lacunar.mixture.chunked import Expectation, refine
from lacunar.mixture.data import MixtureData
from lacunar.mixture.em_loop import EmResult
from lacunar.mixture.model_selection import Search, search
from lacunar.mixture.parameters import MixtureParameters
from lacunar.mixture.prior import CovariancePrior
from lacunar.taste.config import TasteConfig
from lacunar.taste.features.genre_profiles import GenreProfiles
from lacunar.taste.features.imputation import fill_gaps
from lacunar.taste.features.release_periods import PeriodCounts
from lacunar.taste.features.views import build_view


class AllUsers(Expectation, Protocol):
    """The rows of all users: sufficient statistics for EM, and responsibilities."""

    def labels(self, parameters: MixtureParameters) -> NDArray[np.intp]:
        """Return the most probable component of each user, shape (B, U)."""
        ...

    def responsibilities(self, parameters: MixtureParameters) -> FloatArray:
        """Return the responsibilities of one mixture, shape (U, K)."""
        ...


def view_rows(config: TasteConfig, profiles: GenreProfiles, periods: PeriodCounts) -> MixtureData:
    """Return the rows of users that a mixture is fitted to.

    Parameters
    ----------
    config : TasteConfig
        Its view is one that the data allows; see
        :func:`lacunar.taste.features.views.effective_view`.
    profiles : GenreProfiles
    periods : PeriodCounts
    """
    view = build_view(config.view, profiles, periods)
    return MixtureData(fill_gaps(view.values, config.gaps), view.noise if config.noise else None)


def search_mixtures(
    data: MixtureData, config: TasteConfig, report: StageProgress = no_progress
) -> Search:
    """Fit every number of components and seed of a config to some rows."""
    report("mixtures", 0, 1)
    return search(
        data,
        n_components=range(config.min_components, config.max_components + 1),
        seeds=range(config.seed, config.seed + config.n_seeds),
        options=config.em_options,
        criterion=config.criterion,
        folds=config.folds,
        progress=partial(report, "mixtures"),
    )


def refine_mixture(
    rows: Expectation, found: Search, config: TasteConfig, report: StageProgress = no_progress
) -> MixtureParameters:
    """Continue EM on all rows from the best mixtures of a search on some of them.

    Parameters
    ----------
    rows : Expectation
        All rows, in the units of the search.
    found : Search
    config : TasteConfig
    report : callable
        Called with ("all users", iterations done, iterations expected in all).

    Returns
    -------
    mixture : MixtureParameters
        A batch of one, means in the units of the data.
    """
    return continue_em(rows, found.starts, config, report).best(config.em_options.floor)


def continue_em(
    rows: Expectation,
    starts: MixtureParameters,
    config: TasteConfig,
    report: StageProgress = no_progress,
) -> EmResult:
    """Continue EM on all rows from each of some mixtures; see :func:`refine_mixture`."""
    options = config.em_options
    return refine(
        rows,
        starts,
        covariance_prior(rows.variances, starts.n_components, config),
        tol=options.tol,
        max_iter=options.max_iter,
        reg_covar=options.reg_covar,
        progress=partial(report, "all users"),
    )


def covariance_prior(
    variances: FloatArray, n_components: int, config: TasteConfig
) -> CovariancePrior | None:
    """Return the prior of a config, from the variances of the columns; None if it has none."""
    options = config.em_options
    if options.prior_users is None:
        return None
    return CovariancePrior.from_variances(
        variances, n_components, options.covariance_type, weight=options.prior_users
    )
