"""Named recommenders for an evaluation, and the evaluation in one call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from lacunar.aliases import StepProgress
from lacunar.errors import InputError
from lacunar.taste.config import TasteConfig
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate.comparison import Comparison
from lacunar.taste.evaluate.notes import evaluation_notes
from lacunar.taste.evaluate.protocols import splits_of
from lacunar.taste.evaluate.runner import Method, Training, compare
from lacunar.taste.evaluate.tuning import tune_personal
from lacunar.taste.recommend.base import Recommender
from lacunar.taste.recommend.personal import PersonalRecommender
from lacunar.taste.recommend.popularity import PopularityRecommender
from lacunar.taste.recommend.segment_popularity import SegmentRecommender, Weighting


def popularity(training: Training) -> Recommender:
    """Fit popularity over all users."""
    return PopularityRecommender().fit(training.ratings)


def segment_source(training: Training) -> Recommender:
    """Fit the rule of the source report on the segments of the source report."""
    return _inside_segments(training, TasteConfig.of_preset("source"), "hard")


def segment(training: Training) -> Recommender:
    """Fit the rule of the source report on the default segments."""
    return _inside_segments(training, TasteConfig(), "hard")


def segment_posterior(training: Training) -> Recommender:
    """Fit popularity in the default segments, weighted by responsibility."""
    return _inside_segments(training, TasteConfig(), "posterior")


def personal(training: Training) -> Recommender:
    """Fit the personal recommender, tuned on the training log."""
    return fitted_personal(training)


def fitted_personal(training: Training) -> PersonalRecommender:
    """Return the personal recommender of a training log, fitted once."""
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
    """Return some of the methods, in the order of :data:`METHODS`; without names, all of them.

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


def evaluate_recommenders(
    ratings: Ratings,
    methods: str | Iterable[str] | Mapping[str, Method] | None = None,
    *,
    protocol: str = "random-20",
    seeds: Sequence[int] = (0, 1, 2),
    progress: StepProgress | None = None,
) -> Comparison:
    """Compare recommenders on held-out ratings.

    Parameters
    ----------
    ratings : Ratings
    methods : str, iterable of str, or mapping of str to callable, optional
        Names among :data:`METHODS`; or functions that fit a recommender to a
        :class:`~lacunar.taste.evaluate.runner.Training`, by name. The default is all
        :data:`METHODS`.
    protocol : {"random-20", "leave-last-out", "global-time"}
        Ratings to hold out: a random fifth of each user's ratings, each user's latest rating, or
        the latest fifth of all ratings.
    seeds : sequence of int
        One random split each; the other protocols have a single split.
    progress : callable, optional
        Called with (fits done, fits in all).

    Returns
    -------
    Comparison
        Metrics of each method with 95 % intervals, and paired differences; ``notes`` say what
        the data lacks.

    Raises
    ------
    InputError
        If a name or the protocol is unknown, the log is too small, or it has no times and the
        protocol splits by time.

    Examples
    --------
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> comparison = evaluate_recommenders(ratings, ["popularity"], seeds=[0])
    >>> round(comparison.summary()["popularity"]["ndcg@10"].mean, 3)
    0.298
    """
    if not isinstance(ratings, Ratings):
        raise InputError(
            f"expected what `read_ratings` returns, got {type(ratings).__name__}", field="ratings"
        )
    if isinstance(methods, str):
        methods = [methods]
    fitted_by = methods if isinstance(methods, Mapping) else methods_named(methods or ())
    comparison = compare(fitted_by, splits_of(ratings, protocol, seeds), progress=progress)
    return replace(comparison, notes=evaluation_notes(ratings))


def _inside_segments(training: Training, config: TasteConfig, weighting: Weighting) -> Recommender:
    liked_above = config.liked_above_on(training.ratings.scale)
    placer = training.placer(config)
    return SegmentRecommender(placer, liked_above, weighting).fit(training.ratings)
