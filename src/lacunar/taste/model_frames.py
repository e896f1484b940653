"""Frames of a taste model: recommendations, memberships, profiles and criteria."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.frames import FrameKind, arrow_to_frame
from lacunar.mixture.fit_grid import FIT_GRID_CELLS, FitGrid
from lacunar.taste.data.histories import Histories
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.features.genre_profiles import GenreProfiles
from lacunar.taste.recommend.base import Recommender
from lacunar.taste.recommend.list_request import ListRequest
from lacunar.taste.recommend.ranking import best_films, recommend
from lacunar.taste.segments.assignment import Segments


def recommendations_frame(
    recommender: Recommender,
    ratings: Ratings,
    histories: Histories,
    request: ListRequest,
    *,
    users: NDArray[np.intp] | None,
    reasons: bool = False,
) -> Any:
    """Return the lists of B users as a frame, in order of user and rank.

    Parameters
    ----------
    recommender, ratings, histories, request
        As in :func:`lacunar.taste.recommend.ranking.recommend`.
    users : ndarray of shape (B,), optional
        Positions of the users; None for new users, whose frame has no column ``user``.
    reasons : bool
        Whether to add the column ``reasons``.

    Returns
    -------
    frame
        ``user``, ``item``, ``title``, ``rank`` from 1, ``score`` and ``reasons`` (list of text).

    Examples
    --------
    >>> from lacunar.taste.data.histories import new_history
    >>> from lacunar.taste.data.sample import sampled_ratings
    >>> from lacunar.taste.recommend.popularity import PopularityRecommender
    >>> ratings = sampled_ratings(n_users=50, n_movies=200)
    >>> popular = PopularityRecommender().fit(ratings)
    >>> history, request = new_history(ratings, {}), ListRequest(k=2)
    >>> films = recommendations_frame(popular, ratings, history, request, users=None)
    >>> films["score"].to_pylist()
    [29.0, 25.0]
    """
    texts = {}
    if reasons:
        lists = recommend(recommender, ratings, histories, request)
        films = list(chain.from_iterable(lists))
        user = np.repeat(np.arange(len(lists)), [len(shown) for shown in lists])
        place = np.array([place for shown in lists for place in range(len(shown))], dtype=np.intp)
        item = np.array([film.item for film in films], dtype=np.intp)
        score = np.array([film.score for film in films])
        of_films = [[reason.text for reason in film.reasons] for film in films]
        texts["reasons"] = pa.array(of_films, pa.list_(pa.string()))
    else:
        items, scores, costs = best_films(recommender, ratings, histories, request)
        user, place = np.nonzero(items >= 0)
        item, score = items[user, place], (scores - costs)[user, place]
    ids = {} if users is None else {"user": ratings.users.take(pa.array(users[user]))}
    catalogue = ratings.items.take(pa.array(item))
    table = pa.table(
        ids
        | {
            "item": catalogue["item_id"],
            "title": catalogue["title"],
            "rank": place + 1,
            "score": score,
        }
        | texts
    )
    return arrow_to_frame(table, ratings.frame_kind)


def memberships_frame(ratings: Ratings, segments: Segments) -> Any:
    """Return the probability of each segment for each user, in order of user and segment.

    Returns
    -------
    frame
        ``user``, ``segment``, ``name``, ``probability``; one row per user and segment.
    """
    n_users, n_segments = segments.responsibilities.shape
    table = pa.table(
        {
            "user": ratings.users.take(pa.array(np.repeat(np.arange(n_users), n_segments))),
            "segment": np.tile(np.arange(n_segments), n_users),
            "name": pa.array(segments.names * n_users, pa.string()),
            "probability": segments.responsibilities.ravel(),
        }
    )
    return arrow_to_frame(table, ratings.frame_kind)


def user_profiles_frame(ratings: Ratings, profiles: GenreProfiles) -> Any:
    """Return the mean rating of each user in each genre, null where the user rated none.

    Returns
    -------
    frame
        ``user``, and one column per genre.
    """
    columns = {"user": ratings.users}
    return _with_genres(columns, profiles.genres, profiles.means, ratings.frame_kind)


def segment_profiles_frame(ratings: Ratings, segments: Segments) -> Any:
    """Return the mean of the members' profiles in each genre, null where no member rated any.

    Returns
    -------
    frame
        ``segment``, ``name``, ``users`` (number of members), and one column per genre.
    """
    columns = {
        "segment": np.arange(segments.n_segments),
        "name": pa.array(segments.names, pa.string()),
        "users": segments.populations,
    }
    return _with_genres(columns, ratings.genres, segments.known_profiles, ratings.frame_kind)


def criteria_frame(fit_grid: FitGrid, kind: FrameKind) -> Any:
    """Return the criteria of all fits, in order of the number of components and seed.

    Returns
    -------
    frame
        ``n_components``, ``seed``, and each criterion of :class:`FitGrid`. Criteria of a number of
        components are repeated for each seed; those that were not computed are null.
    """
    shape = (len(fit_grid.n_components), len(fit_grid.seeds))
    columns = {
        "n_components": np.repeat(fit_grid.n_components, shape[1]),
        "seed": np.tile(fit_grid.seeds, shape[0]),
    }
    for name in FIT_GRID_CELLS:
        values = getattr(fit_grid, name)
        by_fit = values if values.ndim > 1 else values[:, np.newaxis]
        columns[name] = _null_if_nan(np.broadcast_to(by_fit, shape).ravel())
    return arrow_to_frame(pa.table(columns), kind)


def _with_genres(
    columns: dict[str, Any], genres: tuple[str, ...], values: FloatArray, kind: FrameKind
) -> Any:
    """Return a frame with one more column per genre; ``genre:user`` for a genre named ``user``."""
    by_genre = {
        f"genre:{genre}" if genre in columns else genre: _null_if_nan(column)
        for genre, column in zip(genres, values.T, strict=True)
    }
    return arrow_to_frame(pa.table(columns | by_genre), kind)


def _null_if_nan(values: NDArray[Any]) -> pa.Array:
    return pa.array(np.ascontiguousarray(values), from_pandas=True)
