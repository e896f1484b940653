"""Implicit feedback from ratings, and content rows, for the item model."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.data.ratings import Ratings, column_array

_YEARS = 5


def graded_feedback(rating: FloatArray, scale: RatingScale, grade: float) -> FloatArray:
    """Turn ratings into feedback: a rated item counts more the higher its rating.

    ``max(0, 1 - grade + grade * q)``, where q is 0 for the lowest rating of the scale and 1 for
    the highest. With a grade of 0 every rated item counts the same. With a grade of 1 feedback is
    proportional to q. With a grade above 1 the lowest ratings count like items not rated.

    Parameters
    ----------
    rating : ndarray of shape (N,)
        Ratings.
    scale : RatingScale
    grade : float

    Examples
    --------
    >>> graded_feedback(np.array([0.5, 2.75, 5.0]), RatingScale(), 1.2).round(3).tolist()
    [0.0, 0.4, 1.0]
    """
    # In place: each intermediate array of a large log would take hundreds of megabytes.
    values = np.asarray(rating - scale.minimum)
    values /= scale.maximum - scale.minimum
    values *= grade
    values += 1 - grade
    return np.maximum(values, 0.0, out=values)


def content_rows(ratings: Ratings) -> sp.csr_array:
    """Return rows of items with common content: a row per genre and five years, and per year.

    Rows of a single item are left out, since they connect no items, and rows of all items, since
    they distinguish none: such as the row of items without genres and years.

    Parameters
    ----------
    ratings : Ratings

    Returns
    -------
    rows : scipy.sparse.csr_array of shape (R, I)
        Ones where an item belongs to a row.
    """
    has_year = ~np.isnan(ratings.years)
    year = np.where(has_year, ratings.years, 0).astype(np.int64)
    pairs = ratings.item_genres
    item = column_array(pairs, "item")
    genre = column_array(pairs, "genre").astype(np.int64)
    span = year // _YEARS + 1
    by_genre = _rows(genre * (span.max(initial=0) + 1) + span[item], item, ratings.n_items)
    dated = np.flatnonzero(has_year)
    return sp.csr_array(sp.vstack([by_genre, _rows(year[dated], dated, ratings.n_items)]))


def _rows(key: NDArray[np.int64], item: NDArray[np.integer], n_items: int) -> sp.csr_array:
    _, row, sizes = np.unique(key, return_inverse=True, return_counts=True)
    shared = (sizes > 1) & (sizes < n_items)
    position = np.cumsum(shared) - 1
    kept = shared[row]
    entries = (np.ones(kept.sum()), (position[row[kept]], item[kept]))
    return sp.csr_array(entries, shape=(int(shared.sum()), n_items))
