"""Genres and release periods of films as column indices of a fitted model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lacunar.taste.features.release_periods import item_periods, period_name


def genre_columns(item_genres: pa.Table, names: Sequence[str], fitted: Sequence[str]) -> pa.Table:
    """Translate genres of films to their column in a fitted model; drop other genres.

    Parameters
    ----------
    item_genres : pyarrow.Table
        ``item``, ``genre``: positions, those of genres in ``names``.
    names, fitted : sequence of str
        Genres of the films, and genres of the model.

    Returns
    -------
    pyarrow.Table
        ``item``, ``genre``: positions, those of genres in ``fitted``.

    Examples
    --------
    >>> pairs = pa.table({"item": [0, 0, 1], "genre": [0, 1, 1]})
    >>> genre_columns(pairs, ["Drama", "War"], ["Comedy", "War"]).to_pylist()
    [{'item': 0, 'genre': 1}, {'item': 1, 'genre': 1}]
    """
    names_of_rows = [names[genre] for genre in item_genres["genre"].to_pylist()]
    return _to_columns(item_genres["item"].to_numpy(), names_of_rows, fitted, "genre")


def period_columns(years: NDArray[np.float64], fitted: Sequence[str]) -> pa.Table:
    """Translate release years of films to their period's column in a fitted model.

    Parameters
    ----------
    years : ndarray of shape (I,)
        NaN where unknown.
    fitted : sequence of str
        Periods of the model; films of other periods are dropped.

    Returns
    -------
    pyarrow.Table
        ``item``, ``period``: positions, those of periods in ``fitted``.

    Examples
    --------
    >>> period_columns(np.array([1994.0, np.nan, 2001.0]), ["2000-2004"]).to_pylist()
    [{'item': 2, 'period': 0}]
    """
    pairs = item_periods(years)
    names_of_rows = [period_name(start) for start in pairs["period"].to_pylist()]
    return _to_columns(pairs["item"].to_numpy(), names_of_rows, fitted, "period")


def _to_columns(
    item: NDArray[np.int32], names_of_rows: Sequence[str], fitted: Sequence[str], kind: str
) -> pa.Table:
    column_of = {name: column for column, name in enumerate(fitted)}
    column = np.array([column_of.get(name, -1) for name in names_of_rows], dtype=np.int32)
    return pa.table({"item": item[column >= 0], kind: column[column >= 0]})
