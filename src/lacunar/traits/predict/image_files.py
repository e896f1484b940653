"""Attributes of image files that nobody has labelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lacunar.traits.data.image_sources import ImageFile
from lacunar.traits.environment import require_torch
from lacunar.traits.model import TraitsModel
from lacunar.traits.predict.predictor import Predictor, predict_images


def predict_files(
    model: TraitsModel | Predictor,
    files: Sequence[Path],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> list[NDArray[np.float64]]:
    """Probabilities of the classes of each attribute; nothing is kept on disk.

    Parameters
    ----------
    model : TraitsModel or Predictor
        A attributes of C_a classes.
    files : sequence of N Path
    progress : callable, optional
        Called with the images that are done and N.

    Returns
    -------
    list of A float64 arrays of shape (N, C_a)

    Raises
    ------
    InputError
        If PyTorch is missing for a TraitsModel, or with the first file that is no image.
    """
    predictor = _ready(model) if isinstance(model, TraitsModel) else model
    images = [ImageFile(str(file), file, str(file)) for file in files]
    empty = [np.empty((0, len(attribute.classes))) for attribute in predictor.schema.attributes]
    pieces = [
        answers.probabilities for answers in predict_images(predictor, images, progress=progress)
    ]
    return [np.concatenate(parts) for parts in zip(empty, *pieces, strict=True)]


def _ready(model: TraitsModel) -> Predictor:
    require_torch()
    from lacunar.traits.predict.torch_predictor import TorchTraits

    return TorchTraits(model)
