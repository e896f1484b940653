"""Fit of a taste model: from a ratings log to segments and recommenders, in stages."""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import StageProgress, no_progress
from lacunar.errors import InputError
from lacunar.mixture.model_selection import search
from lacunar.mixture.stability import leave_out_stability
from lacunar.mixture.statistics import fill_additive
from lacunar.parallel import one_blas_thread
from lacunar.taste.checkpoint import StageCache
from lacunar.taste.config import TasteConfig
from lacunar.taste.data import duckdb
from lacunar.taste.data.duckdb import Engine
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.evaluate.tuning import Tuning, tune_personal
from lacunar.taste.model import TasteModel, fingerprint, note_without_likes
from lacunar.taste.recommend.ease import fit_ease
from lacunar.taste.recommend.personal import design_rows
from lacunar.taste.segments.fit import RowsProvider, SegmentFit, fit_segments
from lacunar.taste.segments.user_map import UserMap, draw_map
from lacunar.taste.serialisation import (
    pack_map,
    pack_tuning,
    pack_values,
    unpack_map,
    unpack_tuning,
    unpack_values,
)
from lacunar.version import __version__


def fit_taste(
    ratings: Ratings,
    config: TasteConfig | None = None,
    *,
    engine: Engine = duckdb.run,
    rows_provider: RowsProvider | None = None,
    progress: StageProgress | None = None,
    checkpoint_dir: Path | None = None,
) -> TasteModel:
    """Fit segments and recommenders to a ratings log.

    The same ratings, settings and library versions give the same model, bit for bit.

    Parameters
    ----------
    ratings : Ratings
    config : TasteConfig, optional
        The default settings are those of ``TasteConfig()``.
    engine : Engine
        Runs the group-by of profiles.
    rows_provider : callable, optional
        See :func:`lacunar.taste.segments.fit.fit_segments`.
    progress : callable, optional
        Called with (stage, steps done, steps in all).
    checkpoint_dir : Path, optional
        Folder for the result of each stage. An interrupted fit resumes from it and gives the same
        model. :func:`lacunar.taste.checkpoint.remove_stages` removes it.

    Returns
    -------
    TasteModel

    Raises
    ------
    InputError
        If there are fewer users than ``min_components``, ``liked_above`` is off the scale, or the
        checkpoints belong to another fit.

    Warns
    -----
    UserWarning
        If no rating is above ``liked_above``: nothing is liked.

    Examples
    --------
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> model = fit_taste(ratings, TasteConfig(max_components=2, n_seeds=2, refits=0))
    >>> model.segments.names
    ('All-round taste',)
    """
    if not isinstance(ratings, Ratings):
        raise InputError(
            f"expected what `read_ratings` returns, got {type(ratings).__name__}", field="ratings"
        )
    config = config or TasteConfig()
    report = progress or no_progress
    stages = StageCache()
    if checkpoint_dir is not None:
        stages = StageCache(
            checkpoint_dir, _key(ratings, config, on_cluster=rows_provider is not None)
        )
    fit = fit_segments(
        ratings, config, engine=engine, rows_provider=rows_provider, progress=report, stages=stages
    )
    if (note := note_without_likes(ratings, config)) is not None:
        warnings.warn(note, stacklevel=2)
    refit_agreement = stages.get_or_compute(
        "refits", lambda: _refit_agreement(fit, config, report), pack_values, unpack_values
    )
    user_map = stages.get_or_compute(
        "map", lambda: _draw_map(fit, config, report), pack_map, unpack_map
    )
    # Several threads would add up sums in another order: the bytes of the model would differ.
    with one_blas_thread():
        tuning = stages.get_or_compute(
            "recommender", lambda: _tune(ratings, fit, config, report), pack_tuning, unpack_tuning
        )
        report("item model", 0, 1)
        ease_model = fit_ease(design_rows(ratings, tuning.options), tuning.options.penalty)
        report("item model", 1, 1)
    return TasteModel(
        config=config,
        ratings=ratings,
        profiles=fit.profiles,
        periods=fit.periods,
        fit_grid=fit.found.fit_grid,
        agreeing_seeds=fit.found.agreeing_seeds,
        near_best_labels=fit.near_best_labels,
        refit_agreement=refit_agreement,
        segments=fit.segments,
        user_map=user_map,
        tuning=tuning,
        ease_model=ease_model,
    )


_LIBRARIES = ("duckdb", "numpy", "pyarrow", "scikit-learn", "scipy")
# Enough restarts to reach the optimum in most refits.
_REFIT_SEEDS = 10
_LEFT_OUT = 0.1


def _refit_agreement(
    fit: SegmentFit, config: TasteConfig, report: StageProgress
) -> NDArray[np.float64]:
    """Refit the chosen K ``config.refits`` times, each time without a tenth of the users."""
    data, labels, k = fit.data, fit.segments.labels, fit.segments.n_segments
    if fit.sample is not None:
        data, labels = data.take(fit.sample), labels[fit.sample]
    left_out = round(_LEFT_OUT * len(labels))
    report("refits", 0, config.refits)
    if not config.refits or left_out < 1 or len(labels) - left_out < max(k, 2):
        report("refits", config.refits, config.refits)
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
        refit,
        labels,
        share=_LEFT_OUT,
        rounds=config.refits,
        seed=config.seed,
        progress=partial(report, "refits"),
    )


def _draw_map(fit: SegmentFit, config: TasteConfig, report: StageProgress) -> UserMap:
    report("map", 0, 1)
    filled = fill_additive(fit.data.values)
    user_map = draw_map(filled, max_users=config.map_users, seed=config.seed)
    report("map", 1, 1)
    return user_map


def _tune(ratings: Ratings, fit: SegmentFit, config: TasteConfig, report: StageProgress) -> Tuning:
    return tune_personal(
        ratings,
        fit.placer(ratings, config),
        seed=config.seed,
        max_users=config.sample_users,
        progress=partial(report, "recommender"),
    )


def _key(ratings: Ratings, config: TasteConfig, *, on_cluster: bool) -> str:
    """Return the SHA-256 of everything that the results of stages depend on."""
    libraries = (*_LIBRARIES, "pyspark") if on_cluster else _LIBRARIES
    versions = {name: version(name) for name in libraries} | {"lacunar": __version__}
    settings = config.model_dump(mode="json")
    document = [fingerprint(ratings), asdict(ratings.scale), settings, versions]
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
