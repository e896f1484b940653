from __future__ import annotations

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.model import TraitsModel, predict_traits
from lacunar.traits.predict.onnx_export import check_images
from lacunar.traits.predict.torch_predictor import TorchTraits


def test_it_answers_as_the_model_does(people_model: TraitsModel) -> None:
    pixels = check_images(70, 40, 24)
    ready = TorchTraits(people_model)
    assert (ready.schema, ready.height, ready.width) == (people_model.schema, 40, 24)
    assert ready.thresholds == people_model.calibrator.thresholds
    assert ready.shares == people_model.shares
    for ours, theirs in zip(
        ready.probabilities(pixels),
        predict_traits(people_model, ImageArray("", pixels)),
        strict=True,
    ):
        assert ours.dtype == np.float64
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_an_unknown_device_is_refused(people_model: TraitsModel) -> None:
    with pytest.raises(InputError, match="device: expected auto, cpu"):
        TorchTraits(people_model.on_device("abacus"))
