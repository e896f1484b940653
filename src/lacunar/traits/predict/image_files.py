"""Predictions for image files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import AnyPath, StepProgress
from lacunar.traits.data.image_sources import ImageFile
from lacunar.traits.environment import require_torch
from lacunar.traits.model import TraitsModel
from lacunar.traits.predict.predictor import Predictor, predict_images


def predict_files(
    model: TraitsModel | Predictor,
    files: AnyPath | Sequence[AnyPath],
    *,
    progress: StepProgress | None = None,
) -> list[NDArray[np.float64]]:
    """Predict the class probabilities of each attribute of image files.

    Images are decoded while the networks compute, and are not cached on disk.

    Parameters
    ----------
    model : TraitsModel or Predictor
        A attributes of C_a classes. A predictor is a
        :class:`lacunar.traits.predict.onnx_predictor.OnnxTraits`, or another object with the
        methods of :class:`lacunar.traits.predict.predictor.Predictor`.
    files : path or sequence of N paths
        JPEG, PNG, WEBP or BMP files.
    progress : callable, optional
        Called with the number of images done and N.

    Returns
    -------
    list of A float64 arrays of shape (N, C_a)
        Calibrated probabilities; each row adds up to 1. The columns are
        ``model.schema.attributes[a].classes``.

    Raises
    ------
    InputError
        If PyTorch is missing for a TraitsModel, or for the first file that is not an image.

    Examples
    --------
    A small data set of drawn people, and one epoch of training:

    >>> import tempfile
    >>> from lacunar import TraitsConfig, fit_traits, read_dataset
    >>> from lacunar.datasets import sample_people, write_people
    >>> config = TraitsConfig(height=40, width=24, folds=0, max_epochs=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_people(sample_people(n_train=12, n_test=4), Path(folder))
    ...     train, test = read_dataset(folder), read_dataset(folder, part="test")
    ...     model = fit_traits(train, config, cache_dir=Path(folder, "cache"))
    ...     probabilities = predict_files(model, test.paths)
    >>> model.schema.names[2], probabilities[2].shape
    ('torso_colour', (4, 11))
    """
    predictor = _ready(model) if isinstance(model, TraitsModel) else model
    listed = [files] if isinstance(files, str | os.PathLike) else files
    images = [ImageFile(str(file), Path(file), str(file)) for file in listed]
    empty = [np.empty((0, len(attribute.classes))) for attribute in predictor.schema.attributes]
    batches = [
        answers.probabilities for answers in predict_images(predictor, images, progress=progress)
    ]
    return [np.concatenate(outputs) for outputs in zip(empty, *batches, strict=True)]


def _ready(model: TraitsModel) -> Predictor:
    require_torch()
    from lacunar.traits.predict.torch_predictor import TorchTraits

    return TorchTraits(model)
