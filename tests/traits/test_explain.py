"""Maps of networks whose reasons are known: blanking what is shown must cost them the answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from lacunar.traits.explain import activation_maps

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

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        features = self.pool(self.after(self.maps(images))).flatten(1)
        return tuple(head(features) for head in self.heads)


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
    shown = torch.from_numpy(activation_maps(network, images, network.maps)[0])
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
    shown = activation_maps(network, images, network.maps)[0]
    near = functional.max_pool2d(places[:, None].float(), 9, 1, 4)[:, 0].numpy() > 0
    highest = shown.reshape(40, -1).argmax(axis=1)
    assert near.reshape(40, -1)[np.arange(40), highest].mean() > 0.9


def test_maps_have_the_size_of_the_images_and_go_up_to_one(network: Small) -> None:
    images, _, _ = spots(3, seed=5)
    found = activation_maps(network, images, network.maps)
    assert [one.shape for one in found] == [(3, HEIGHT, WIDTH)] * 2
    for one in found:
        assert one.dtype == np.float32
        assert one.min() >= 0
        assert set(one.max(axis=(1, 2)).round(6).tolist()) <= {0.0, 1.0}


def test_an_image_is_explained_alike_alone_and_among_others(network: Small) -> None:
    images, _, _ = spots(4, seed=6)
    together = activation_maps(network, images, network.maps)[0]
    alone = activation_maps(network, images[2:3], network.maps)[0]
    assert alone[0] == pytest.approx(together[2], abs=1e-5)


def test_behind_average_pooling_it_is_grad_cam() -> None:
    class Pooled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.maps = nn.Conv2d(3, 5, 3)
            self.head = nn.Linear(5, 4)

        def forward(self, images: Tensor) -> tuple[Tensor, ...]:
            return (self.head(self.maps(images).mean(dim=(2, 3))),)

    network, images = Pooled(), torch.rand(3, 3, 10, 10)
    (found,) = activation_maps(network, images, network.maps)
    with torch.inference_mode():
        maps, answers = network.maps(images), network(images)[0].argmax(dim=1)
        # The gradient of a logit by a map's mean is the weight of the head.
        weighted = torch.einsum("bchw,bc->bhw", maps, network.head.weight[answers]).relu()
        large = functional.interpolate(weighted[:, None], size=(10, 10), mode="bilinear")[:, 0]
    for one, expected in zip(found, large.numpy(), strict=True):
        assert one == pytest.approx(expected / max(expected.max(), 1e-12), abs=1e-5)


def test_weights_and_hooks_are_left_as_they_were(network: Small) -> None:
    images, _, _ = spots(2, seed=7)
    before = [weights.clone() for weights in network.parameters()]
    gradients = [
        weights.grad.clone() for weights in network.parameters() if weights.grad is not None
    ]
    activation_maps(network, images, network.maps)
    assert all(map(torch.equal, before, network.parameters()))
    after = [weights.grad for weights in network.parameters() if weights.grad is not None]
    assert len(after) == len(gradients)
    assert all(map(torch.equal, gradients, after))
    assert not network.maps._forward_hooks


def test_an_answer_that_does_not_look_there_has_an_empty_map() -> None:
    class Blind(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.maps = nn.Conv2d(3, 2, 3)

        def forward(self, images: Tensor) -> tuple[Tensor, ...]:
            return (self.maps(images).mean(dim=(2, 3)), images.mean(dim=(2, 3)))

    network = Blind()
    found = activation_maps(network, torch.rand(2, 3, 8, 8), network.maps)
    assert not found[1].any()


def test_a_layer_without_maps_is_refused(network: Small) -> None:
    images, _, _ = spots(2, seed=8)
    with pytest.raises(ValueError, match=r"got an output: \(2, 3\)"):
        activation_maps(network, images, network.heads[0])
    with pytest.raises(ValueError, match="got an output: none"):
        activation_maps(network, images, nn.ReLU())
