"""A fitted taste model: from a ratings log to segments that can recommend."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from lacunar.errors import InputError
from lacunar.taste.config import TasteConfig
from lacunar.taste.engines import Engine, duckdb
from lacunar.taste.gaps import fill_gaps
from lacunar.taste.map import UserMap, draw_map
from lacunar.taste.mixture.data import MixtureData
from lacunar.taste.mixture.known import fill_additive
from lacunar.taste.mixture.search import search
from lacunar.taste.mixture.surface import Surface, explain_choice
from lacunar.taste.periods import PeriodCounts, period_counts
from lacunar.taste.profiles import GenreProfiles, genre_profiles
from lacunar.taste.ratings import Ratings
from lacunar.taste.recommend.segment import SegmentRecommender
from lacunar.taste.segments import Segments, assign_segments
from lacunar.taste.stability import (
    MAX_CO_ASSOCIATION,
    consensus,
    leave_out_stability,
    membership_stability,
    pairwise_ari,
)
from lacunar.taste.views import build_view, parse_view

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class TasteModel:
    """Everything a taste fit learned, and the log it learned from.

    Parameters
    ----------
    config : TasteConfig
    ratings : Ratings
    profiles : GenreProfiles
    periods : PeriodCounts
    surface : Surface
        All fits that were tried.
    agreeing_seeds : tuple of int
        Seeds that found the chosen partition.
    near_best_labels : ndarray of shape (n, U)
        Partitions of the best restarts at the chosen K.
    refit_agreement : ndarray of shape (config.refits,)
        Adjusted Rand index between the segments and those refitted without a tenth of the users.
    segments : Segments
    user_map : UserMap
    """

    config: TasteConfig
    ratings: Ratings
    profiles: GenreProfiles
    periods: PeriodCounts
    surface: Surface
    agreeing_seeds: tuple[int, ...]
    near_best_labels: NDArray[np.intp]
    refit_agreement: NDArray[np.float64]
    segments: Segments
    user_map: UserMap

    @property
    def liked_above(self) -> float:
        """Stars above which a rating counts as a like."""
        if self.config.liked_above is not None:
            return self.config.liked_above
        return 0.8 * self.ratings.scale.maximum

    @property
    def criterion(self) -> str:
        """In a sentence, how K was chosen and how far it can be trusted."""
        return explain_choice(
            self.surface, self.config.criterion, self.agreeing_seeds, self.refit_agreement
        )

    @cached_property
    def membership_stability(self) -> NDArray[np.float64]:
        """How far the best restarts keep each user among the same members, shape (U,)."""
        return membership_stability(self.near_best_labels, self.segments.labels)

    @cached_property
    def consensus_agreement(self) -> float | None:
        """Adjusted Rand index of the segments with the consensus of the best restarts.

        None where there are too many users for a users x users matrix.
        """
        if self.ratings.n_users > MAX_CO_ASSOCIATION:
            return None
        agreed = consensus(self.near_best_labels, self.segments.n_segments)
        return float(pairwise_ari(np.stack([agreed, self.segments.labels]))[0, 1])

    @cached_property
    def segment_recommender(self) -> SegmentRecommender:
        return SegmentRecommender(self.ratings, self.segments, self.liked_above)

    @cached_property
    def genres_of_items(self) -> list[list[str]]:
        """Genre names of each film, in alphabetical order."""
        names: list[list[str]] = [[] for _ in range(self.ratings.n_items)]
        pairs = self.ratings.item_genres
        for item, genre in zip(pairs["item"].to_pylist(), pairs["genre"].to_pylist(), strict=True):
            names[item].append(self.ratings.genres[genre])
        return names

    @cached_property
    def films_per_genre(self) -> dict[str, int]:
        """How many films of the catalogue each genre has."""
        counts = np.bincount(
            np.asarray(self.ratings.item_genres["genre"]), minlength=len(self.ratings.genres)
        )
        return dict(zip(self.ratings.genres, counts.tolist(), strict=True))


def fit_taste(
    ratings: Ratings,
    config: TasteConfig | None = None,
    *,
    engine: Engine = duckdb.run,
    progress: Progress | None = None,
) -> TasteModel:
    """Learn segments from a ratings log.

    Parameters
    ----------
    ratings : Ratings
    config : TasteConfig, optional
    engine : Engine
        Where the group-by of profiles runs.
    progress : callable, optional
        Called with (stage, steps done, steps in all).

    Raises
    ------
    InputError
        If there are fewer users than the smallest K, or ``liked_above`` is off the scale.
    """
    config = config or TasteConfig()
    report = progress or _say_nothing
    if ratings.n_users < max(2, config.min_components):
        raise InputError(
            f"expected at least {max(2, config.min_components)} users to form segments, "
            f"got {ratings.n_users}"
        )
    scale, liked_above = ratings.scale, config.liked_above
    if liked_above is not None and not scale.minimum <= liked_above < scale.maximum:
        raise InputError(
            f"--liked-above: expected at least {scale.minimum:g} and less than "
            f"{scale.maximum:g}, got {liked_above:g}"
        )
    profiles = genre_profiles(ratings, engine=engine)
    periods = period_counts(ratings, engine=engine)
    view = build_view(config.view, profiles, periods)
    seen = fill_gaps(view.values, config.gaps)
    data = MixtureData(seen, view.noise if config.noise else None)
    found = search(
        data,
        n_components=range(config.min_components, config.max_components + 1),
        seeds=range(config.seed, config.seed + config.n_seeds),
        options=config.em_options,
        criterion=config.criterion,
        folds=config.folds,
        progress=lambda done, total: report("mixtures", done, total),
    )
    observations = data.observations(config.covariance_type)
    filled = fill_gaps(profiles.means, config.gaps) if config.view == "means" else profiles.means
    told_apart_by = periods if "periods" in parse_view(config.view) else None
    with threadpool_limits(limits=1):
        segments = assign_segments(
            observations, found.chosen, filled, profiles, periods=told_apart_by
        )
    report("refits", 0, config.refits)
    refit_agreement = _refit_agreement(data, segments, config)
    report("refits", config.refits, config.refits)
    report("map", 0, 1)
    user_map = draw_map(fill_additive(seen), max_users=config.map_users, seed=config.seed)
    report("map", 1, 1)
    return TasteModel(
        config=config,
        ratings=ratings,
        profiles=profiles,
        periods=periods,
        surface=found.surface,
        agreeing_seeds=found.agreeing_seeds,
        near_best_labels=found.near_best_labels,
        refit_agreement=refit_agreement,
        segments=segments,
        user_map=user_map,
    )


# Enough restarts to find the optimum again in most refits.
_REFIT_SEEDS = 10
_LEFT_OUT = 0.1


def _refit_agreement(
    data: MixtureData, segments: Segments, config: TasteConfig
) -> NDArray[np.float64]:
    """Refit the chosen K without a tenth of the users, as often as the config says."""
    labels, k = segments.labels, segments.n_segments
    left_out = round(_LEFT_OUT * len(labels))
    if not config.refits or left_out < 1 or len(labels) - left_out < max(k, 2):
        return np.empty(0)
    seeds = range(config.seed, config.seed + min(config.n_seeds, _REFIT_SEEDS))

    def refit(kept: NDArray[np.intp]) -> NDArray[np.intp]:
        return search(
            data.take(kept),
            n_components=[k],
            seeds=seeds,
            options=config.em_options,
            criterion="vote" if config.criterion == "vote" else "bic",
        ).labels

    return leave_out_stability(
        refit, labels, share=_LEFT_OUT, rounds=config.refits, seed=config.seed
    )


def _say_nothing(stage: str, done: int, total: int) -> None:
    del stage, done, total


def fingerprint(ratings: Ratings) -> str:
    """SHA-256 of what a fit can see of a log: ids, films, genres and ratings."""
    digest = hashlib.sha256()
    ids = pa.table([ratings.users], names=["user_id"])
    for table in (ids, ratings.items, ratings.item_genres, ratings.log):
        for name in table.column_names:
            column = table[name]
            digest.update(f"{name}:{column.type}:{len(column)};".encode())
            if pa.types.is_string(column.type) or column.null_count:
                digest.update("\0".join(map(str, column.to_pylist())).encode())
            else:
                digest.update(np.ascontiguousarray(column.to_numpy()).tobytes())
    digest.update("\0".join(ratings.genres).encode())
    return digest.hexdigest()
