"""Synchronised layers, compared with torch's own on the whole batch."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.schema import PEOPLE
from lacunar.traits.networks.build import build_network, network_state, place
from lacunar.traits.training import loop, sync_layers
from lacunar.traits.training.distributed import ProcessGroup
from lacunar.traits.training.sync_layers import GlobalBatchNorm, GlobalDropout, Share, share_layers


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
    monkeypatch.setattr(sync_layers, "add_up", lambda tensor: None)
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

    monkeypatch.setattr(sync_layers, "add_up", add_up)
    own = GlobalBatchNorm(copy.deepcopy(norm), Share(slice(0, 2), 5))
    torch.testing.assert_close(own(maps[:2]), norm(maps)[:2])
    torch.testing.assert_close(own.running_var, norm.running_var)


@pytest.mark.parametrize("kind", [nn.Dropout, nn.Dropout2d])
def test_dropout_of_own_rows_equals_that_of_one_process(
    maps: torch.Tensor, kind: type[nn.Dropout] | type[nn.Dropout2d]
) -> None:
    torch.manual_seed(3)
    expected = kind(0.4)(maps)
    for rows in (slice(0, 2), slice(2, 5), slice(5, 5)):
        torch.manual_seed(3)
        found = GlobalDropout(kind(0.4), Share(rows, 5))(maps[rows])
        assert torch.equal(found, expected[rows])


@pytest.mark.parametrize("network", ["stripes", "source"])
def test_replacing_layers_keeps_weights_names_and_outputs(network: str) -> None:
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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("network", ["stripes", "source"])
def test_dropout_of_one_process_equals_torch(network: str, dtype: torch.dtype) -> None:
    config = TraitsConfig(network=network, height=40, width=24, start="random", dropout=0.3)
    plain = build_network(config, PEOPLE, generator=torch.Generator().manual_seed(0)).to(dtype)
    place(plain, torch.device("cpu"))
    shared = copy.deepcopy(plain)
    share_layers(shared, Share(slice(0, 7), 7), several=False)
    kinds = {type(layer) for layer in shared.modules()}
    assert {nn.BatchNorm2d, GlobalDropout} <= kinds
    assert not kinds & {GlobalBatchNorm, nn.Dropout, nn.Dropout2d}
    images = torch.rand(7, 3, 40, 24, generator=torch.Generator().manual_seed(1), dtype=dtype)
    images = images.contiguous(memory_format=torch.channels_last)
    seen = []
    for each in (plain.train(), shared.train()):
        torch.manual_seed(3)
        answers = each(images)
        sum(answer.square().sum() for answer in answers).backward()
        seen.append([*answers, *(weights.grad for weights in each.parameters()), *each.buffers()])
    assert all(torch.equal(*pair) for pair in zip(*seen, strict=True))


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("preset", ["default", "source"])
def test_one_process_and_several_use_the_same_dropout_layers(
    preset: str,
    size: int,
    people_of_coats: LabelledImages,
    decoded_coats: ImageArray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built: list[nn.Module] = []

    def place_and_stop(network: nn.Module, device: torch.device) -> None:
        built.append(network)
        raise InterruptedError

    monkeypatch.setattr(loop, "place", place_and_stop)
    rows = np.arange(8)
    with pytest.raises(InterruptedError):
        loop.train_network(
            loop.TrainingData(decoded_coats, people_of_coats.labels, rows, rows),
            people_of_coats.schema,
            TraitsConfig.of_preset(preset, height=24, width=16, device="cpu"),
            processes=ProcessGroup(0, size),
        )
    kinds = {type(layer) for layer in built[0].modules()}
    assert GlobalDropout in kinds
    assert not kinds & {nn.Dropout, nn.Dropout2d}
    assert ({GlobalBatchNorm, nn.BatchNorm2d} & kinds) == {
        nn.BatchNorm2d if size == 1 else GlobalBatchNorm
    }


def test_normalisation_does_not_change_its_input(
    maps: torch.Tensor, norm: nn.BatchNorm2d, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_layers, "add_up", lambda tensor: None)
    before = maps.clone()
    GlobalBatchNorm(norm, Share(slice(0, 5), 5))(maps)
    assert torch.equal(maps, before)
