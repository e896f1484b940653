"""Small network for a few hundred images of upright figures: stripes, attention, colours."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lacunar.traits.data.schema import Schema

_STRIPES, _COLOUR_STRIPES = 6, 8
_FEATURES = 32
# Levels of red, green and blue of the colour histograms.
_LEVELS = 4
# Square roots of shares are small. Without this factor their weights would have to be large, which
# weight decay and short training prevent.
_COLOUR_SCALE, _SMALLEST = 12.0, 1e-6


class StripesNetwork(nn.Module):
    """Convolutions, then three sets of features for each attribute.

    An attribute is visible at about the same height of every figure. Its logits depend on

    - the means of horizontal stripes of the feature maps, as in networks for person
      re-identification (Sun et al. 2018, "Beyond Part Models");
    - the mean of the feature maps, weighted by the attention of this attribute;
    - colour histograms of horizontal stripes of the image, because convolutions do not learn
      shades from few labels.

    Parameters
    ----------
    schema : Schema
        A attributes of C_a classes each.
    filters : int
        Channels of the first layer; they double when the maps are halved.
    colours : bool
        Whether to use colour histograms.
    dropout : float
        Share of the features that are dropped before the last layer.
    generator : torch.Generator, optional
        Draws the initial weights.

    Examples
    --------
    >>> from lacunar.traits.data.schema import PEOPLE
    >>> network = StripesNetwork(PEOPLE).eval()
    >>> [logits.shape[1] for logits in network(torch.zeros(1, 3, 96, 40))]
    [2, 2, 11, 2, 11, 2]
    """

    def __init__(
        self,
        schema: Schema,
        *,
        filters: int = 16,
        colours: bool = True,
        dropout: float = 0.2,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        n, last = len(schema.attributes), 4 * filters
        self.near = nn.Sequential(  # (B, 2 * filters, H / 4, W / 4)
            _convolution(3, filters, stride=2),
            _convolution(filters, filters),
            _convolution(filters, 2 * filters, stride=2),
            _convolution(2 * filters, 2 * filters),
        )
        self.far = nn.Sequential(  # (B, last, H / 8, W / 8)
            _convolution(2 * filters, last, stride=2), _convolution(last, last)
        )
        self.attention = nn.Conv2d(last, n, 1)
        self.dropout = nn.Dropout(dropout)
        self.stripe_features = nn.ModuleList(
            nn.Sequential(nn.Dropout(dropout), nn.Linear(last * _STRIPES, _FEATURES), nn.ReLU())
            for _ in range(n)
        )
        sizes = [len(attribute.classes) for attribute in schema.attributes]
        self.heads = nn.ModuleList(nn.Linear(_FEATURES + last, size) for size in sizes)
        self.colour_heads = nn.ModuleList(
            nn.Linear(_LEVELS**3 * _COLOUR_STRIPES, size) for size in sizes if colours
        )
        _initialise(self, generator)

    @property
    def last_maps(self) -> nn.Module:
        """The layer that outputs the last feature maps. Colour histograms bypass it."""
        return self.far

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return logits of each attribute, (B, C_a), for images in 0..1, (B, 3, H, W)."""
        near = self.near(images)
        far = self.far(near)
        stripes = stripe_means(far, _STRIPES).flatten(1)  # (B, last * stripes)
        attended = attend(self.attention(far), far.flatten(2).transpose(1, 2))  # (B, A, last)
        outputs = []
        for position, (features, head) in enumerate(
            zip(self.stripe_features, self.heads, strict=True)
        ):
            view = torch.cat([features(stripes), self.dropout(attended[:, position])], dim=1)
            outputs.append(head(view))
        if not len(self.colour_heads):
            return tuple(outputs)
        colours = (stripe_means(shared_colours(images), _COLOUR_STRIPES) + _SMALLEST).sqrt()
        colours = self.dropout(_COLOUR_SCALE * colours.flatten(1))  # (B, levels ** 3 * stripes)
        shades = [head(colours) for head in self.colour_heads]
        return tuple(output + shade for output, shade in zip(outputs, shades, strict=True))


def attend(scores: Tensor, values: Tensor) -> Tensor:
    """Average values over P positions, weighted by the softmax of scores.

    Parameters
    ----------
    scores : Tensor of shape (B, A, h, w)
        With h * w = P.
    values : Tensor of shape (B, P, F)

    Returns
    -------
    Tensor of shape (B, A, F)

    Examples
    --------
    >>> attend(torch.zeros(1, 1, 1, 2), torch.tensor([[[1.0], [3.0]]]))
    tensor([[[2.]]])
    """
    return torch.bmm(scores.flatten(2).softmax(dim=2), values)


def stripe_means(maps: Tensor, n: int) -> Tensor:
    """Average maps over n horizontal stripes; neighbouring stripes may share a row.

    Parameters
    ----------
    maps : Tensor of shape (B, C, h, w)
    n : int

    Returns
    -------
    Tensor of shape (B, C, n)

    Examples
    --------
    >>> stripe_means(torch.arange(3.0).reshape(1, 1, 3, 1), 2)
    tensor([[[0.5000, 1.5000]]])
    """
    # Adaptive average pooling as a matrix product, which ONNX exporters support for every height.
    height = maps.shape[2]
    weights = torch.zeros(height, n, dtype=maps.dtype, device=maps.device)
    for stripe in range(n):
        first, end = stripe * height // n, -(-(stripe + 1) * height // n)
        weights[first:end, stripe] = 1 / (end - first)
    return maps.mean(dim=3) @ weights


def shared_colours(images: Tensor) -> Tensor:
    """Compute soft colour histograms of the middle columns of images.

    A pixel counts for the two nearest levels of each channel, more for the nearer one, so that a
    small change of brightness changes the histogram little.

    Parameters
    ----------
    images : Tensor of shape (B, 3, H, W)
        In 0..1.

    Returns
    -------
    Tensor of shape (B, levels ** 3, ceil(H / 2), w)
        Each position stands for 2 x 2 pixels and sums to 1. About a quarter of the columns on
        either side is left out, because they are mostly background.

    Examples
    --------
    >>> black = shared_colours(torch.zeros(1, 3, 2, 4))
    >>> black.shape, black[0, 0, 0, 0].item(), black.sum().item()
    (torch.Size([1, 64, 1, 2]), 1.0, 2.0)
    """
    small = functional.avg_pool2d(images, 2, ceil_mode=True)  # (B, 3, H / 2, W / 2)
    aside = small.shape[3] // 4
    small = small[..., aside : small.shape[3] - aside]
    levels = torch.arange(_LEVELS, dtype=images.dtype, device=images.device)
    distance = (small.unsqueeze(2) * (_LEVELS - 1) - levels[:, None, None]).abs()
    red, green, blue = (1 - distance).clamp(min=0).unbind(dim=1)  # each (B, levels, H / 2, w)
    pairs = (red.unsqueeze(2) * green.unsqueeze(1)).flatten(1, 2)  # (B, levels ** 2, ...)
    return (pairs.unsqueeze(2) * blue.unsqueeze(1)).flatten(1, 2)


def _convolution(inputs: int, outputs: int, *, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


def _initialise(network: StripesNetwork, generator: torch.Generator | None) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_uniform_(module.weight, a=5**0.5, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for head in network.colour_heads:
        assert isinstance(head, nn.Linear)
        nn.init.zeros_(head.weight)
