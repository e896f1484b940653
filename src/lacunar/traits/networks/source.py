"""The convolutional network of the source report, and its variant with shared dense layers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lacunar.errors import InputError
from lacunar.traits.data.schema import Schema

_FILTERS = (8, 16, 32, 64)
_DENSE = 256
# Keras's defaults. With this momentum and 7 batches per epoch, the running statistics stay near
# their initial values for some epochs, which affects the validation losses of the report.
_NORM_MOMENTUM, _NORM_EPS = 0.01, 1e-3


class SourceNetwork(nn.Module):
    """The source report's network: four convolutional blocks, and a dense layer per attribute.

    Initial weights are those of Keras: Glorot uniform, biases 0.

    Parameters
    ----------
    schema : Schema
        A attributes of C_a classes each.
    height, width : int
        Size of the images, at least 16 pixels.
    dropout : float
        Share of the channels that a block drops.
    shared : sequence of sequence of str
        Sets of attributes that share a dense layer; every other attribute has its own.
    generator : torch.Generator, optional
        Draws the initial weights.

    Examples
    --------
    >>> from lacunar.traits.data.schema import PEOPLE
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
        """The layer that outputs the last feature maps, (B, 64, H // 8, W // 8)."""
        return self.blocks

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return logits of each attribute, (B, C_a), for images in 0..1, (B, 3, H, W)."""
        maps = self.blocks(images)  # (B, 64, H // 8, W // 8)
        features = self.flatten(maps)  # (B, 64 * H // 8 * W // 8)
        dense = [layer(features) for layer in self.dense]  # each (B, 256)
        return tuple(
            head(dense[layer]) for head, layer in zip(self.heads, self.layer_of, strict=True)
        )


class SharedDenseNetwork(SourceNetwork):
    """The report's variant: related attributes of the schema share a dense layer.

    Raises
    ------
    InputError
        If the schema has no related attributes.
    """

    def __init__(self, schema: Schema, **options: Any) -> None:
        if not schema.related:
            raise InputError(
                "expected a schema with related attributes, for the network shared-dense; "
                "got one without 'related'"
            )
        super().__init__(schema, shared=schema.related, **options)


def _dense_layers(schema: Schema, shared: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Return the index of the dense layer of each attribute, numbered in schema order."""
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
