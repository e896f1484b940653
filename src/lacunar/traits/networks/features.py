"""Penultimate features: what the last layers of a network read."""

from __future__ import annotations

import threading

import torch
from torch import Tensor, nn

from lacunar.traits.networks.ensemble import Ensemble

# Lists of last layers.
_LAST = {"heads", "colour_heads"}


def ensemble_features(ensemble: Ensemble, images: Tensor) -> Tensor:
    """Compute the penultimate features of all networks of an ensemble.

    Several threads may call this, and the ensemble itself, at the same time.

    Parameters
    ----------
    ensemble : Ensemble
        In evaluation mode; M networks.
    images : Tensor of shape (B, 3, H, W)

    Returns
    -------
    Tensor of shape (B, M * F)
        The features of the first network, then those of the second, and so on. Where the ensemble
        uses mirror images, each feature is the mean over an image and its mirror image.

    Examples
    --------
    >>> from lacunar.traits.data.schema import PEOPLE
    >>> from lacunar.traits.networks.stripes import StripesNetwork
    >>> ensemble = Ensemble([StripesNetwork(PEOPLE)] * 2, mirror=True).eval()
    >>> ensemble_features(ensemble, torch.rand(3, 3, 24, 16)).shape
    torch.Size([3, 2176])
    """
    views = (images, images.flip(3)) if ensemble.mirror else (images,)
    own = [
        torch.stack([network_features(network, view) for view in views]).mean(dim=0)
        for network in ensemble.networks
    ]
    return torch.cat(own, dim=1)


def network_features(network: nn.Module, images: Tensor) -> Tensor:
    """Compute the inputs of the last linear layers of a network, side by side.

    Parameters
    ----------
    network : Module
        In evaluation mode. Its lists of layers ``heads`` and, if it has one, ``colour_heads`` are
        the last ones.
    images : Tensor of shape (B, 3, H, W)

    Returns
    -------
    Tensor of shape (B, F)
        In the order of the layers. An input that several layers share is there once.
    """
    thread = threading.get_ident()
    found: dict[int, Tensor] = {}

    def keep(_layer: nn.Module, inputs: tuple[Tensor]) -> None:
        # Other threads may run the same layer at this moment.
        if threading.get_ident() == thread:
            found[id(inputs[0])] = inputs[0]

    heads = [
        head
        for name, layers in network.named_children()
        if name in _LAST and isinstance(layers, nn.ModuleList)
        for head in layers
    ]
    handles = [head.register_forward_pre_hook(keep) for head in heads]
    try:
        network(images)
    finally:
        for handle in handles:
            handle.remove()
    return torch.cat(list(found.values()), dim=1)
