from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from lacunar.traits.config import TraitsConfig
from lacunar.traits.training.optimiser import (
    average_into,
    load_optimiser,
    make_optimiser,
    one_cycle,
    optimiser_state,
    set_rate,
)


def step(network: nn.Module, optimiser: torch.optim.Optimizer, seed: int = 0) -> None:
    inputs = torch.rand(4, 3, generator=torch.Generator().manual_seed(seed))
    optimiser.zero_grad()
    network(inputs).square().sum().backward()
    optimiser.step()


def linear(seed: int = 0) -> nn.Linear:
    torch.manual_seed(seed)
    return nn.Linear(3, 2)


def test_one_cycle_equals_torch() -> None:
    highest, steps = 0.1, 50
    parameter = nn.Parameter(torch.zeros(()))
    optimiser = torch.optim.SGD([parameter], lr=highest)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, highest, total_steps=steps + 1, pct_start=0.2, cycle_momentum=False,
        final_div_factor=math.inf,
    )  # fmt: skip
    # Torch starts its fall one step earlier than at a fifth of all steps.
    for taken in range(9):
        assert scheduler.get_last_lr()[0] == pytest.approx(
            highest * one_cycle(0.2 * taken / (0.2 * (steps + 1) - 1)), rel=1e-6
        )
        optimiser.step()
        scheduler.step()


def test_one_cycle_ends_at_zero_and_never_exceeds_the_highest_rate() -> None:
    rates = [one_cycle(share / 100) for share in range(101)]
    assert max(rates) == rates[20] == 1
    assert rates[-1] == pytest.approx(0, abs=1e-12)
    assert rates[:21] == sorted(rates[:21])
    assert rates[20:] == sorted(rates[20:], reverse=True)


def test_without_decay_steps_are_those_of_adam() -> None:
    ours, theirs = linear(), linear()
    config = TraitsConfig(weight_decay=0, learning_rate=0.01)
    optimiser = make_optimiser(ours, config)
    adam = torch.optim.Adam(theirs.parameters(), lr=0.01, eps=1e-7)
    for seed in range(5):
        step(ours, optimiser, seed)
        step(theirs, adam, seed)
    assert torch.allclose(ours.weight, theirs.weight, atol=1e-6)


def test_biases_do_not_decay() -> None:
    network = linear()
    before = network.bias.clone(), network.weight.clone()
    optimiser = make_optimiser(network, TraitsConfig(weight_decay=0.5, learning_rate=0.1))
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    assert torch.equal(network.bias, before[0])
    assert torch.allclose(network.weight, before[1] * (1 - 0.1 * 0.5))


def test_a_restored_optimiser_continues_identically() -> None:
    config = TraitsConfig(learning_rate=0.01)
    network = linear()
    optimiser = make_optimiser(network, config)
    step(network, optimiser)
    saved, weights = optimiser_state(optimiser), {k: v.clone() for k, v in
                                                  network.state_dict().items()}  # fmt: skip
    step(network, optimiser, 1)
    again = linear(9)
    again.load_state_dict(weights)
    other = make_optimiser(again, config)
    load_optimiser(other, saved)
    step(again, other, 1)
    assert torch.equal(again.weight, network.weight)


def test_the_rate_is_set_for_all_weights() -> None:
    optimiser = make_optimiser(linear(), TraitsConfig())
    set_rate(optimiser, 0.25)
    assert [group["lr"] for group in optimiser.param_groups] == [0.25, 0.25]


def test_a_moving_average_is_the_sum_of_its_steps() -> None:
    network = linear()
    average = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    expected = average["weight"].clone()
    for taken in range(30):
        with torch.no_grad():
            network.weight += 1
        average_into(average, network, decay=0.9, step=taken)
        stays = min(0.9, (1 + taken) / (10 + taken))
        expected = stays * expected + (1 - stays) * network.weight.detach()
    assert torch.allclose(average["weight"], expected, atol=1e-5)
