"""Networks: one trunk over the image, one answer per attribute of the schema."""

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
    """Build the network that a config names, with fresh weights.

    Raises
    ------
    InputError
        If the schema does not suit the network.

    Examples
    --------
    >>> from lacunar.traits.data.schema import PEOPLE
    >>> len(build_network(TraitsConfig(network="shared-dense"), PEOPLE).dense)
    4
    """
    options: dict[str, Any] = {"dropout": config.dropout, "generator": generator}
    framed = options | {"height": config.height, "width": config.width}
    # Torch's layers draw weights from the global generator before they are given better ones.
    with torch.random.fork_rng(devices=[]):
        if config.network == "source":
            return SourceNetwork(schema, **framed)
        if config.network == "shared-dense":
            return SharedDenseNetwork(schema, **framed)
        return StripesNetwork(schema, filters=config.filters, colours=config.colours, **options)


def restore_networks(
    config: TraitsConfig, schema: Schema, states: Sequence[Mapping[str, NDArray[Any]]]
) -> Ensemble:
    """Build networks around weights, on the device of a config, to answer together.

    Raises
    ------
    InputError
        If a state is that of another network, or there is no such device.
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
    """Move a network to a device, channels last in memory, the order its images come in."""
    keep_float32(device)
    # torch declares no overload with a device and a memory format, and takes both.
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def network_state(network: nn.Module) -> dict[str, NDArray[Any]]:
    """Copy weights and statistics, whatever the device, into contiguous arrays by name.

    The number of batches that a normalisation has seen is left out: with a momentum it decides
    nothing.
    """
    return {
        name: np.array(tensor.detach().cpu().numpy(), order="C")
        for name, tensor in network.state_dict().items()
        if tensor.is_floating_point()
    }


def load_state(network: nn.Module, state: Mapping[str, NDArray[Any]]) -> None:
    """Put back what :func:`network_state` copied.

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
