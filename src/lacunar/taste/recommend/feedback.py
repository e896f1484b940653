"""What a rating says to the item model, and what a film says of itself."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lacunar.aliases import FloatArray
from lacunar.taste.data.rating_scale import RatingScale
from lacunar.taste.data.ratings import Ratings

_YEARS = 5


def graded_feedback(rating: FloatArray, scale: RatingScale, grade: float) -> FloatArray:
    """Feedback that a film was seen, higher the better it was liked.

    ``max(0, 1 - grade + grade * q)``, where q is 0 for the scale's lowest rating and 1 for its
    highest: a grade of 0 counts that a film was seen and nothing else, a grade of 1 counts the
    rating alone, and one above 1 takes the lowest ratings as no better than not seen.

    Parameters
    ----------
    rating : ndarray of shape (N,)
        Stars.
    scale : RatingScale
    grade : float

    Examples
    --------
    >>> graded_feedback(np.array([0.5, 2.75, 5.0]), RatingScale(), 1.2).round(3).tolist()
    [0.0, 0.4, 1.0]
    """
    # In place: of a large log each intermediate array would take hundreds of megabytes.
    values = np.asarray(rating - scale.minimum)
    values /= scale.maximum - scale.minimum
    values *= grade
    values += 1 - grade
    return np.maximum(values, 0.0, out=values)


def content_rows(ratings: Ratings) -> sp.csr_array:
    """What films have in common whoever rates them: a row per genre in five years, and per year.

    Rows of a single film are left out: they tie nothing together.

    Parameters
    ----------
    ratings : Ratings

    Returns
    -------
    rows : scipy.sparse.csr_array of shape (R, I)
        Ones.
    """
    has_year = ~np.isnan(ratings.years)
    year = np.where(has_year, ratings.years, 0).astype(np.int64)
    pairs = ratings.item_genres
    item, genre = pairs["item"].to_numpy(), pairs["genre"].to_numpy().astype(np.int64)
    span = year // _YEARS + 1
    by_genre = _rows(genre * (span.max(initial=0) + 1) + span[item], item, ratings.n_items)
    dated = np.flatnonzero(has_year)
    return sp.csr_array(sp.vstack([by_genre, _rows(year[dated], dated, ratings.n_items)]))


def _rows(key: NDArray[np.int64], item: NDArray[np.integer], n_items: int) -> sp.csr_array:
    _, row, sizes = np.unique(key, return_inverse=True, return_counts=True)
    shared = sizes > 1
    place = np.cumsum(shared) - 1
    kept = shared[row]
    entries = (np.ones(kept.sum()), (place[row[kept]], item[kept]))
    return sp.csr_array(entries, shape=(int(shared.sum()), n_items))
