"""Frames of a taste model: memberships, profiles and criteria."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.frames import FrameKind, arrow_to_frame
from lacunar.mixture.fit_grid import FIT_GRID_CELLS, FitGrid
from lacunar.taste.data.ratings import Ratings
from lacunar.taste.features.genre_profiles import GenreProfiles
from lacunar.taste.segments.assignment import Segments


class ModelFrames:
    """The part of a taste model that shows it as frames.

    Parameters
    ----------
    ratings : Ratings
    profiles : GenreProfiles
    segments : Segments
    fit_grid : FitGrid
    """

    ratings: Ratings
    profiles: GenreProfiles
    segments: Segments
    fit_grid: FitGrid

    def memberships(self) -> Any:
        """Return the probability of each segment for each user.

        Returns
        -------
        frame
            ``user``, ``segment``, ``name``, ``probability``; one row per user and segment, in this
            order.
        """
        segments, (n_users, n_segments) = self.segments, self.segments.responsibilities.shape
        users = pa.array(np.repeat(np.arange(n_users), n_segments))
        table = pa.table(
            {
                "user": self.ratings.users.take(users),
                "segment": np.tile(np.arange(n_segments), n_users),
                "name": pa.array(segments.names * n_users, pa.string()),
                "probability": segments.responsibilities.ravel(),
            }
        )
        return arrow_to_frame(table, self.ratings.frame_kind)

    def user_profiles(self) -> Any:
        """Return the mean rating of each user in each genre.

        Returns
        -------
        frame
            ``user``, and one column per genre; null where the user rated no item of the genre.
        """
        columns = {"user": self.ratings.users}
        kind = self.ratings.frame_kind
        return _with_genres(columns, self.profiles.genres, self.profiles.means, kind)

    def segment_profiles(self) -> Any:
        """Return the mean of the members' profiles in each segment and genre.

        Returns
        -------
        frame
            ``segment``, ``name``, ``users`` (number of members), and one column per genre. Unknown
            cells of members are left out, also if the fit filled them; null if all are unknown.
        """
        ratings, segments = self.ratings, self.segments
        columns = {
            "segment": np.arange(segments.n_segments),
            "name": pa.array(segments.names, pa.string()),
            "users": segments.populations,
        }
        return _with_genres(columns, ratings.genres, segments.known_profiles, ratings.frame_kind)

    def criteria(self) -> Any:
        """Return the criteria of all fits among which K was chosen.

        Returns
        -------
        frame
            ``n_components``, ``seed``, and each criterion of :class:`FitGrid`, in this order.
            Criteria of a number of components are repeated for each seed; those that were not
            computed are null.
        """
        grid = self.fit_grid
        shape = (len(grid.n_components), len(grid.seeds))
        columns = {
            "n_components": np.repeat(grid.n_components, shape[1]),
            "seed": np.tile(grid.seeds, shape[0]),
        }
        for name in FIT_GRID_CELLS:
            values = getattr(grid, name)
            by_fit = values if values.ndim > 1 else values[:, np.newaxis]
            columns[name] = _null_if_nan(np.broadcast_to(by_fit, shape).ravel())
        return arrow_to_frame(pa.table(columns), self.ratings.frame_kind)


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
