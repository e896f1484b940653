from __future__ import annotations

import torch
from torch import nn

from lacunar.traits.data.schema import Schema
from lacunar.traits.networks.ensemble import Ensemble, mean_log_probabilities
from lacunar.traits.networks.stripes import StripesNetwork


def test_probabilities_are_means_over_networks_and_mirrors(coats: Schema) -> None:
    networks: list[nn.Module] = [StripesNetwork(coats).eval() for _ in range(3)]
    images = torch.rand(4, 3, 24, 16)
    found = Ensemble(networks, mirror=True).eval()(images)
    for output, logits in enumerate(found):
        views = [
            network(view)[output].softmax(dim=1)
            for network in networks
            for view in (images, images.flip(3))
        ]
        assert torch.allclose(logits.exp(), torch.stack(views).mean(dim=0), atol=1e-6)


def test_a_mirrored_image_has_the_same_answer(coats: Schema) -> None:
    ensemble = Ensemble([StripesNetwork(coats)], mirror=True).eval()
    images = torch.rand(2, 3, 24, 16)
    for one, other in zip(ensemble(images), ensemble(images.flip(3)), strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_one_network_alone_keeps_its_probabilities(coats: Schema) -> None:
    network = StripesNetwork(coats).eval()
    images = torch.rand(2, 3, 24, 16)
    found = Ensemble([network], mirror=False)(images)
    for one, other in zip(found, network(images), strict=True):
        assert torch.allclose(one.exp(), other.softmax(dim=1), atol=1e-6)


def test_extreme_logits_stay_finite() -> None:
    mean = mean_log_probabilities([torch.tensor([[900.0, 0.0]]), torch.tensor([[900.0, 0.0]])])
    assert mean[0, 0] == 0
    assert mean[0, 1] == -900
