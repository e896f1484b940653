"""Arrays of an EASE item model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lacunar.taste.data.ratings import Ratings
from lacunar.taste.recommend.ease import DualEase, EaseModel, PrimalEase
from lacunar.taste.recommend.personal import PersonalOptions, design_rows

Arrays = dict[str, NDArray[Any]]


def item_model_arrays(model: EaseModel) -> Arrays:
    """Arrays to save of an item model; its rows of feedback follow from the ratings."""
    if isinstance(model, DualEase):
        return {"item_inverse": model.inverse, "item_unexplained": model.unexplained}
    if isinstance(model.matrix, np.ndarray):
        return {"item_positions": model.items, "item_weights": model.matrix}
    return {
        "item_positions": model.items,
        "item_weights": model.matrix.data,
        "item_targets": model.matrix.indices,
        "item_sources": model.matrix.indptr,
    }


def read_item_model(
    arrays: Mapping[str, NDArray[Any]], ratings: Ratings, options: PersonalOptions
) -> EaseModel:
    """Rebuild an item model from the arrays of :func:`item_model_arrays`.

    Raises
    ------
    KeyError
        If an array is missing.
    """
    if "item_inverse" in arrays:
        rows = design_rows(ratings, options)
        return DualEase(rows, arrays["item_inverse"], arrays["item_unexplained"])
    items, weights = arrays["item_positions"], arrays["item_weights"]
    if "item_sources" not in arrays:
        return PrimalEase(ratings.n_items, items, weights)
    parts = (weights, arrays["item_targets"], arrays["item_sources"])
    matrix = sp.csr_array(parts, shape=(len(items), len(items)))
    return PrimalEase(ratings.n_items, items, matrix)
