"""Ensemble of networks: mean probabilities over networks and mirrored images."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Ensemble(nn.Module):
    """Ensemble of networks; its logits are the logarithms of the mean probabilities.

    Parameters
    ----------
    networks : sequence of Module
        From images (B, 3, H, W) to A logits (B, C_a).
    mirror : bool
        Whether to average over each image and its horizontal mirror image.

    Examples
    --------
    >>> class Constant(nn.Module):
    ...     def __init__(self, *logits):
    ...         super().__init__()
    ...         self.logits = nn.Parameter(torch.tensor([logits]))
    ...     def forward(self, images):
    ...         return (self.logits.expand(len(images), -1),)
    >>> both = Ensemble([Constant(0.0, 0.0), Constant(50.0, 0.0)], mirror=False)
    >>> both(torch.zeros(1, 3, 2, 2))[0].exp().tolist()
    [[0.75, 0.25]]
    """

    def __init__(self, networks: Sequence[nn.Module], *, mirror: bool) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.mirror = mirror

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the logarithms of the mean probabilities of each attribute, (B, C_a)."""
        views = (images, images.flip(3)) if self.mirror else (images,)
        outputs = [network(view) for network in self.networks for view in views]
        return tuple(mean_log_probabilities(logits) for logits in zip(*outputs, strict=True))


def mean_log_probabilities(logits: Sequence[Tensor]) -> Tensor:
    """Return the logarithm of the mean probabilities of several logits (B, C)."""
    stacked = torch.stack(list(logits)).log_softmax(dim=2)  # (M, B, C)
    # Written out, because ONNX exporters support exponentials and maxima better than logsumexp.
    highest = stacked.amax(dim=0)
    return highest + (stacked - highest).exp().mean(dim=0).log()
