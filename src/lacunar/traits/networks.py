"""Networks: one trunk over the image, one answer per attribute of the schema."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lacunar.errors import InputError
from lacunar.traits.config import TraitsConfig
from lacunar.traits.ensemble import Ensemble
from lacunar.traits.schema import Schema
from lacunar.traits.stripes import StripesNetwork
from lacunar.traits.tensors import choose_device, keep_float32

_FILTERS = (8, 16, 32, 64)
_DENSE = 256
# Keras's defaults. Running statistics that move by a hundredth per batch are near their start for
# some epochs of 7 batches, and validation losses with them: part of what the report measured.
_NORM_MOMENTUM, _NORM_EPS = 0.01, 1e-3


class SourceNetwork(nn.Module):
    """The source report's network: four blocks of convolutions, a dense layer per attribute.

    Weights start as Keras's do: Glorot uniform, biases 0.

    Parameters
    ----------
    schema : Schema
        A attributes of C_a classes each.
    height, width : int
        Of the images, at least 16.
    dropout : float
        Share of the channels that a block drops.
    shared : sequence of sequence of str
        Sets of attributes that share their dense layer; every other has its own.
    generator : torch.Generator, optional
        Draws the weights.

    Examples
    --------
    >>> from lacunar.traits.schema import PEOPLE
    >>> network = SourceNetwork(PEOPLE)
    >>> sum(weights.numel() for weights in network.parameters())
    8340630
    >>> [logits.shape[1] for logits in network.eval()(torch.zeros(1, 3, 100, 60))]
    [2, 2, 11, 2, 11, 2]
    """

    def __init__(
        self,
        schema: Schema,
        *,
        height: int = 100,
        width: int = 60,
        dropout: float = 0.2,
        shared: Sequence[Sequence[str]] = (),
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        layer_of = _dense_layers(schema, shared)
        pooled = 2 ** (len(_FILTERS) - 1)
        features = _FILTERS[-1] * (height // pooled) * (width // pooled)
        self.layer_of = layer_of
        self.blocks = nn.Sequential(
            OrderedDict(
                (f"block{n}", _block(inputs, filters, dropout, pool=filters != _FILTERS[-1]))
                for n, (inputs, filters) in enumerate(
                    zip((3, *_FILTERS), _FILTERS, strict=False), start=1
                )
            )
        )
        self.flatten = nn.Flatten()
        self.dense = nn.ModuleList(
            nn.Sequential(OrderedDict(linear=nn.Linear(features, _DENSE), relu=nn.ReLU()))
            for _ in range(max(layer_of) + 1)
        )
        self.heads = nn.ModuleList(
            nn.Linear(_DENSE, len(attribute.classes)) for attribute in schema.attributes
        )
        _initialise(self, generator)

    @property
    def last_maps(self) -> nn.Module:
        """The layer whose output are the last maps, (B, 64, H // 8, W // 8)."""
        return self.blocks

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Logits of each attribute, (B, C_a), for images in 0..1, (B, 3, H, W)."""
        maps = self.blocks(images)  # (B, 64, H // 8, W // 8)
        features = self.flatten(maps)  # (B, 64 * H // 8 * W // 8)
        dense = [layer(features) for layer in self.dense]  # each (B, 256)
        return tuple(
            head(dense[layer]) for head, layer in zip(self.heads, self.layer_of, strict=True)
        )


class SharedDenseNetwork(SourceNetwork):
    """The report's variant: attributes that the schema relates share their dense layer.

    Raises
    ------
    InputError
        If the schema relates none.
    """

    def __init__(self, schema: Schema, **options: Any) -> None:
        if not schema.related:
            raise InputError(
                "expected a schema that relates attributes, for the network shared-dense; "
                "got one without 'related'"
            )
        super().__init__(schema, shared=schema.related, **options)


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
    >>> from lacunar.traits.schema import PEOPLE
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


def _dense_layers(schema: Schema, shared: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Which dense layer each attribute reads; layers count up in the order of the schema."""
    set_of = {name: tuple(names) for names in shared for name in names}
    layers: dict[tuple[str, ...], int] = {}
    return tuple(layers.setdefault(set_of.get(name, (name,)), len(layers)) for name in schema.names)


def _block(inputs: int, filters: int, dropout: float, *, pool: bool) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv1=nn.Conv2d(inputs, filters, 3, padding=1),  # (B, filters, h, w)
        relu1=nn.ReLU(),
        conv2=nn.Conv2d(filters, filters, 3, padding=1),
        dropout=nn.Dropout2d(dropout),
        norm=nn.BatchNorm2d(filters, eps=_NORM_EPS, momentum=_NORM_MOMENTUM),
        relu2=nn.ReLU(),
    )
    if pool:
        layers["pool"] = nn.MaxPool2d(2)  # (B, filters, h // 2, w // 2)
    return nn.Sequential(layers)


def _initialise(network: nn.Module, generator: torch.Generator | None) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            assert module.bias is not None
            nn.init.xavier_uniform_(module.weight, generator=generator)
            nn.init.zeros_(module.bias)
