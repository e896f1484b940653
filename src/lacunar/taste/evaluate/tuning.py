"""Settings of the personal recommender, chosen on ratings held out of the log it learns from."""

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
from lacunar.taste.evaluate.cold_start import cold_start
from lacunar.taste.evaluate.protocols import random_split
from lacunar.taste.evaluate.ranked_lists import measure, rank_split
from lacunar.taste.evaluate.split import Split
from lacunar.taste.recommend.personal import PersonalOptions, PersonalRecommender
from lacunar.taste.segments.placement import Placer

# Steps of a search that moves one setting at a time while the held-out ratings agree.
_GRID: dict[str, tuple[float, ...]] = {
    "penalty": (12.5, 25.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1600.0),
    "content": (0.0, 1.0, 2.0, 4.0),
    "grade": (0.0, 0.6, 1.0, 1.3),
}
_SLIDES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
_GIVEN = (1, 3, 5, 10)
# Users whose rankings are compared; more would change the choice less than another split does.
_MAX_USERS = 2_000
# Splits, where all users are compared: one tells settings apart by less than it varies itself.
_FOLDS = 3
# Products of fewer users are too small for several threads.
_FEW_USERS = 2_000


@dataclass(frozen=True, slots=True)
class Trial:
    """Settings that were tried.

    Parameters
    ----------
    options : PersonalOptions
    ndcg : float
        Mean nDCG@10 of the held-out ratings.
    """

    options: PersonalOptions
    ndcg: float


@dataclass(frozen=True, slots=True)
class Tuning:
    """The settings chosen, and those of the item model that were tried.

    Parameters
    ----------
    options : PersonalOptions
    trials : tuple of Trial
        In the order they were tried; empty where nothing could be held out.
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

    Three such splits are compared where there are up to 2,000 users, else one.

    One setting moves at a time, from the middle of its grid while the score rises. The slide from
    segments to rated films is chosen last, for users the item model has not seen, shown 1 to 10 of
    their ratings. A log too small to hold anything out gets the settings of
    :class:`PersonalOptions`.

    Parameters
    ----------
    ratings : Ratings
        A training log: nothing that a later test asks for may be in it.
    placer : Placer
    seed : int
        Of the ratings held out, and of the sample.
    max_users : int
        Of more users a sample of so many is looked at: an item model is fitted for each trial.
    progress : callable, optional
        Called with (settings moved, settings in all).

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
    # Threads cost products of this size more than they give once others want the cores too.
    with threadpool_limits(limits=1 if ratings.n_users < _FEW_USERS else None):
        return _search(held_out, shown, placer, progress or no_progress)


def _search(
    held_out: list[Split],
    newcomers: list[Split],
    placer: Placer,
    report: Callable[[int, int], None],
) -> Tuning:
    found: dict[PersonalOptions, float] = {}
    best = PersonalOptions()
    quality = partial(_quality, splits=held_out, placer=placer)
    steps = len(_GRID) + 1
    for done, (name, grid) in enumerate(_GRID.items()):
        report(done, steps)
        best = _climb(best, name, grid, quality, found)
    report(steps - 1, steps)
    slide = _choose_slide(best, newcomers, placer)
    report(steps, steps)
    trials = tuple(Trial(options, ndcg) for options, ndcg in found.items())
    return Tuning(replace(best, slide=slide), trials)


def _climb(
    start: PersonalOptions,
    name: str,
    grid: tuple[float, ...],
    quality: Callable[[PersonalOptions], float],
    found: dict[PersonalOptions, float],
) -> PersonalOptions:
    """Move one setting along its grid, in either direction, while the quality rises."""
    along = [replace(start, **{name: value}) for value in grid]

    def look(*places: int) -> None:
        new = [along[place] for place in places if along[place] not in found]
        found.update(zip(new, in_threads(quality, new), strict=True))

    def at(place: int) -> float:
        look(place)
        return found[along[place]]

    best = grid.index(getattr(start, name))
    # Whichever way it goes: side by side they take as long as the slowest.
    look(*range(max(best - 1, 0), min(best + 2, len(grid))))
    for step in (-1, 1):
        while 0 <= best + step < len(grid) and at(best + step) > at(best):
            best += step
    return along[best]


def _choose_slide(options: PersonalOptions, newcomers: list[Split], placer: Placer) -> float:
    """The slide that serves users best whom the item model has not seen."""
    fitted = PersonalRecommender(placer, options).fit(newcomers[0].train)
    pairs = list(product(_SLIDES, newcomers))
    scores = in_threads(lambda pair: _ndcg(fitted.with_slide(pair[0]), pair[1]), pairs)
    return _SLIDES[int(np.reshape(scores, (len(_SLIDES), -1)).mean(axis=1).argmax())]


def _quality(options: PersonalOptions, splits: list[Split], placer: Placer) -> float:
    fitted = (PersonalRecommender(placer, options).fit(split.train) for split in splits)
    return float(
        np.mean([_ndcg(found, split) for found, split in zip(fitted, splits, strict=True)])
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
