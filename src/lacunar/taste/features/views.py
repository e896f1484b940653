"""Views: the features of a user that a mixture is fitted to, and their noise variances.

- ``means``: mean rating per genre, in stars. A genre without a rating is a gap.
- ``relative``: means minus their average weighted by counts: taste without the user's generosity.
- ``shares``: square roots of each genre's share of all genre labels of the films a user rated. The
  root makes the noise nearly equal for all shares (Bartlett 1936). There are no gaps: a share of 0
  is known.
- ``log-shares``: logarithms of the same shares, with 0.5 added to each count (Aitchison 1986).
- ``periods``: square roots of the shares of a user's ratings per period of release.

Views can be concatenated with ``+``. The noise of a mean of n ratings is the variance of one rating
divided by n. The noise of shares is that of a multinomial draw, propagated through the root or the
logarithm (delta method). Both are approximations: a film of three genres counts as three draws, and
the user's average in ``relative`` is treated as exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from lacunar.aliases import FloatArray
from lacunar.errors import InputError
from lacunar.taste.features.genre_profiles import GenreProfiles
from lacunar.taste.features.release_periods import PeriodCounts

ViewName = Literal["means", "relative", "shares", "log-shares", "periods"]
VIEW_NAMES: tuple[ViewName, ...] = get_args(ViewName)
#: The view of a fit by default; the only one that adapts to the data.
DEFAULT_VIEW = "shares+periods"
#: The default view includes ``periods`` if at least this share of the ratings is of dated films.
DATED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class View:
    """Features of U users.

    Parameters
    ----------
    columns : tuple of str
        Length D.
    values : ndarray of shape (U, D)
        NaN where unknown.
    noise : ndarray of shape (U, D)
        Variance of each known value.
    """

    columns: tuple[str, ...]
    values: FloatArray
    noise: FloatArray


def parse_view(name: str) -> tuple[ViewName, ...]:
    """Split the name of a view into its parts.

    Raises
    ------
    InputError
        If a part is unknown or occurs twice.

    Examples
    --------
    >>> parse_view("shares+periods")
    ('shares', 'periods')
    """
    names = name.split("+")
    parts = tuple(part for part in VIEW_NAMES if part in names)
    if len(parts) != len(names):
        raise InputError(
            f"expected a view of {', '.join(VIEW_NAMES)}, or several joined by '+', got {name!r}"
        )
    return parts


def fitted_periods(view: str, periods: PeriodCounts, n_ratings: int) -> PeriodCounts:
    """Leave out the periods of release if the default view does not include them.

    Parameters
    ----------
    view : str
        As in the settings of a fit.
    periods : PeriodCounts
        Of all users.
    n_ratings : int
        Ratings of all users.

    Returns
    -------
    PeriodCounts
        Without columns if the view is the default one, and years are known for less than half of
        the ratings. A few films with a year say little about a user.
    """
    if view == DEFAULT_VIEW and periods.counts.sum() < DATED_SHARE * n_ratings:
        return PeriodCounts((), np.zeros((len(periods.counts), 0), dtype=np.int64))
    return periods


def effective_view(view: str, periods: Sequence[str]) -> str:
    """The view that a fit uses: the default one without ``periods`` if there are none.

    Parameters
    ----------
    view : str
        As in the settings of the fit.
    periods : sequence of str
        Periods of release in the fit; see :func:`fitted_periods`.

    Examples
    --------
    >>> effective_view("shares+periods", []), effective_view("shares+periods", ["1990-1994"])
    ('shares', 'shares+periods')
    """
    return "shares" if view == DEFAULT_VIEW and not periods else view


def build_view(name: str, profiles: GenreProfiles, periods: PeriodCounts) -> View:
    """Build a view of all users.

    Parameters
    ----------
    name : str
        Names of views joined by ``+``.
    profiles : GenreProfiles
    periods : PeriodCounts

    Raises
    ------
    InputError
        If the name is invalid, or if it includes ``periods`` and no rated film has a year.
    """
    built = [_build_part(part, profiles, periods) for part in parse_view(name)]
    return View(
        columns=tuple(column for view in built for column in view.columns),
        values=np.concatenate([view.values for view in built], axis=1),
        noise=np.concatenate([view.noise for view in built], axis=1),
    )


def _build_part(part: ViewName, profiles: GenreProfiles, periods: PeriodCounts) -> View:
    genres = profiles.genres
    if part in {"means", "relative"}:
        values = profiles.means
        if part == "relative":
            values = values - np.nansum(values * profiles.shares, axis=1, keepdims=True)
        noise = profiles.rating_variance / np.maximum(profiles.counts, 1)
        return View(genres, values, noise)
    if part == "periods":
        if not periods.periods:
            raise InputError(
                "expected titles that end in a year, such as 'Title (1994)', for the view periods,"
                " got none; pass another `view`, such as shares"
            )
        return _root_shares(periods.periods, periods.counts.astype(np.float64))
    counts = profiles.counts.astype(np.float64)
    if part == "shares":
        return _root_shares(genres, counts)
    raised = counts + 0.5
    totals = raised.sum(axis=1, keepdims=True)
    # Without a rating, the added 0.5 would make shares of nothing.
    logs = np.where(counts.any(axis=1, keepdims=True), np.log(raised / totals), np.nan)
    return View(genres, logs, 1 / raised - 1 / totals)


def _root_shares(columns: tuple[str, ...], counts: FloatArray) -> View:
    totals = counts.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = counts / totals
        # Var[sqrt(p)] is p (1 - p) / N times the squared derivative 1 / (4 p). If all draws are in
        # one column, that is 0, as if no later draw could be in another; so 1 - p is kept above 0.
        others = np.where(shares < 1, 1 - shares, 0.5 / (totals + 1))
        return View(columns, np.sqrt(shares), others / (4 * totals))
