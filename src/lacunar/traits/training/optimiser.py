"""Adam with weight decay, the one-cycle learning rate, and the moving average of weights."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from lacunar.traits.config import TraitsConfig
from lacunar.traits.training.checkpoint import Arrays

# Share of a run in which the rate rises, and the first rate as a share of the highest.
_RISING, _START = 0.2, 0.04
# Keras's default, which the source report used; torch's is ten times smaller.
_ADAM_EPS = 1e-7


def one_cycle(share: float) -> float:
    """Return the learning rate at a point of a run, as a share of the highest rate.

    It rises and falls once, each along half a cosine (Smith 2018, "A disciplined approach to
    neural network hyper-parameters").

    Examples
    --------
    >>> [round(one_cycle(share), 2) for share in (0, 0.2, 0.6, 1)]
    [0.04, 1.0, 0.5, 0.0]
    """
    if share < _RISING:
        return _START + (1 - _START) * (1 - math.cos(math.pi * share / _RISING)) / 2
    return (1 + math.cos(math.pi * (share - _RISING) / (1 - _RISING))) / 2


def make_optimiser(network: nn.Module, config: TraitsConfig) -> torch.optim.Optimizer:
    """Create AdamW (Loshchilov and Hutter 2019) that decays weights, not biases and norms."""
    weights = [tensor for tensor in network.parameters() if tensor.ndim > 1]
    others = [tensor for tensor in network.parameters() if tensor.ndim <= 1]
    groups = [
        {"params": weights, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.highest_rate, eps=_ADAM_EPS, fused=True)


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of the next steps."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def average_into(
    average: dict[str, Tensor], network: nn.Module, *, decay: float, step: int
) -> None:
    """Update the moving average of weights and statistics of a network, in place.

    Early steps count more, so that the average forgets the initial weights.

    Parameters
    ----------
    average : dict of str to Tensor
    network : Module
    decay : float
        Share of the average that is kept at each step, after the first steps.
    step : int
        Number of earlier steps.
    """
    stays = min(decay, (1 + step) / (10 + step))
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                average[name].lerp_(tensor, 1 - stays)


def optimiser_state(optimiser: torch.optim.Optimizer) -> Arrays:
    """Copy the moments of the optimiser into contiguous arrays by name."""
    return {
        f"{position}.{name}": np.array(tensor.cpu().numpy(), order="C")
        for position, moments in optimiser.state_dict()["state"].items()
        for name, tensor in moments.items()
    }


def load_optimiser(optimiser: torch.optim.Optimizer, arrays: Arrays) -> None:
    """Restore the moments that :func:`optimiser_state` copied."""
    weights = [tensor for group in optimiser.param_groups for tensor in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, array in arrays.items():
        position, name = key.split(".")
        like = weights[int(position)]
        tensor = torch.from_numpy(array)
        if tensor.shape == like.shape:
            # With the memory layout of the weights: another may round differently.
            tensor = torch.empty_like(like).copy_(tensor)
        state.setdefault(int(position), {})[name] = tensor
    optimiser.load_state_dict(optimiser.state_dict() | {"state": state})
