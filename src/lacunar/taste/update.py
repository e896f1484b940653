"""Update of a taste model with later ratings, without a full fit."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Unpack

import numpy as np

from lacunar.aliases import AnyPath, StageProgress
from lacunar.parallel import one_blas_thread
from lacunar.progress import shown_progress
from lacunar.taste.data import duckdb
from lacunar.taste.data.frame_tables import ColumnOptions
from lacunar.taste.data.later_ratings import read_later_ratings
from lacunar.taste.fit_notes import FullFit
from lacunar.taste.model import TasteModel
from lacunar.taste.recommend.ease import fit_ease
from lacunar.taste.recommend.personal import design_rows
from lacunar.taste.segments.update import FittedSegments, update_segments
from lacunar.taste.segments.user_map import UserMap


def update_taste(
    model: TasteModel,
    new_ratings: AnyPath | Any,
    items: Any | None = None,
    *,
    memory_limit: str | None = None,
    progress: bool | StageProgress | None = None,
    **columns: Unpack[ColumnOptions],
) -> TasteModel:
    """Update a model with later ratings: much faster than a fit to all ratings.

    New ratings, users and items join the log. Of two ratings of a pair the later one counts, and
    of equal times the new one; rows of the log that come again change nothing. The scale, the
    number of segments, the view and the settings of the personal recommender stay. The mixture of
    the segments continues from the fitted one on all users, and the item model is fitted anew.

    A segment keeps its number and name if at least half of its users stay in it; otherwise the
    segment of this number gets another name. :func:`lacunar.compare_taste` shows how many stay. The
    map keeps the users of the last full fit.

    Parameters
    ----------
    model : TasteModel
        It does not change.
    new_ratings : path-like, frame or Ratings
        New rows, or a whole log that includes them; see :func:`lacunar.read_ratings`. Items of the
        model's log may be missing among the new items.
    items : frame, optional
        The frame of new items; not with a directory.
    memory_limit : str, optional
        Memory for reading and grouping ratings, such as ``512MB``; by default 2 GB.
    progress : bool or callable, optional
        As of :func:`lacunar.fit_taste`.
    **columns
        Names of columns: ``user``, ``item``, ``rating``, ``timestamp``, ``title``, ``genres``,
        ``year`` and ``genre_separator``, as of :func:`lacunar.read_ratings`.

    Returns
    -------
    TasteModel
        ``model`` itself if nothing is new.

    Raises
    ------
    InputError
        If the new ratings are invalid, are not on the scale of the model, or have no times although
        the log has times.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lacunar.taste.config import TasteConfig
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> from lacunar.taste.fit import fit_taste
    >>> config = TasteConfig(max_components=2, n_seeds=2, refits=0)
    >>> model = fit_taste(sampled_ratings(n_users=50, n_movies=200), config)
    >>> new = {"userId": [4, 99], "movieId": [53, 53], "rating": [5.0, 1.0], "timestamp": [2e9] * 2}
    >>> updated = update_taste(model, pa.table(new))
    >>> model.ratings.n_users, updated.ratings.n_users, updated.segments.names
    (50, 51, ('All-round taste',))
    """
    with shown_progress(progress) as report:
        return _update(model, new_ratings, items, memory_limit, report, columns)


def _update(
    model: TasteModel,
    new_ratings: AnyPath | Any,
    items: Any | None,
    memory_limit: str | None,
    report: StageProgress,
    columns: ColumnOptions,
) -> TasteModel:
    ratings = read_later_ratings(
        model.ratings,
        new_ratings,
        items,
        memory_limit=memory_limit,
        progress=partial(report, "ratings"),
        **columns,
    )
    if ratings is model.ratings:
        return model
    known = ratings.user_positions(model.ratings.users.to_pylist())
    fitted = update_segments(
        FittedSegments(model.profiles, model.periods, model.segments, model.near_best_labels),
        known,
        ratings,
        model.config.model_copy(update={"view": model.view}),
        engine=partial(duckdb.run, memory_limit=memory_limit),
        progress=report,
    )
    options = model.tuning.options
    report("item model", 0, 1)
    with one_blas_thread():
        ease_model = fit_ease(design_rows(ratings, options), options.penalty)
    report("item model", 1, 1)
    full_fit = model.full_fit or FullFit(model.ratings.n_users, model.ratings.log.num_rows)
    return replace(
        model,
        ratings=ratings,
        profiles=fitted.profiles,
        periods=fitted.periods,
        near_best_labels=fitted.near_best_labels,
        segments=fitted.segments,
        user_map=UserMap(
            np.asarray(known[model.user_map.users], dtype=np.int64), model.user_map.coordinates
        ),
        ease_model=ease_model,
        full_fit=full_fit,
    )
