"""Tuning of the personal recommender on held-out ratings of its training log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np
from threadpoolctl import threadpool_limits

from lacunar.aliases import no_progress
from lacunar.errors import InputError
from lacunar.parallel import in_threads
from lacunar.taste.config import draw_users
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate.new_users import cold_start
from lacunar.taste.evaluate.protocols import random_split
from lacunar.taste.evaluate.ranked_lists import measure, rank_split
from lacunar.taste.evaluate.split import Split
from lacunar.taste.recommend.personal import PersonalOptions, PersonalRecommender
from lacunar.taste.segments.placement import Placer

# Grids of a coordinate search: it moves one setting at a time while nDCG rises.
_GRID: dict[str, tuple[float, ...]] = {
    "penalty": (12.5, 25.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1600.0),
    "content": (0.0, 1.0, 2.0, 4.0),
    "grade": (0.0, 0.6, 1.0, 1.3),
}
_SLIDES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
_GIVEN = (1, 3, 5, 10)
# Tested users; more of them would change the choice less than another split does.
_MAX_USERS = 2_000
# Splits, if all users are tested: differences on one split are smaller than its variation.
_FOLDS = 3
# Matrix products of fewer users are too small for several threads.
_FEW_USERS = 2_000


@dataclass(frozen=True, slots=True)
class Trial:
    """Settings that were evaluated.

    Parameters
    ----------
    options : PersonalOptions
    ndcg : float
        Mean nDCG@10 on the held-out ratings.
    """

    options: PersonalOptions
    ndcg: float


@dataclass(frozen=True, slots=True)
class Tuning:
    """The chosen settings, and the trials of the item model.

    Parameters
    ----------
    options : PersonalOptions
    trials : tuple of Trial
        In order of evaluation; empty if no ratings could be held out.
    """

    options: PersonalOptions
    trials: tuple[Trial, ...]

    def __str__(self) -> str:
        o = self.options
        settings = (
            f"grade {o.grade:g}, penalty {o.penalty:g}, content {o.content:g}, slide {o.slide:g}"
        )
        tried = f"chosen one at a time on held-out ratings, {len(self.trials)} trials and the slide"
        how = tried if self.trials else "untested"
        return f"{settings} ({how})"


def tune_personal(
    ratings: Ratings,
    placer: Placer,
    *,
    seed: int,
    max_users: int = 5_000,
    progress: Callable[[int, int], None] | None = None,
) -> Tuning:
    """Choose settings by nDCG@10 on random fifths of each user's ratings.

    With up to 2,000 users, three such splits are averaged; with more, one is used.

    The search moves one setting at a time, from the middle of its grid, while nDCG rises. The
    slide from segments to rated items is chosen last, on new users with 1 to 10 ratings. A log
    too small for held-out ratings gets the defaults of :class:`PersonalOptions`.

    Parameters
    ----------
    ratings : Ratings
        A training log, without the test ratings of a later evaluation.
    placer : Placer
    seed : int
        Seed of the splits and of the sample.
    max_users : int
        With more users, a sample of this size is used: each trial fits an item model.
    progress : callable, optional
        Called with (settings chosen, settings in all).

    Examples
    --------
    >>> from lacunar.taste.config import TasteConfig
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> from lacunar.taste.segments.fit import fit_segments
    >>> ratings = sampled_ratings(n_users=60, n_movies=200)
    >>> config = TasteConfig(max_components=2, n_seeds=2)
    >>> placer = fit_segments(ratings, config).placer(ratings, config)
    >>> tune_personal(ratings, placer, seed=0).options.penalty > 0
    True
    """
    if ratings.n_users > max_users:
        ratings = ratings.of_users(draw_users(ratings.n_users, max_users, seed=seed))
    folds = _FOLDS if ratings.n_users <= _MAX_USERS else 1
    try:
        splits = [random_split(ratings, seed=seed + fold) for fold in range(folds)]
        newcomers = cold_start(ratings, seed=seed, given=_GIVEN)
    except InputError:
        return Tuning(PersonalOptions(), ())
    held_out = [_some_users(split, seed) for split in splits]
    shown = [_some_users(split, seed) for split in newcomers.values()]
    # Threads slow down products of this size while other work uses the cores.
    with threadpool_limits(limits=1 if ratings.n_users < _FEW_USERS else None):
        return _search(held_out, shown, placer, progress or no_progress)


def _search(
    held_out: list[Split],
    newcomers: list[Split],
    placer: Placer,
    report: Callable[[int, int], None],
) -> Tuning:
    scores: dict[PersonalOptions, float] = {}
    best = PersonalOptions()
    quality = partial(_quality, splits=held_out, placer=placer)
    steps = len(_GRID) + 1
    for done, (name, grid) in enumerate(_GRID.items()):
        report(done, steps)
        best = _climb(best, name, grid, quality, scores)
    report(steps - 1, steps)
    slide = _choose_slide(best, newcomers, placer)
    report(steps, steps)
    trials = tuple(Trial(options, ndcg) for options, ndcg in scores.items())
    return Tuning(replace(best, slide=slide), trials)


def _climb(
    start: PersonalOptions,
    name: str,
    grid: tuple[float, ...],
    quality: Callable[[PersonalOptions], float],
    scores: dict[PersonalOptions, float],
) -> PersonalOptions:
    """Move one setting along its grid, in both directions, while the quality rises."""
    along = [replace(start, **{name: value}) for value in grid]

    def evaluate(*positions: int) -> None:
        new = [along[position] for position in positions if along[position] not in scores]
        scores.update(zip(new, in_threads(quality, new), strict=True))

    def at(position: int) -> float:
        evaluate(position)
        return scores[along[position]]

    best = grid.index(getattr(start, name))
    # Both neighbours at once: in parallel they take as long as the slower one.
    evaluate(*range(max(best - 1, 0), min(best + 2, len(grid))))
    for step in (-1, 1):
        while 0 <= best + step < len(grid) and at(best + step) > at(best):
            best += step
    return along[best]


def _choose_slide(options: PersonalOptions, newcomers: list[Split], placer: Placer) -> float:
    """Choose the slide with the highest nDCG for users outside the training log."""
    fitted = PersonalRecommender(placer, options).fit(newcomers[0].train)
    pairs = list(product(_SLIDES, newcomers))
    scores = in_threads(lambda pair: _ndcg(fitted.with_slide(pair[0]), pair[1]), pairs)
    return _SLIDES[int(np.reshape(scores, (len(_SLIDES), -1)).mean(axis=1).argmax())]


def _quality(options: PersonalOptions, splits: list[Split], placer: Placer) -> float:
    return float(
        np.mean(
            [
                _ndcg(PersonalRecommender(placer, options).fit(split.train), split)
                for split in splits
            ]
        )
    )


def _ndcg(recommender: PersonalRecommender, split: Split) -> float:
    lists = rank_split(lambda users: recommender.score(split.histories.take(users)), split)
    return float(measure(lists, split)["ndcg@10"].mean())


def _some_users(split: Split, seed: int) -> Split:
    if len(split.users) <= _MAX_USERS:
        return split
    chosen = np.random.default_rng(seed).choice(len(split.users), _MAX_USERS, replace=False)
    chosen.sort()
    return replace(
        split,
        users=split.users[chosen],
        histories=split.histories.take(chosen),
        excluded=split.excluded.take(chosen),
        relevant=split.relevant.take(chosen),
    )
