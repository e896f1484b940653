"""Comparison of methods on the same splits, users and candidates."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar, cast

import numpy as np

from lacunar.aliases import FloatArray, StepProgress
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate.comparison import Comparison, MethodResult, Seconds
from lacunar.taste.evaluate.metrics import coverage
from lacunar.taste.evaluate.ranked_lists import measure, rank_split
from lacunar.taste.evaluate.split import Split
from lacunar.taste.recommend.base import Recommender
from lacunar.taste.segments.fit import fit_segments
from lacunar.taste.segments.placement import Placer


class Training:
    """A training log, with fits that several methods share.

    Parameters
    ----------
    ratings : Ratings
    config : TasteConfig, optional
        Settings of the segments, by default those of ``TasteConfig()``.
    """

    def __init__(self, ratings: Ratings, config: TasteConfig | None = None) -> None:
        self.ratings = ratings
        self.config = config or TasteConfig()
        self.seconds_saved = 0.0
        """Seconds that reused fits would have taken."""
        self._fits: dict[Hashable, tuple[Any, float]] = {}

    def placer(self, config: TasteConfig) -> Placer:
        """Return the placer of segments fitted to the log, fitted once per config.

        Raises
        ------
        InputError
            If there are fewer users than ``min_components``.
        """
        return self.once(
            config, lambda: fit_segments(self.ratings, config).placer(self.ratings, config)
        )

    def once(self, key: Hashable, fit: Callable[[], Fitted]) -> Fitted:
        """Return a fit that several methods share; the first call computes it."""
        if key in self._fits:
            fitted, seconds = self._fits[key]
            self.seconds_saved += seconds
            return cast("Fitted", fitted)
        start, saved = time.perf_counter(), self.seconds_saved
        result = fit()
        seconds = time.perf_counter() - start + self.seconds_saved - saved
        self._fits[key] = result, seconds
        return result


# Fits a recommender to a training log.
Method = Callable[[Training], Recommender]
Group = TypeVar("Group", bound=Hashable)
# Metrics of all users, coverage, run time.
_Measured = tuple[FloatArray, float, Seconds]


def compare(
    methods: Mapping[str, Method],
    splits: Sequence[Split],
    *,
    config: TasteConfig | None = None,
    progress: StepProgress | None = None,
) -> Comparison:
    """Fit every method to every training log, rank for all tested users, and compute metrics.

    Parameters
    ----------
    methods : mapping of str to callable
        By name, such as :data:`lacunar.taste.evaluate.methods.METHODS`.
    splits : sequence of Split
    config : TasteConfig, optional
        Settings of the segments, by default those of ``TasteConfig()``.
    progress : callable, optional
        Called with (fits done, fits in all).

    Raises
    ------
    InputError
        If a training log is too small for a method.

    Examples
    --------
    >>> from lacunar.taste.evaluate.protocols import splits_of
    >>> from lacunar.taste.recommend.popularity import PopularityRecommender
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> splits = splits_of(sampled_ratings(n_users=50, n_movies=200), "random-20", range(2))
    >>> def popularity(training: Training) -> Recommender:
    ...     return PopularityRecommender().fit(training.ratings)
    >>> comparison = compare({"popularity": popularity}, splits)
    >>> comparison.summary()["popularity"]["hit_rate@10"].mean > 0.3
    True
    """
    groups = [{"all": split} for split in splits]
    return compare_groups(methods, groups, config=config, progress=progress)["all"]


def compare_groups(
    methods: Mapping[str, Method],
    splits: Sequence[Mapping[Group, Split]],
    *,
    config: TasteConfig | None = None,
    progress: StepProgress | None = None,
) -> dict[Group, Comparison]:
    """Compare on several groups of splits that share training logs, with one fit per log.

    Parameters
    ----------
    methods : mapping of str to callable
    splits : sequence of mappings to Split
        Results of :func:`lacunar.taste.evaluate.new_users.cold_start` for one or more seeds. They
        have the same keys, and each mapping has a single training log.
    config : TasteConfig, optional
        As of :func:`compare`.
    progress : callable, optional
        Called with (fits done, fits in all).

    Returns
    -------
    comparisons : dict
        By key, over all seeds.
    """
    measured: dict[tuple[str, Group], list[_Measured]] = {}
    done, total = 0, len(methods) * len(splits)
    for together in splits:
        training = Training(next(iter(together.values())).train, config)
        for name, method in methods.items():
            if progress is not None:
                progress(done, total)
            saved, start = training.seconds_saved, time.perf_counter()
            recommender = method(training)
            seconds = time.perf_counter() - start + training.seconds_saved - saved
            for group, split in together.items():
                measured.setdefault((name, group), []).append(_rank(recommender, split, seconds))
            done += 1
    if progress is not None:
        progress(done, total)
    return {
        group: Comparison(
            users=tuple(together[group].users for together in splits),
            n_ratings=tuple(together[group].histories.n_ratings for together in splits),
            results={name: _result(measured[name, group]) for name in methods},
            frame_kind=splits[0][group].train.frame_kind,
        )
        for group in splits[0]
    }


def _rank(recommender: Recommender, split: Split, fit_seconds: float) -> _Measured:
    start = time.perf_counter()
    lists = rank_split(lambda users: recommender.score(split.histories.take(users)), split)
    seconds = Seconds(fit_seconds, time.perf_counter() - start)
    values = np.column_stack(list(measure(lists, split).values()))
    return values, coverage(lists, split.train), seconds


def _result(measured: Sequence[_Measured]) -> MethodResult:
    values, covered, seconds = zip(*measured, strict=True)
    return MethodResult(
        values=values,
        coverage=covered,
        seconds=Seconds(
            fit=float(np.mean([taken.fit for taken in seconds])),
            rank=float(np.mean([taken.rank for taken in seconds])),
        ),
    )


Fitted = TypeVar("Fitted")
