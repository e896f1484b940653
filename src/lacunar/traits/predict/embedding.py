"""Features of images as the networks of a model see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import StepProgress
from lacunar.traits.data.image_inputs import ImageInputs, listed_images
from lacunar.traits.predict.predictor import decoded

if TYPE_CHECKING:
    from lacunar.traits.predict.torch_predictor import TorchTraits


def embed_images(
    predictor: TorchTraits, images: ImageInputs, *, progress: StepProgress | None = None
) -> NDArray[np.float32]:
    """Compute the penultimate features of images; see :meth:`lacunar.TraitsModel.embed`."""
    listed = listed_images(images)
    found = [predictor.features(np.zeros((0, predictor.height, predictor.width, 3), np.uint8))]
    done = 0
    for blocks in decoded(predictor, listed):
        found += [predictor.features(block.pixels) for block in blocks]
        done += sum(len(block.pixels) for block in blocks)
        if progress:
            progress(done, len(listed))
    return np.concatenate(found)
