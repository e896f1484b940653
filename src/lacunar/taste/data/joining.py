"""Joining of a ratings log and later ratings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.taste.data.ratings import Intake, Ratings, column_array

_Positions = NDArray[np.intp]


def join_ratings(log: Ratings, later: Ratings) -> Ratings:
    """Join a log and later ratings, users and films.

    Of two ratings of a film by the same user, the one with the later time counts; of equal times,
    such as without times, the one in ``later``. Of two counts of repeated rows, the larger counts,
    since ``later`` may hold the rows of ``log`` again. Films of ``log`` keep their title, year and
    genres.

    Parameters
    ----------
    log, later : Ratings
        On the same scale.

    Returns
    -------
    Ratings
        ``log`` itself if ``later`` has nothing that is new and left out no row.

    Raises
    ------
    InputError
        If ``log`` has times and ``later`` has none: then it is unknown which rating is later.

    Examples
    --------
    >>> from lacunar.taste.data.reading import read_ratings
    >>> log = read_ratings(pa.table({"userId": [1, 2], "movieId": [5, 5], "rating": [4.0, 3.0]}))
    >>> later = read_ratings(pa.table({"userId": [2, 3], "movieId": [5, 4], "rating": [1.0, 5.0]}))
    >>> joined = join_ratings(log, later)
    >>> joined.users.to_pylist(), joined.items["item_id"].to_pylist(), joined.rating.tolist()
    ([1, 2, 3], [4, 5], [4.0, 1.0, 5.0])
    >>> join_ratings(joined, later) is joined
    True
    """
    if column_array(log.log, "timestamp").any() and not column_array(later.log, "timestamp").any():
        raise InputError("expected times of the new ratings, since the log has times, got none")
    users, user_of, later_user = _union(log.users, later.users)
    _, item_of, later_item = _union(*(_item_ids(ratings) for ratings in (log, later)))
    items, genres, item_genres = _catalogue(log, later, item_of, later_item)
    counted = log.count is not None or later.count is not None
    old = _Rows.of(log, user_of, item_of, items.num_rows, counted=counted)
    new = _Rows.of(later, later_user, later_item, items.num_rows, counted=counted)
    rows, replaced = old.joined_by(new)
    joined = replace(
        log,
        users=users,
        items=items,
        genres=genres,
        item_genres=item_genres,
        log=rows.table(items.num_rows),
        intake=_added(log.intake, later.intake, replaced),
    )
    same = ("users", "items", "genres", "item_genres", "log")
    unchanged = all(getattr(joined, name) == getattr(log, name) for name in same)
    return log if unchanged and not later.intake.unknown_item_rows else joined


def _item_ids(ratings: Ratings) -> pa.Array:
    return ratings.items["item_id"].combine_chunks()


def _union(first: pa.Array, second: pa.Array) -> tuple[pa.Array, _Positions, _Positions]:
    """All ids in order, and the position of each id of two arrays among them."""
    if first.type != second.type:
        # Ids that are numbers in one log and text in the other are text together.
        first, second = first.cast(pa.string()), second.cast(pa.string())
    ids = pa.concat_arrays([first, second]).unique()
    ids = ids.take(pc.sort_indices(ids))
    at_first, at_second = (
        np.asarray(pc.index_in(some, ids).to_numpy(zero_copy_only=False), dtype=np.intp)
        for some in (first, second)
    )
    return ids, at_first, at_second


def _catalogue(
    log: Ratings, later: Ratings, item_of: _Positions, later_item: _Positions
) -> tuple[pa.Table, tuple[str, ...], pa.Table]:
    """Films in order of id, genres in order of name, and the pairs of both."""
    new = np.flatnonzero(~np.isin(later_item, item_of))
    ids = pa.chunked_array([_union(_item_ids(log), _item_ids(later))[0]])
    order = pa.array(np.argsort(np.concatenate([item_of, later_item[new]])))
    columns = {
        name: pa.chunked_array(
            [
                *log.items[name].chunks,
                *later.items[name].cast(log.items[name].type).take(pa.array(new)).chunks,
            ]
        ).take(order)
        for name in ("title", "year")
    }
    place = np.full(later.n_items, -1)
    place[new] = later_item[new]
    item, genre = (column_array(later.item_genres, name) for name in ("item", "genre"))
    added = place[item] >= 0
    names = sorted({*log.genres, *(later.genres[g] for g in np.unique(genre[added]))})
    at, later_at = (
        np.array([names.index(name) if name in names else -1 for name in some], dtype=np.intp)
        for some in (log.genres, later.genres)
    )
    items = np.concatenate([item_of[column_array(log.item_genres, "item")], place[item[added]]])
    genres = np.concatenate([at[column_array(log.item_genres, "genre")], later_at[genre[added]]])
    by_item = np.lexsort((genres, items))
    pairs = {"item": items[by_item], "genre": genres[by_item]}
    return (
        pa.table({"item_id": ids} | columns),
        tuple(names),
        pa.table({name: values.astype(np.int32) for name, values in pairs.items()}),
    )


class _Rows:
    """Rows of a log by the pair of user and film, ascending."""

    def __init__(self, pair: NDArray[np.int64], values: dict[str, NDArray[Any]]) -> None:
        self.pair = pair
        self.values = values

    @classmethod
    def of(
        cls, ratings: Ratings, user: _Positions, item: _Positions, n_items: int, *, counted: bool
    ) -> _Rows:
        pair = user[ratings.user].astype(np.int64) * n_items + item[ratings.item]
        order = np.argsort(pair, kind="stable")
        values = {name: column_array(ratings.log, name) for name in ("rating", "timestamp")}
        if counted:
            values["count"] = np.ones(len(pair), int) if ratings.count is None else ratings.count
        return cls(pair[order], {name: column[order] for name, column in values.items()})

    def joined_by(self, later: _Rows) -> tuple[_Rows, int]:
        """These rows and later ones, and how many pairs are in both."""
        at = np.searchsorted(self.pair, later.pair)
        known = self.pair[np.minimum(at, len(self.pair) - 1)] == later.pair
        newer = known.copy()
        times = self.values["timestamp"][at[known]]
        newer[known] = later.values["timestamp"][known] >= times
        values = {}
        for name in self.values:
            column = self.values[name].copy()
            if name == "count":
                # The later rows may be a whole log, with the rows that are known.
                column[at[known]] = np.maximum(column[at[known]], later.values[name][known])
            else:
                column[at[newer]] = later.values[name][newer]
            values[name] = np.insert(column, at[~known], later.values[name][~known])
        pair = np.insert(self.pair, at[~known], later.pair[~known])
        return _Rows(pair, values), int(known.sum())

    def table(self, n_items: int) -> pa.Table:
        """The log of these rows, with positions of users and films."""
        user, item = np.divmod(self.pair, n_items)
        return pa.table(
            {"user": user.astype(np.int32), "item": item.astype(np.int32)} | self.values
        )


def _added(log: Intake, later: Intake, replaced: int) -> Intake:
    """Counts of both logs; of two rows of a pair, one is left out."""
    return Intake(
        rows=log.rows + later.rows,
        repeated=log.repeated + later.repeated + replaced,
        unknown_item_rows=log.unknown_item_rows + later.unknown_item_rows,
        unknown_items=log.unknown_items + later.unknown_items,
        dropped_users=log.dropped_users + later.dropped_users,
        step=min(log.step, later.step),
    )
