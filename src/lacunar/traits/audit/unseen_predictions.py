"""Predictions for images that the networks were not trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.fingerprint import check_attributes
from lacunar.traits.model import TraitsModel, predict_traits
from lacunar.traits.predict.fitted_model import fitted_frames, load_frames


def out_of_fold_probabilities(
    model: TraitsModel, dataset: LabelledImages, *, cache_dir: Path | None = None
) -> list[NDArray[np.float64]]:
    """Compute out-of-fold probabilities of a model's training images.

    Parameters
    ----------
    model : TraitsModel
        A attributes of C_a classes.
    dataset : LabelledImages
        The N images that the model was fitted to.
    cache_dir : Path, optional
        See :func:`lacunar.traits.data.image_cache.default_cache_dir`.

    Returns
    -------
    list of A float64 arrays of shape (N, C_a)

    Raises
    ------
    InputError
        If the model was fitted to other data, or without folds.
    """
    if not model.config.folds:
        raise InputError(
            "expected a model fitted with folds, got one without predictions for held-out images"
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
    """Compute probabilities for an audit, each by networks not trained on the image.

    They are out of fold for training images, and from all networks for test images.

    Parameters
    ----------
    model : TraitsModel
    train : LabelledImages
        The data that the model was fitted to.
    test : LabelledImages, optional
        Other images.
    cache_dir : Path, optional
        See :func:`lacunar.traits.data.image_cache.default_cache_dir`.

    Returns
    -------
    train : list of A float64 arrays of shape (N_train, C_a)
    test : list of A float64 arrays of shape (N_test, C_a), or None

    Raises
    ------
    InputError
        See :func:`out_of_fold_probabilities`; also if PyTorch is missing and there are test images.
    """
    out_of_fold = out_of_fold_probabilities(model, train, cache_dir=cache_dir)
    if test is None:
        return out_of_fold, None
    check_attributes(model.schema, test)
    return out_of_fold, predict_traits(model, load_frames(test, model.config, cache_dir=cache_dir))
