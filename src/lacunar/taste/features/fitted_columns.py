"""Films with the places of their genres and periods among those that a fit knows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.taste.features.release_periods import item_periods, period_name


def genre_columns(item_genres: pa.Table, names: Sequence[str], known: Sequence[str]) -> pa.Table:
    """``item``, ``genre`` with genres by their place among the known ones; others are left out.

    Parameters
    ----------
    item_genres : pyarrow.Table
        ``item``, ``genre``: positions, the latter in ``names``.
    names, known : sequence of str

    Examples
    --------
    >>> pairs = pa.table({"item": [0, 0, 1], "genre": [0, 1, 1]})
    >>> genre_columns(pairs, ["Drama", "War"], ["Comedy", "War"]).to_pylist()
    [{'item': 0, 'genre': 1}, {'item': 1, 'genre': 1}]
    """
    named = [names[genre] for genre in item_genres["genre"].to_pylist()]
    return _placed(item_genres["item"].to_numpy(), named, known, "genre")


def period_columns(years: NDArray[np.float64], known: Sequence[str]) -> pa.Table:
    """``item``, ``period`` with periods of release by their place among the known ones.

    Parameters
    ----------
    years : ndarray of shape (I,)
        NaN where unknown.
    known : sequence of str

    Examples
    --------
    >>> period_columns(np.array([1994.0, np.nan, 2001.0]), ["2000-2004"]).to_pylist()
    [{'item': 2, 'period': 0}]
    """
    pairs = item_periods(years)
    named = [period_name(start) for start in pairs["period"].to_pylist()]
    return _placed(pairs["item"].to_numpy(), named, known, "period")


def _placed(
    item: NDArray[np.int32], named: Sequence[str], known: Sequence[str], column: str
) -> pa.Table:
    place_of = {name: place for place, name in enumerate(known)}
    place = np.array([place_of.get(name, -1) for name in named], dtype=np.int32)
    return pa.table({"item": item[place >= 0], column: place[place >= 0]})
