from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import log_softmax

from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.networks.build import build_network
from lacunar.traits.networks.inference import predict_logits, probabilities
from lacunar.traits.networks.source import SourceNetwork


@pytest.fixture
def network(people_of_coats: LabelledImages, small_config: TraitsConfig) -> SourceNetwork:
    return build_network(
        small_config, people_of_coats.schema, generator=torch.Generator().manual_seed(0)
    )


def test_every_image_has_logits_in_its_place(
    network: SourceNetwork, decoded_coats: ImageArray
) -> None:
    whole = predict_logits(network, decoded_coats)
    assert [output.shape for output in whole] == [(48, 3), (48, 2)]
    rows = np.array([40, 3, 3, 17])
    for some, all_of_them in zip(predict_logits(network, decoded_coats, rows), whole, strict=True):
        assert np.allclose(some, all_of_them[rows], atol=1e-5)


def test_the_size_of_batches_does_not_matter(
    network: SourceNetwork, decoded_coats: ImageArray
) -> None:
    whole = predict_logits(network, decoded_coats)
    for output, expected in zip(
        predict_logits(network, decoded_coats, batch=7), whole, strict=True
    ):
        assert np.allclose(output, expected, atol=1e-5)


def test_prediction_uses_no_dropout_and_restores_the_mode(
    network: SourceNetwork, decoded_coats: ImageArray
) -> None:
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    first, second = (predict_logits(network, decoded_coats) for _ in range(2))
    assert all(np.array_equal(*pair) for pair in zip(first, second, strict=True))
    assert network.training
    assert all(torch.equal(before[name], now) for name, now in network.state_dict().items())


def test_probabilities_are_the_softmax_of_logits() -> None:
    logits = np.random.default_rng(0).normal(0, 20, (9, 4))
    (found,) = probabilities([logits])
    assert found.dtype == np.float64
    assert np.allclose(found.sum(axis=1), 1)
    assert np.allclose(np.log(found), log_softmax(logits, axis=1))
