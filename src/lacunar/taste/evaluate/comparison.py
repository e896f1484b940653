"""What methods reached side by side: means, paired differences and slices, with intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.taste.evaluate.bootstrap import Interval, mean_intervals, range_over_splits, user_means
from lacunar.taste.evaluate.ranked_lists import USER_METRICS

COVERAGE = "coverage"
METRICS = (*USER_METRICS, COVERAGE)
HISTORY_STARTS = (0, 1, 20, 50, 200)

# Interval of each metric.
Summary = dict[str, Interval]


@dataclass(frozen=True, slots=True)
class Seconds:
    """What a method takes, mean over splits.

    Parameters
    ----------
    fit : float
        From a training log to a recommender. Fits that methods share count for each of them.
    rank : float
        Scoring and ranking all candidates of all tested users.
    """

    fit: float
    rank: float


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What one method reached.

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
    """Users who were shown with a like number of ratings.

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
    """Values of every method for every tested user.

    Parameters
    ----------
    users : tuple of ndarray of shape (M,)
        Position in the whole log of who was tested, one array per split.
    n_ratings : tuple of ndarray of shape (M,)
        How many ratings of each were shown, one array per split.
    results : mapping of str to MethodResult
        By the name of the method.
    """

    users: tuple[NDArray[np.intp], ...]
    n_ratings: tuple[NDArray[np.intp], ...]
    results: Mapping[str, MethodResult]

    @property
    def n_users(self) -> int:
        """Users tested on any split."""
        return len(np.unique(np.concatenate(self.users)))

    def only(self, names: Iterable[str]) -> Comparison:
        """The same for some of the methods."""
        return replace(self, results={name: self.results[name] for name in names})

    def summary(self) -> dict[str, Summary]:
        """Mean of every metric by method.

        Every user counts once, with the mean over the splits on which the user was tested.
        Intervals come from resampling users; that of coverage is its range over splits.
        """
        found = _intervals(self.users, {name: r.values for name, r in self.results.items()})
        return {
            name: found[name] | {COVERAGE: range_over_splits(result.coverage)}
            for name, result in self.results.items()
        }

    def differences(self, reference: str) -> dict[str, Summary]:
        """How much higher every other method is than a reference, user by user.

        Parameters
        ----------
        reference : str
            Name of a method.
        """
        base = self.results[reference]
        others = {name: r for name, r in self.results.items() if name != reference}
        found = _intervals(
            self.users,
            {
                name: [own - of_base for own, of_base in zip(r.values, base.values, strict=True)]
                for name, r in others.items()
            },
        )
        return {
            name: found[name]
            | {COVERAGE: range_over_splits(np.subtract(r.coverage, base.coverage).tolist())}
            for name, r in others.items()
        }

    def by_history(self, starts: Sequence[int] = HISTORY_STARTS) -> list[HistorySlice]:
        """The summary for users of like histories; slices that nobody falls into are left out.

        Parameters
        ----------
        starts : sequence of int
            The smallest number of ratings shown in each slice, ascending. The last is open.
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
    """Intervals of all methods at once, so that all see the same resamples."""
    if not values:
        return {}
    side_by_side = [np.hstack(parts) for parts in zip(*values.values(), strict=True)]
    found = iter(mean_intervals(user_means(users, side_by_side)[1]))
    return {name: {metric: next(found) for metric in USER_METRICS} for name in values}


def _slice_name(low: int, high: int | None) -> str:
    if high is None:
        return f"{low}+"
    return f"{low}" if high == low + 1 else f"{low}-{high - 1}"
