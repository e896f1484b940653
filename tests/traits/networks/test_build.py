from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from lacunar.errors import InputError
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.schema import PEOPLE, Attribute, Schema
from lacunar.traits.networks.build import build_network, load_state, network_state, restore_networks
from lacunar.traits.networks.source import SharedDenseNetwork, SourceNetwork


def weights(network: torch.nn.Module) -> int:
    return sum(tensor.numel() for tensor in network.parameters())


def test_the_network_has_as_many_weights_as_the_source_report_says() -> None:
    network = SourceNetwork(PEOPLE)
    statistics = sum(
        tensor.numel() for name, tensor in network.named_buffers() if "running" in name
    )
    assert weights(network) == 8_340_630
    assert weights(network) + statistics == 8_340_870


def test_every_attribute_has_logits_of_its_classes(coats: Schema) -> None:
    network = SourceNetwork(coats, height=32, width=17)
    logits = network(torch.zeros(5, 3, 32, 17))
    assert [output.shape for output in logits] == [(5, 3), (5, 2)]


@pytest.mark.parametrize("network", ["stripes", "source", "shared-dense"])
def test_every_network_names_the_layer_of_its_last_maps(network: str) -> None:
    built = build_network(TraitsConfig(network=network, height=48, width=24), PEOPLE).eval()
    caught: list[torch.Tensor] = []
    built.last_maps.register_forward_hook(lambda _module, _inputs, output: caught.append(output))
    built(torch.zeros(2, 3, 48, 24))
    assert [tuple(maps.shape) for maps in caught] == [(2, 64, 6, 3)]


def test_related_attributes_share_their_dense_layer() -> None:
    shared, own = SharedDenseNetwork(PEOPLE), SourceNetwork(PEOPLE)
    assert shared.layer_of == (0, 1, 1, 2, 2, 3)
    assert own.layer_of == (0, 1, 2, 3, 4, 5)
    assert weights(own) - weights(shared) == 2 * (5376 + 1) * 256


def test_sharing_does_not_depend_on_the_order_of_attributes() -> None:
    names = ("a", "b", "c", "d")
    schema = Schema(
        tuple(Attribute(name, ("no", "yes")) for name in names),
        image_column="file",
        related=(("d", "a"), ("c", "b")),
    )
    assert SharedDenseNetwork(schema).layer_of == (0, 1, 1, 0)


def test_sharing_needs_related_attributes(coats: Schema) -> None:
    with pytest.raises(InputError, match="with related attributes"):
        build_network(TraitsConfig(network="shared-dense"), coats)


def test_weights_start_glorot_uniform_and_biases_zero() -> None:
    network = SourceNetwork(PEOPLE, generator=torch.Generator().manual_seed(0))
    dense, conv = network.dense[0].linear, network.blocks.block2.conv1
    for layer, limit in (
        (dense, math.sqrt(6 / (5376 + 256))),
        (conv, math.sqrt(6 / (9 * 8 + 9 * 16))),
    ):
        assert layer.weight.abs().max().item() == pytest.approx(limit, rel=0.01)
        assert layer.weight.abs().max().item() <= limit
        assert layer.weight.std().item() == pytest.approx(limit / math.sqrt(3), rel=0.03)
        assert not layer.bias.any()


def test_a_seed_draws_the_same_weights(coats: Schema, small_config: TraitsConfig) -> None:
    def state(seed: int) -> dict[str, np.ndarray]:
        generator = torch.Generator().manual_seed(seed)
        return network_state(build_network(small_config, coats, generator=generator))

    one, same, other = state(1), state(1), state(2)
    assert all(np.array_equal(one[name], same[name]) for name in one)
    assert not np.array_equal(one["heads.0.weight"], other["heads.0.weight"])


def test_a_restored_network_answers_the_same(coats: Schema, small_config: TraitsConfig) -> None:
    network = build_network(small_config, coats)
    images = torch.rand(3, 3, 24, 16)
    network(images)  # moves the running statistics
    restored = restore_networks(small_config, coats, [network_state(network)])
    expected, found = network.eval()(images), restored(images)
    for left, right in zip(expected, found, strict=True):
        assert torch.allclose(left.softmax(dim=1), right.exp(), atol=1e-6)


def test_building_a_network_draws_nothing_from_the_global_generator(
    coats: Schema, small_config: TraitsConfig
) -> None:
    before = torch.get_rng_state()
    build_network(small_config, coats, generator=torch.Generator())
    assert torch.equal(torch.get_rng_state(), before)


def test_read_only_weights_can_be_loaded(coats: Schema, small_config: TraitsConfig) -> None:
    state = network_state(build_network(small_config, coats))
    for array in state.values():
        array.flags.writeable = False
    restore_networks(small_config, coats, [state])


def test_a_state_holds_arrays_of_numbers_only(coats: Schema, small_config: TraitsConfig) -> None:
    state = network_state(build_network(small_config, coats))
    for array in state.values():
        assert array.dtype == np.float32
        assert array.ndim > 0
        assert array.flags.c_contiguous


def test_a_state_is_a_copy(coats: Schema, small_config: TraitsConfig) -> None:
    network = build_network(small_config, coats)
    state = network_state(network)
    before = state["heads.0.weight"].copy()
    with torch.no_grad():
        network.heads[0].weight += 1
    assert np.array_equal(state["heads.0.weight"], before)


def test_the_weights_of_another_network_are_refused(
    coats: Schema, small_config: TraitsConfig
) -> None:
    state = network_state(build_network(small_config, PEOPLE))
    with pytest.raises(InputError, match="weights of this network"):
        load_state(build_network(small_config, coats), state)
