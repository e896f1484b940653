from __future__ import annotations

import numpy as np
import torch

from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.image_cache import load_images
from lacunar.traits.model import TraitsModel
from lacunar.traits.networks.device import as_images
from lacunar.traits.networks.features import ensemble_features


def test_features_are_those_of_the_decoded_images(
    people_model: TraitsModel, people: LabelledImages
) -> None:
    told: list[tuple[int, int]] = []
    found = people_model.embed(people.paths, progress=lambda *step: told.append(step))
    pixels = load_images(people, height=40, width=24).read(np.arange(len(people)))
    with torch.no_grad():
        expected = ensemble_features(
            people_model.network.network, as_images(pixels, torch.device("cpu"))
        ).numpy()
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    assert told[-1] == (len(people), len(people))
    assert people_model.embed([]).shape == (0, found.shape[1])
