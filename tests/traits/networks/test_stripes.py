from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from lacunar.traits.data.schema import PEOPLE, Schema
from lacunar.traits.networks.stripes import StripesNetwork, attend, shared_colours, stripe_means


@pytest.mark.parametrize(("height", "width"), [(96, 40), (100, 60), (17, 16), (33, 90)])
def test_every_frame_size_gives_logits_of_every_attribute(
    coats: Schema, height: int, width: int
) -> None:
    answers = StripesNetwork(coats).eval()(torch.rand(2, 3, height, width))
    assert [tuple(logits.shape) for logits in answers] == [(2, 3), (2, 2)]
    assert all(torch.isfinite(logits).all() for logits in answers)


def test_the_network_is_small() -> None:
    numbers = sum(weights.numel() for weights in StripesNetwork(PEOPLE).parameters())
    assert 4 * 5 * numbers < 8e6


def test_stripes_are_adaptive_means() -> None:
    for height in (6, 7, 12, 13, 25):
        maps = torch.rand(2, 3, height, 5)
        expected = functional.adaptive_avg_pool2d(maps, (6, 1)).squeeze(3)
        assert torch.allclose(stripe_means(maps, 6), expected, atol=1e-6)


def test_attention_is_a_weighted_mean() -> None:
    scores, values = torch.randn(2, 3, 4, 5), torch.rand(2, 20, 7)
    weights = np.exp(scores.numpy().reshape(2, 3, 20))
    weights /= weights.sum(axis=2, keepdims=True)
    expected = np.einsum("bap,bpf->baf", weights, values.numpy())
    assert np.allclose(attend(scores, values).numpy(), expected, atol=1e-6)


def test_colours_are_shared_between_the_nearest_levels() -> None:
    colour = torch.tensor([1.0, 0.5, 0.0])  # half way between levels 1 and 2 of green
    found = shared_colours(colour[None, :, None, None].expand(1, 3, 4, 4))[0, :, 0, 0]
    found = found.reshape(4, 4, 4)
    expected = torch.zeros(4, 4, 4)
    expected[3, 1, 0] = expected[3, 2, 0] = 0.5
    assert torch.allclose(found, expected, atol=1e-6)


def test_colours_of_every_position_sum_to_one() -> None:
    for height, width, columns in ((96, 40, 10), (17, 31, 8)):
        found = shared_colours(torch.rand(2, 3, height, width))
        assert found.shape == (2, 64, -(-height // 2), columns)
        assert torch.allclose(found.sum(dim=1), torch.ones(()), atol=1e-5)


def test_outer_columns_change_nothing() -> None:
    images = torch.rand(1, 3, 8, 16)
    painted = images.clone()
    painted[..., :4] = painted[..., -4:] = 1
    assert torch.equal(shared_colours(images), shared_colours(painted))


def test_a_seed_draws_the_same_weights(coats: Schema) -> None:
    one, same, other = (
        StripesNetwork(coats, generator=torch.Generator().manual_seed(seed)).state_dict()
        for seed in (1, 1, 2)
    )
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["heads.0.weight"], other["heads.0.weight"])
