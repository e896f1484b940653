"""Maps of networks whose reasons are known: blanking what is shown must cost them the answer."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.schema import Schema
from lacunar.traits.networks.build import build_network
from lacunar.traits.networks.ensemble import Ensemble
from lacunar.traits.predict.activation_maps import ensemble_maps

HEIGHT, WIDTH, SPOT = 32, 24, 8


class Small(nn.Module):
    """Two answers: the colour of a spot, and noise that nobody can learn."""

    def __init__(self, *, pooled: bool) -> None:
        super().__init__()
        self.maps = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1),
            nn.BatchNorm2d(8),
            nn.ReLU(inplace=True),
            nn.Conv2d(8, 12, 3, 2, 1),
        )
        self.after = nn.ReLU(inplace=True)
        self.pool = nn.AdaptiveAvgPool2d(1) if pooled else nn.Identity()
        features = 12 if pooled else 12 * (HEIGHT // 4) * (WIDTH // 4)
        self.heads = nn.ModuleList([nn.Linear(features, 3), nn.Linear(features, 2)])

    @property
    def last_maps(self) -> nn.Module:
        return self.maps

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        features = self.pool(self.after(self.maps(images))).flatten(1)
        return tuple(head(features) for head in self.heads)


class Pooled(nn.Module):
    """Maps, their means, a linear answer: what Grad-CAM was made for."""

    def __init__(self, *, classes: int = 4) -> None:
        super().__init__()
        self.maps = nn.Conv2d(3, 5, 3)
        self.head = nn.Linear(5, classes)

    @property
    def last_maps(self) -> nn.Module:
        return self.maps

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return (self.head(self.maps(images).mean(dim=(2, 3))),)


def maps_of(network: nn.Module, images: Tensor) -> list[NDArray[np.float32]]:
    """Maps of one network without its mirror image."""
    return ensemble_maps(Ensemble([network], mirror=False), images)[1]


def grad_cam(maps: Tensor, weights: Tensor, size: tuple[int, int]) -> Tensor:
    """Maps (B, K, h, w) weighted by (B, K), what is below 0 left out, spread, scaled to 1."""
    weighted = torch.einsum("bchw,bc->bhw", maps, weights).relu()
    large = functional.interpolate(weighted[:, None], size=size, mode="bilinear")[:, 0]
    return large / large.amax(dim=(1, 2), keepdim=True).clamp_min(1e-12)


def spots(n: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Images with a red, green or blue spot somewhere, its colour and its place."""
    generator = torch.Generator().manual_seed(seed)
    images = 0.3 * torch.rand(n, 3, HEIGHT, WIDTH, generator=generator)
    colours = torch.randint(3, (n,), generator=generator)
    places = torch.zeros(n, HEIGHT, WIDTH, dtype=torch.bool)
    for image, colour, place in zip(images, colours.tolist(), places, strict=True):
        top = int(torch.randint(HEIGHT - SPOT, (1,), generator=generator))
        left = int(torch.randint(WIDTH - SPOT, (1,), generator=generator))
        place[top : top + SPOT, left : left + SPOT] = True
        image[colour, place] += 0.7
    return images, colours, places


@pytest.fixture(scope="module", params=[True, False], ids=["pooled", "flattened"])
def network(request: pytest.FixtureRequest) -> Small:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Small(pooled=request.param)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    images, colours, _ = spots(240, seed=1)
    for step in range(90):
        rows = torch.arange(40) + 40 * (step % 6)
        loss = functional.cross_entropy(network(images[rows])[0], colours[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.eval()


def blanked(network: Small, images: Tensor, places: Tensor) -> Tensor:
    """How much the logit of the first answer falls when places are blanked with the mean."""
    with torch.inference_mode():
        before = network(images)[0]
        colour = images.mean(dim=(2, 3), keepdim=True)
        after = network(torch.where(places[:, None], colour, images))[0]
    answer = before.argmax(dim=1, keepdim=True)
    return (before - after).gather(1, answer)[:, 0]


def test_blanking_what_is_shown_costs_more_than_blanking_as_much_elsewhere(network: Small) -> None:
    images, colours, _ = spots(40, seed=2)
    assert (network(images)[0].argmax(dim=1) == colours).float().mean() > 0.9
    shown = torch.from_numpy(maps_of(network, images)[0])
    order = shown.flatten(1).argsort(dim=1, descending=True)
    highest = torch.zeros_like(order, dtype=torch.bool)
    highest.scatter_(1, order[:, : SPOT * SPOT], True)
    _, _, anywhere = spots(40, seed=3)
    fall = blanked(network, images, highest.view_as(anywhere))
    chance = blanked(network, images, anywhere)
    assert (fall > chance).float().mean() > 0.8
    assert fall.mean() > 3 * chance.mean()


def test_the_highest_place_lies_on_or_beside_the_spot(network: Small) -> None:
    images, _, places = spots(40, seed=4)
    shown = maps_of(network, images)[0]
    near = functional.max_pool2d(places[:, None].float(), 9, 1, 4)[:, 0].numpy() > 0
    highest = shown.reshape(40, -1).argmax(axis=1)
    assert near.reshape(40, -1)[np.arange(40), highest].mean() > 0.9


def test_maps_have_the_size_of_the_images_and_go_up_to_one(network: Small) -> None:
    images, _, _ = spots(3, seed=5)
    found = maps_of(network, images)
    assert [one.shape for one in found] == [(3, HEIGHT, WIDTH)] * 2
    for one in found:
        assert one.dtype == np.float32
        assert one.min() >= 0
        assert set(one.max(axis=(1, 2)).round(6).tolist()) <= {0.0, 1.0}


def test_an_image_is_explained_alike_alone_and_among_others(network: Small) -> None:
    images, _, _ = spots(4, seed=6)
    together = maps_of(network, images)[0]
    alone = maps_of(network, images[2:3])[0]
    assert alone[0] == pytest.approx(together[2], abs=1e-5)


def test_behind_average_pooling_it_is_grad_cam() -> None:
    network, images = Pooled(), torch.rand(3, 3, 10, 10)
    (found,) = maps_of(network, images)
    with torch.inference_mode():
        maps, answers = network.maps(images), network(images)[0].argmax(dim=1)
        # The gradient of a logit by a map's mean is the weight of the head.
        weights = network.head.weight[answers] - network.head.weight.mean(dim=0)
        expected = grad_cam(maps, weights, (10, 10))
    assert np.allclose(found, expected.numpy(), atol=1e-5)


@pytest.mark.parametrize("mirror", [False, True])
def test_an_ensemble_has_the_map_of_its_mean_logit_over_the_mean_of_the_classes(
    mirror: bool,
) -> None:
    networks = [Pooled(), Pooled(), Pooled()]
    ensemble, images = Ensemble(networks, mirror=mirror), torch.rand(3, 3, 10, 10)
    _, (found,) = ensemble_maps(ensemble, images)
    views = (images, images.flip(3)) if mirror else (images,)
    with torch.inference_mode():
        answers = ensemble(images)[0].argmax(dim=1)
        shares = []
        for network in networks:
            # Of all classes the ensemble's, also where a network's own answer is another.
            weights = network.head.weight[answers] - network.head.weight.mean(dim=0)
            for view, turned in zip(views, (False, True), strict=False):
                share = network.maps(view) * weights[:, :, None, None]
                shares.append(share.flip(3) if turned else share)
        mean = torch.stack(shares).mean(dim=0)
        expected = grad_cam(mean, torch.ones(mean.shape[:2]), (10, 10))
    assert np.allclose(found, expected.numpy(), atol=1e-5)


def test_a_constant_on_all_logits_changes_no_probability_and_no_map() -> None:
    network, images = Pooled(classes=2), torch.rand(3, 3, 10, 10)
    before = maps_of(network, images)[0]
    with torch.no_grad():
        network.head.weight += torch.randn(5)
    after = maps_of(network, images)[0]
    assert np.allclose(before, after, atol=1e-4)


@pytest.mark.parametrize("kind", ["stripes", "source"])
def test_a_mirrored_image_has_the_mirrored_map(kind: str, coats: Schema) -> None:
    config = TraitsConfig(network=kind, height=24, width=16)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        networks = [build_network(config, coats) for _ in range(2)]
    ensemble = Ensemble(networks, mirror=True).eval()
    images = torch.rand(3, 3, 24, 16)
    _, found = ensemble_maps(ensemble, images)
    assert [one.shape for one in found] == [(3, 24, 16)] * 2
    assert all(one.any(axis=(1, 2)).all() for one in found)
    for one, other in zip(found, ensemble_maps(ensemble, images.flip(3))[1], strict=True):
        assert np.allclose(one, other[:, :, ::-1], atol=1e-4)


def test_weights_and_hooks_are_left_as_they_were(network: Small) -> None:
    images, _, _ = spots(2, seed=7)
    before = [weights.clone() for weights in network.parameters()]
    gradients = [
        weights.grad.clone() for weights in network.parameters() if weights.grad is not None
    ]
    maps_of(network, images)
    assert all(map(torch.equal, before, network.parameters()))
    after = [weights.grad for weights in network.parameters() if weights.grad is not None]
    assert len(after) == len(gradients)
    assert all(map(torch.equal, gradients, after))
    assert not network.maps._forward_hooks


def test_an_answer_that_does_not_look_there_has_an_empty_map() -> None:
    class Blind(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last_maps = nn.Conv2d(3, 2, 3)

        def forward(self, images: Tensor) -> tuple[Tensor, ...]:
            return (self.last_maps(images).mean(dim=(2, 3)), images.mean(dim=(2, 3)))

    network = Blind()
    found = maps_of(network, torch.rand(2, 3, 8, 8))
    assert not found[1].any()


@pytest.mark.parametrize(("layer", "shape"), [("flat", r"\(2, 2\)"), ("unused", "none")])
def test_a_layer_without_maps_is_refused(layer: str, shape: str) -> None:
    class Flat(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.flat, self.unused = nn.Linear(3, 2), nn.ReLU()

        @property
        def last_maps(self) -> nn.Module:
            return getattr(self, layer)

        def forward(self, images: Tensor) -> tuple[Tensor, ...]:
            return (self.flat(images.mean(dim=(2, 3))),)

    with pytest.raises(ValueError, match=f"got an output: {shape}"):
        maps_of(Flat(), torch.rand(2, 3, 8, 8))


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("kind", ["stripes", "source"])
def test_the_logits_are_exactly_those_of_the_ensemble(
    kind: str, mirror: bool, coats: Schema
) -> None:
    config = TraitsConfig(network=kind, height=24, width=16)
    networks = [build_network(config, coats) for _ in range(2)]
    ensemble, images = Ensemble(networks, mirror=mirror).eval(), torch.rand(3, 3, 24, 16)
    with torch.inference_mode():
        expected = ensemble(images)
    logits, _ = ensemble_maps(ensemble, images)
    assert all(map(torch.equal, logits, expected))
    assert not any(output.requires_grad for output in logits)


def test_each_network_sees_each_view_once() -> None:
    network, images = Pooled(), torch.rand(2, 3, 10, 10)
    calls: list[int] = []
    network.register_forward_hook(lambda *_: calls.append(1))
    ensemble_maps(Ensemble([network], mirror=True), images)
    assert len(calls) == 2


def test_other_threads_may_run_the_same_networks() -> None:
    network = Pooled()
    ensemble = Ensemble([network], mirror=False).eval()
    images = torch.rand(40, 3, 10, 10)
    expected = ensemble_maps(ensemble, images)[1][0]
    stop = threading.Event()

    def predict() -> None:
        with torch.inference_mode():
            while not stop.is_set():
                ensemble(images[:1])

    others = [threading.Thread(target=predict) for _ in range(2)]
    for other in others:
        other.start()
    try:
        for row in range(40):
            _, (found,) = ensemble_maps(ensemble, images[row : row + 1])
            assert np.allclose(found[0], expected[row], atol=1e-5)
    finally:
        stop.set()
        for other in others:
            other.join()
