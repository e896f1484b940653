"""Construction of networks, and loading of their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lacunar.errors import InputError
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.schema import Schema
from lacunar.traits.networks.device import choose_device, keep_float32
from lacunar.traits.networks.ensemble import Ensemble
from lacunar.traits.networks.source import SharedDenseNetwork, SourceNetwork
from lacunar.traits.networks.stripes import StripesNetwork


def build_network(
    config: TraitsConfig, schema: Schema, *, generator: torch.Generator | None = None
) -> nn.Module:
    """Build the network of a config, with random weights.

    Raises
    ------
    InputError
        If the schema does not fit the network.

    Examples
    --------
    >>> from lacunar.traits.data.schema import PEOPLE
    >>> len(build_network(TraitsConfig(network="shared-dense"), PEOPLE).dense)
    4
    """
    options: dict[str, Any] = {"dropout": config.dropout, "generator": generator}
    framed = options | {"height": config.height, "width": config.width}
    # Torch's layers draw weights from the global generator before they are initialised again.
    with torch.random.fork_rng(devices=[]):
        if config.network == "source":
            return SourceNetwork(schema, **framed)
        if config.network == "shared-dense":
            return SharedDenseNetwork(schema, **framed)
        return StripesNetwork(schema, filters=config.filters, colours=config.colours, **options)


def restore_networks(
    config: TraitsConfig, schema: Schema, states: Sequence[Mapping[str, NDArray[Any]]]
) -> Ensemble:
    """Build the ensemble of networks with given weights, on the device of a config.

    Raises
    ------
    InputError
        If a state is that of another network, or the device does not exist.
    """
    device = choose_device(config.device)
    networks = []
    for state in states:
        network = build_network(config, schema)
        load_state(network, state)
        place(network, device)
        networks.append(network)
    return Ensemble(networks, mirror=config.mirror).eval()


def place(network: nn.Module, device: torch.device) -> None:
    """Move a network to a device, in the memory format of its images, channels last."""
    keep_float32(device)
    # torch accepts a device and a memory format together, but declares no such overload.
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def network_state(network: nn.Module) -> dict[str, NDArray[Any]]:
    """Copy weights and statistics from any device into contiguous arrays by name.

    The batch counters of normalisation layers are left out, because with a momentum they have no
    effect.
    """
    return {
        name: np.array(tensor.detach().cpu().numpy(), order="C")
        for name, tensor in network.state_dict().items()
        if tensor.is_floating_point()
    }


def load_state(network: nn.Module, state: Mapping[str, NDArray[Any]]) -> None:
    """Load the weights that :func:`network_state` copied.

    Raises
    ------
    InputError
        If the state is that of another network.
    """
    try:
        network.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
    except RuntimeError as error:
        first = " ".join(str(error).split())
        raise InputError(f"expected the weights of this network, got others: {first}") from error
