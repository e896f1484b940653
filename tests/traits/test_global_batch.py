"""Layers that see a whole batch, against torch's own on that batch."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from lacunar.traits import global_batch
from lacunar.traits.config import TraitsConfig
from lacunar.traits.global_batch import GlobalBatchNorm, GlobalDropout, Share, share_layers
from lacunar.traits.networks import build_network, network_state
from lacunar.traits.schema import PEOPLE


@pytest.fixture
def maps() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(5, 3, 4, 2, generator=generator, dtype=torch.float64) * 3 + 7


@pytest.fixture
def norm() -> nn.BatchNorm2d:
    layer = nn.BatchNorm2d(3, eps=1e-3, momentum=0.01).double()
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([0.5, -1.0, 2.0]))
        layer.bias.copy_(torch.tensor([1.0, 0.0, -3.0]))
    return layer


def test_a_whole_batch_is_normalised_as_by_torch(
    maps: torch.Tensor, norm: nn.BatchNorm2d, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(global_batch, "add_up", lambda tensor: None)
    own = GlobalBatchNorm(copy.deepcopy(norm), Share(slice(0, 5), 5))
    pull = torch.arange(maps.numel(), dtype=torch.float64).reshape(maps.shape).sin()
    seen = []
    for layer in (norm, own):
        given = maps.clone().requires_grad_()
        output = layer(given)
        (output * pull).sum().backward()
        gradients = [given.grad, layer.weight.grad, layer.bias.grad]
        seen.append([output, *gradients, layer.running_mean, layer.running_var])
    for expected, found in zip(*seen, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


def test_sums_of_other_processes_count(
    maps: torch.Tensor, norm: nn.BatchNorm2d, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = maps[2:]

    def add_up(sums: torch.Tensor) -> None:
        sums += torch.stack([others.sum((0, 2, 3)), others.square().sum((0, 2, 3))])

    monkeypatch.setattr(global_batch, "add_up", add_up)
    own = GlobalBatchNorm(copy.deepcopy(norm), Share(slice(0, 2), 5))
    torch.testing.assert_close(own(maps[:2]), norm(maps)[:2])
    torch.testing.assert_close(own.running_var, norm.running_var)


@pytest.mark.parametrize("kind", [nn.Dropout, nn.Dropout2d])
def test_own_rows_lose_what_one_process_would_drop(
    maps: torch.Tensor, kind: type[nn.Dropout] | type[nn.Dropout2d]
) -> None:
    torch.manual_seed(3)
    expected = kind(0.4)(maps)
    for rows in (slice(0, 2), slice(2, 5), slice(5, 5)):
        torch.manual_seed(3)
        found = GlobalDropout(kind(0.4), Share(rows, 5))(maps[rows])
        assert torch.equal(found, expected[rows])


@pytest.mark.parametrize("network", ["stripes", "source"])
def test_a_network_keeps_its_weights_their_names_and_its_answers(network: str) -> None:
    config = TraitsConfig(network=network, height=24, width=16, start="random")
    plain = build_network(config, PEOPLE, generator=torch.Generator().manual_seed(0)).eval()
    shared = copy.deepcopy(plain)
    share_layers(shared, Share(slice(0, 0), 0))
    kinds = {type(layer) for layer in shared.modules()}
    assert {GlobalBatchNorm, GlobalDropout} <= kinds
    assert not kinds & {nn.BatchNorm2d, nn.Dropout, nn.Dropout2d}
    expected, found = network_state(plain), network_state(shared)
    assert list(found) == list(expected)
    assert all(np.array_equal(found[name], expected[name]) for name in expected)
    images = torch.rand(2, 3, 24, 16, generator=torch.Generator().manual_seed(1))
    for one, other in zip(plain(images), shared.eval()(images), strict=True):
        assert torch.equal(one, other)
