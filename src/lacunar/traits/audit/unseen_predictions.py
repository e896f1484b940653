"""Predictions of images by networks that have not seen them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.fingerprint import check_attributes
from lacunar.traits.model import TraitsModel, fitted_frames, load_frames, predict_traits


def out_of_fold_probabilities(
    model: TraitsModel, dataset: LabelledImages, *, cache_dir: Path | None = None
) -> list[NDArray[np.float64]]:
    """Calibrated probabilities of the images a model was fitted to, each by networks without it.

    Parameters
    ----------
    model : TraitsModel
        A attributes of C_a classes.
    dataset : LabelledImages
        What the model was fitted to, N images.
    cache_dir : Path, optional
        See :func:`lacunar.traits.data.image_cache.default_cache_dir`.

    Returns
    -------
    list of A float64 arrays of shape (N, C_a)

    Raises
    ------
    InputError
        If the data are not those the model was fitted to, or it holds no such predictions.
    """
    if not model.config.folds:
        raise InputError(
            "expected a model that was fitted in folds, got one without predictions of images"
            " that it was not fitted to"
        )
    fitted_frames(model, dataset, cache_dir=cache_dir)
    return model.out_of_fold.calibrated(dataset.labels)


def unseen_probabilities(
    model: TraitsModel,
    train: LabelledImages,
    test: LabelledImages | None = None,
    *,
    cache_dir: Path | None = None,
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]] | None]:
    """Calibrated probabilities of both parts, of images as those who answer them never saw them.

    Parameters
    ----------
    model : TraitsModel
    train : LabelledImages
        What the model was fitted to.
    test : LabelledImages, optional
        Answered by all networks.
    cache_dir : Path, optional
        See :func:`lacunar.traits.data.image_cache.default_cache_dir`.

    Raises
    ------
    InputError
        See :func:`out_of_fold_probabilities`, or if there are test images and PyTorch is missing.
    """
    found = out_of_fold_probabilities(model, train, cache_dir=cache_dir)
    if test is None:
        return found, None
    check_attributes(model.schema, test)
    return found, predict_traits(model, load_frames(test, model.config, cache_dir=cache_dir))
