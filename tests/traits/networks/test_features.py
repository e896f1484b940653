from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.schema import Schema
from lacunar.traits.networks.build import build_network
from lacunar.traits.networks.ensemble import Ensemble
from lacunar.traits.networks.features import ensemble_features, network_features

IMAGES = torch.rand(3, 3, 24, 16, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def two(coats: Schema) -> Schema:
    return Schema(coats.attributes, image_column="file", related=(("coat", "hat"),))


def network(schema: Schema, **settings: object) -> nn.Module:
    config = TraitsConfig.model_validate({"height": 24, "width": 16, "filters": 4} | settings)
    built = build_network(config, schema, generator=torch.Generator().manual_seed(1)).eval()
    for weights in built.parameters():
        nn.init.normal_(weights, std=0.1, generator=torch.Generator().manual_seed(2))
    return built


@pytest.mark.parametrize("colours", [False, True])
def test_the_last_layers_of_stripes_make_its_logits_of_the_features(
    two: Schema, colours: bool
) -> None:
    built = network(two, colours=colours)
    with torch.no_grad():
        features, logits = network_features(built, IMAGES), built(IMAGES)
        assert features.shape == (3, 2 * (32 + 16) + 512 * colours)
        for position, output in enumerate(logits):
            own = features[:, position * 48 : (position + 1) * 48]
            expected = built.heads[position](own)
            if colours:
                expected = expected + built.colour_heads[position](features[:, 96:])
            torch.testing.assert_close(output, expected)


@pytest.mark.parametrize(("kind", "size"), [("source", 512), ("shared-dense", 256)])
def test_the_last_layers_of_source_make_its_logits_of_the_features(
    two: Schema, kind: str, size: int
) -> None:
    built = network(two, network=kind)
    with torch.no_grad():
        features, logits = network_features(built, IMAGES), built(IMAGES)
        assert features.shape == (3, size)
        for head, own, output in zip(
            built.heads, (features[:, :256], features[:, -256:]), logits, strict=True
        ):
            torch.testing.assert_close(output, head(own))


def test_an_ensemble_has_the_mean_over_mirror_images_of_every_network(two: Schema) -> None:
    first, second = network(two), network(two, colours=False)
    with torch.no_grad():
        found = ensemble_features(Ensemble([first, second], mirror=True).eval(), IMAGES)
        means = [
            (network_features(one, IMAGES) + network_features(one, IMAGES.flip(3))) / 2
            for one in (first, second)
        ]
        torch.testing.assert_close(found, torch.cat(means, dim=1))
        plain = ensemble_features(Ensemble([first], mirror=False).eval(), IMAGES)
        torch.testing.assert_close(plain, network_features(first, IMAGES))


def test_threads_get_the_features_of_their_own_images(two: Schema) -> None:
    built = network(two)
    with torch.no_grad():
        expected = [network_features(built, image[None]) for image in IMAGES]
        with ThreadPoolExecutor(3) as pool:
            found = list(
                pool.map(lambda k: network_features(built, IMAGES[k % 3][None]), range(60))
            )
    for k, features in enumerate(found):
        torch.testing.assert_close(features, expected[k % 3])
    assert not any(head._forward_pre_hooks for head in built.modules())
