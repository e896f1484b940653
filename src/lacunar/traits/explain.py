"""Where in an image a network found its answer: activation maps."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional


def activation_maps(
    network: nn.Module,
    images: Tensor,
    layer: nn.Module,
) -> list[NDArray[np.float32]]:
    """Say for each attribute which places speak for the answer, by their share of its logit.

    Draelos and Carin, Use HiResCAM instead of Grad-CAM for faithful explanations, 2020: maps
    times gradient, place by place, summed over channels, what speaks against left out. Behind
    global average pooling the gradient is alike everywhere, and this is Grad-CAM (Selvaraju et
    al., 2017); where maps are flattened, Grad-CAM's mean gradient would blame the wrong places.

    Parameters
    ----------
    network : Module
        From images to A logits (B, C_a), in evaluation mode.
    images : Tensor of shape (B, 3, H, W)
    layer : Module
        The part of the network whose last output are maps (B, K, h, w). The nearer to the answer,
        the more the maps mean, and the coarser they are.

    Returns
    -------
    list of A float32 arrays of shape (B, H, W)
        From 0 to 1, the highest place of an image being 1; all 0 where no place speaks for the
        answer.

    Raises
    ------
    ValueError
        If the layer makes no maps.

    Examples
    --------
    >>> layer = nn.Conv2d(3, 4, 3)
    >>> class Network(nn.Module):
    ...     def forward(self, images: Tensor) -> tuple[Tensor, ...]:
    ...         return (layer(images).mean(dim=(2, 3)),)
    >>> [found.shape for found in activation_maps(Network(), torch.rand(2, 3, 12, 8), layer)]
    [(2, 12, 8)]
    """
    caught: list[Tensor] = []

    def catch(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        # What lies before the maps needs no gradient; the copy may be changed in place.
        caught.append(output.detach().requires_grad_())
        return caught[-1].clone()

    handle = layer.register_forward_hook(catch)
    try:
        with torch.enable_grad():
            logits = network(images)
            scores = [output.amax(dim=1).sum() for output in logits]
    finally:
        handle.remove()
    if not caught or caught[-1].ndim != 4:
        shape = tuple(caught[-1].shape) if caught else "none"
        raise ValueError(f"expected a layer that makes maps (B, K, h, w), got an output: {shape}")
    maps = caught[-1]
    size = (images.shape[2], images.shape[3])
    return [_spread(maps.detach() * _gradient(score, maps), size).cpu().numpy() for score in scores]


def _gradient(score: Tensor, maps: Tensor) -> Tensor:
    # An attribute that does not look at these maps has no gradient of them, if any at all.
    if not score.requires_grad:
        return torch.zeros_like(maps)
    (found,) = torch.autograd.grad(score, maps, retain_graph=True, allow_unused=True)
    return torch.zeros_like(maps) if found is None else found


def _spread(shares: Tensor, size: tuple[int, int]) -> Tensor:
    """Shares (B, K, h, w) -> maps (B, H, W) in 0..1."""
    found = shares.sum(dim=1, keepdim=True).relu()  # (B, 1, h, w)
    large = functional.interpolate(found, size=size, mode="bilinear", align_corners=False)[:, 0]
    highest = large.amax(dim=(1, 2), keepdim=True)
    return torch.where(highest > 0, large / highest.clamp_min(torch.finfo(large.dtype).tiny), 0.0)
