"""Results of several methods: means, paired differences and slices, with intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.aliases import FloatArray, none_if_nan
from lacunar.frames import FrameKind, arrow_to_frame
from lacunar.taste.evaluate.bootstrap import Interval, mean_intervals, range_over_splits, user_means
from lacunar.taste.evaluate.ranked_lists import USER_METRICS

COVERAGE = "coverage"
METRICS = (*USER_METRICS, COVERAGE)
HISTORY_STARTS = (0, 1, 20, 50, 200)

_FRAME = pa.schema(
    [(name, pa.string()) for name in ("method", "metric")]
    + [(name, pa.float64()) for name in ("mean", "low", "high")]
)

# Interval of each metric.
Summary = dict[str, Interval]


@dataclass(frozen=True, slots=True)
class Seconds:
    """Run time of a method, mean over splits.

    Parameters
    ----------
    fit : float
        Fit of the recommender. A fit shared by several methods counts for each of them.
    rank : float
        Scoring and ranking of all candidates for all tested users.
    """

    fit: float
    rank: float


@dataclass(frozen=True, slots=True)
class MethodResult:
    """Metrics of one method.

    Parameters
    ----------
    values : tuple of ndarray of shape (M, 7)
        One array per split; columns are :data:`lacunar.taste.evaluate.ranked_lists.USER_METRICS`.
    coverage : tuple of float
        One per split.
    seconds : Seconds
    """

    values: tuple[FloatArray, ...]
    coverage: tuple[float, ...]
    seconds: Seconds


@dataclass(frozen=True, slots=True)
class HistorySlice:
    """Users with a similar number of known ratings.

    Parameters
    ----------
    name : str
        Such as ``20-49``.
    n_users : int
    summary : dict of str to dict of str to Interval
        By method and metric, without coverage.
    """

    name: str
    n_users: int
    summary: dict[str, Summary]


@dataclass(frozen=True)
class Comparison:
    """Metrics of every method for every tested user.

    Parameters
    ----------
    users : tuple of ndarray of shape (M,)
        Positions of tested users in the whole log, one array per split.
    n_ratings : tuple of ndarray of shape (M,)
        Number of ratings of each in the history, one array per split.
    results : mapping of str to MethodResult
        By the name of the method.
    frame_kind : {"pandas", "polars", "pyarrow"}
        The library of :meth:`to_frame`: that of the log.
    notes : tuple of str
        What missing columns of the data mean for the evaluation, in sentences.
    """

    users: tuple[NDArray[np.intp], ...]
    n_ratings: tuple[NDArray[np.intp], ...]
    results: Mapping[str, MethodResult]
    frame_kind: FrameKind = field(default="pyarrow", compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __repr__(self) -> str:
        return f"<Comparison: {', '.join(self.results)}; {self.n_users:,} users tested>"

    @property
    def n_users(self) -> int:
        """Number of users tested on any split."""
        return len(np.unique(np.concatenate(self.users)))

    def only(self, names: Iterable[str]) -> Comparison:
        """Return the comparison of some of the methods."""
        return replace(self, results={name: self.results[name] for name in names})

    def summary(self) -> dict[str, Summary]:
        """Return the mean of every metric by method, with an interval.

        Each user counts once, with the mean over the splits on which the user was tested.
        Intervals come from resampling users; the interval of coverage is the range over splits.
        """
        intervals = _intervals(self.users, {name: r.values for name, r in self.results.items()})
        return {
            name: intervals[name] | {COVERAGE: range_over_splits(result.coverage)}
            for name, result in self.results.items()
        }

    def to_frame(self, kind: FrameKind | None = None) -> Any:
        """Return the means and intervals of :meth:`summary` as a frame.

        Parameters
        ----------
        kind : {"pandas", "polars", "pyarrow"}, optional
            The library of the frame; by default that of the ratings that were read, or PyArrow
            for ratings from files.

        Returns
        -------
        frame
            ``method``, ``metric``, ``mean``, ``low``, ``high``; null without values, or if an
            interval cannot be estimated.

        Examples
        --------
        >>> from lacunar.taste.data.sample import sampled_ratings
        >>> from lacunar.taste.evaluate.methods import evaluate_recommenders
        >>> ratings = sampled_ratings(n_users=50, n_movies=200)
        >>> comparison = evaluate_recommenders(ratings, ["popularity"], seeds=[0])
        >>> comparison.to_frame().select(["method", "metric"]).to_pylist()[0]
        {'method': 'popularity', 'metric': 'ndcg@10'}
        """
        rows = [
            {
                "method": method,
                "metric": metric,
                "mean": none_if_nan(interval.mean),
                "low": interval.low,
                "high": interval.high,
            }
            for method, summary in self.summary().items()
            for metric, interval in summary.items()
        ]
        return arrow_to_frame(pa.Table.from_pylist(rows, _FRAME), kind or self.frame_kind)

    def differences(self, reference: str) -> dict[str, Summary]:
        """Return the paired differences between every other method and a reference.

        Parameters
        ----------
        reference : str
            Name of a method.
        """
        base = self.results[reference]
        others = {name: r for name, r in self.results.items() if name != reference}
        intervals = _intervals(
            self.users,
            {
                name: [own - of_base for own, of_base in zip(r.values, base.values, strict=True)]
                for name, r in others.items()
            },
        )
        return {
            name: intervals[name]
            | {COVERAGE: range_over_splits(np.subtract(r.coverage, base.coverage).tolist())}
            for name, r in others.items()
        }

    def by_history(self, starts: Sequence[int] = HISTORY_STARTS) -> list[HistorySlice]:
        """Return summaries by number of ratings in the history, without empty slices.

        Parameters
        ----------
        starts : sequence of int
            Smallest number of ratings in each slice, ascending. The last slice is open.
        """
        slices = []
        for low, high in zip(starts, [*starts[1:], None], strict=True):
            inside = [(n >= low) & (high is None or n < high) for n in self.n_ratings]
            users = [who[rows] for who, rows in zip(self.users, inside, strict=True)]
            n_users = len(np.unique(np.concatenate(users)))
            if n_users:
                summary = _intervals(
                    users,
                    {
                        name: [part[rows] for part, rows in zip(r.values, inside, strict=True)]
                        for name, r in self.results.items()
                    },
                )
                slices.append(HistorySlice(_slice_name(low, high), n_users, summary))
        return slices


def _intervals(
    users: Sequence[NDArray[np.intp]], values: Mapping[str, Sequence[FloatArray]]
) -> dict[str, Summary]:
    """Compute the intervals of all methods with the same resamples."""
    if not values:
        return {}
    side_by_side = [np.hstack(parts) for parts in zip(*values.values(), strict=True)]
    found = iter(mean_intervals(user_means(users, side_by_side)[1]))
    return {name: {metric: next(found) for metric in USER_METRICS} for name in values}


def _slice_name(low: int, high: int | None) -> str:
    if high is None:
        return f"{low}+"
    return f"{low}" if high == low + 1 else f"{low}-{high - 1}"
