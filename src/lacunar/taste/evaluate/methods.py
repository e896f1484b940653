"""The methods that can be compared by name."""

from __future__ import annotations

from collections.abc import Iterable

from lacunar.errors import InputError
from lacunar.taste.config import TasteConfig
from lacunar.taste.evaluate.runner import Method, Training
from lacunar.taste.evaluate.tuning import tune_personal
from lacunar.taste.recommend.base import Recommender
from lacunar.taste.recommend.personal import PersonalRecommender
from lacunar.taste.recommend.popularity import PopularityRecommender
from lacunar.taste.recommend.segment_popularity import SegmentRecommender, Weighting


def popularity(training: Training) -> Recommender:
    """What everybody likes."""
    return PopularityRecommender().fit(training.ratings)


def segment_source(training: Training) -> Recommender:
    """The source report's rule on the source report's clusters."""
    return _inside_segments(training, TasteConfig.of_preset("source"), "hard")


def segment(training: Training) -> Recommender:
    """The same rule on the default segments."""
    return _inside_segments(training, TasteConfig(), "hard")


def segment_posterior(training: Training) -> Recommender:
    """All default segments, each as probable as it is for the user."""
    return _inside_segments(training, TasteConfig(), "posterior")


def personal(training: Training) -> Recommender:
    """What the user's own ratings say, tuned on the training log alone."""
    return fitted_personal(training)


def fitted_personal(training: Training) -> PersonalRecommender:
    """The personal recommender of a training log, fitted once."""
    return training.once("personal", lambda: _fit_personal(training))


def _fit_personal(training: Training) -> PersonalRecommender:
    placer = training.placer(TasteConfig())
    tuning = tune_personal(training.ratings, placer, seed=TasteConfig().seed)
    return PersonalRecommender(placer, tuning.options).fit(training.ratings)


METHODS: dict[str, Method] = {
    "popularity": popularity,
    "segment-source": segment_source,
    "segment": segment,
    "segment-posterior": segment_posterior,
    "personal": personal,
}


def methods_named(names: Iterable[str]) -> dict[str, Method]:
    """Some of the methods, in the order of :data:`METHODS`; all of them where none is named.

    Raises
    ------
    InputError
        If a name is unknown.

    Examples
    --------
    >>> list(methods_named(["personal", "popularity"]))
    ['popularity', 'personal']
    """
    wanted = set(names) or set(METHODS)
    for name in sorted(wanted - set(METHODS)):
        raise InputError(f"expected a method of {', '.join(METHODS)}, got {name!r}")
    return {name: method for name, method in METHODS.items() if name in wanted}


def _inside_segments(training: Training, config: TasteConfig, weighting: Weighting) -> Recommender:
    liked_above = config.liked_above_on(training.ratings.scale)
    placer = training.placer(config)
    return SegmentRecommender(placer, liked_above, weighting).fit(training.ratings)
