"""Probabilities for image files and images in memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import StepProgress
from lacunar.traits.data.image_inputs import ImageInputs, listed_images
from lacunar.traits.environment import require_torch
from lacunar.traits.predict.fitted_model import FittedModel
from lacunar.traits.predict.predictor import Predictor, predict_images


def predict_files(
    model: FittedModel | Predictor,
    files: ImageInputs,
    *,
    progress: StepProgress | None = None,
) -> list[NDArray[np.float64]]:
    """Predict the class probabilities of each attribute of images.

    Images are decoded while the networks compute, and are not cached on disk.

    Parameters
    ----------
    model : TraitsModel or Predictor
        A attributes of C_a classes. A predictor is a
        :class:`lacunar.traits.predict.onnx_predictor.OnnxTraits`, or another object with the
        methods of :class:`lacunar.traits.predict.predictor.Predictor`.
    files : image, or iterable of N images
        Paths of JPEG, PNG, WEBP or BMP files or of folders of such files; or Pillow images, uint8
        arrays of shape (H, W, 3) or (H, W), or the contents of files as bytes.
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
        If PyTorch is missing for a TraitsModel, or for the first input that is not an image.

    Examples
    --------
    A small data set of drawn people, and one epoch of training:

    >>> import tempfile
    >>> from pathlib import Path
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
    predictor = as_predictor(model)
    images = listed_images(files)
    empty = [np.empty((0, len(attribute.classes))) for attribute in predictor.schema.attributes]
    batches = [
        answers.probabilities for answers in predict_images(predictor, images, progress=progress)
    ]
    return [np.concatenate(outputs) for outputs in zip(empty, *batches, strict=True)]


def as_predictor(model: FittedModel | Predictor) -> Predictor:
    """Restore the networks of a model; return a predictor as it is.

    Raises
    ------
    InputError
        If PyTorch is missing for a model.
    """
    if not isinstance(model, FittedModel):
        return model
    require_torch()
    from lacunar.traits.predict.torch_predictor import TorchTraits

    return TorchTraits(model)
