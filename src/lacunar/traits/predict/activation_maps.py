"""Heat maps of answers: HiResCAM on the last feature maps of an ensemble."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from lacunar.traits.networks.ensemble import Ensemble, mean_log_probabilities


def ensemble_maps(
    ensemble: Ensemble, images: Tensor
) -> tuple[tuple[Tensor, ...], list[NDArray[np.float32]]]:
    """Compute an ensemble's logits, and a heat map of the most probable class of each attribute.

    Each network sees each view of the images once. Several threads may call this, and the
    ensemble itself, at the same time.

    A map shows how much each place adds to the logit: feature maps times gradient, place by
    place, summed over channels, with negative sums set to 0 (Draelos and Carin, Use HiResCAM
    instead of Grad-CAM for faithful explanations, 2020). Behind global average pooling the
    gradient is the same at every place, and this is Grad-CAM (Selvaraju et al., 2017). Where the
    maps are flattened, the mean gradient of Grad-CAM would point at the wrong places.

    The logit is taken relative to the mean logit of its attribute, because probabilities depend on
    differences: one of two classes can win by evidence against the other.

    The contributions are averaged over the networks, and over an image and its mirror image where
    the ensemble uses both, before they are scaled. So a network with weak evidence counts little,
    and evidence for the answer in one network cancels evidence against it in another. If each map
    were scaled to 1 first, the noise of one network would count as much as the evidence of
    another.

    A :class:`~lacunar.traits.networks.stripes.StripesNetwork` also reads colour histograms of the
    middle columns of an image. They add to its logits after the last feature maps, so that no heat
    map shows them.

    Parameters
    ----------
    ensemble : Ensemble
        In evaluation mode. The property ``last_maps`` of each network is the layer to map; it
        returns feature maps (B, K, h, w).
    images : Tensor of shape (B, 3, H, W)

    Returns
    -------
    logits : tuple of A Tensors of shape (B, C_a)
        The same as ``ensemble(images)``.
    maps : list of A float32 arrays of shape (B, H, W)
        From 0 to 1. The highest value of an image is 1; all are 0 if no place adds to the logit.

    Raises
    ------
    ValueError
        If a layer returns no feature maps.

    Examples
    --------
    >>> from lacunar.traits.data.schema import PEOPLE
    >>> from lacunar.traits.networks.stripes import StripesNetwork
    >>> ensemble = Ensemble([StripesNetwork(PEOPLE)], mirror=True).eval()
    >>> logits, maps = ensemble_maps(ensemble, torch.rand(2, 3, 24, 16))
    >>> len(logits), len(maps), maps[0].shape
    (6, 6, (2, 24, 16))
    """
    mirrored = (False, True) if ensemble.mirror else (False,)
    passes = [
        (flip, *_forward(network, images.flip(3) if flip else images))
        for network in ensemble.networks
        for flip in mirrored
    ]
    outputs = zip(*(logits for _, logits, _ in passes), strict=True)
    with torch.no_grad():
        logits = tuple(mean_log_probabilities(output) for output in outputs)
    answers = [output.argmax(dim=1, keepdim=True) for output in logits]
    contributions: list[list[Tensor]] = []
    for flip, own_logits, features in passes:
        own = _contributions(own_logits, features, answers)
        contributions.append([one.flip(3) for one in own] if flip else own)
    size = (images.shape[2], images.shape[3])
    return logits, [
        _heat_map(torch.stack(own).mean(dim=0), size) for own in zip(*contributions, strict=True)
    ]


def _forward(network: nn.Module, images: Tensor) -> tuple[tuple[Tensor, ...], Tensor]:
    """Logits of a network, and its last feature maps (B, K, h, w), from which gradients flow."""
    layer = network.last_maps
    assert isinstance(layer, nn.Module)
    thread = threading.get_ident()
    outputs: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor | None:
        # Other threads may run the same layer at this moment.
        if threading.get_ident() != thread:
            return None
        # The layers before need no gradient. Layers after may change the copy in place.
        outputs.append(output.detach().requires_grad_())
        return outputs[-1].clone()

    handle = layer.register_forward_hook(keep)
    try:
        with torch.enable_grad():
            logits = network(images)
    finally:
        handle.remove()
    if not outputs or outputs[-1].ndim != 4:
        shape = tuple(outputs[-1].shape) if outputs else "none"
        raise ValueError(
            f"expected a layer that returns feature maps (B, K, h, w), got an output: {shape}"
        )
    return logits, outputs[-1]


def _contributions(
    logits: Sequence[Tensor], features: Tensor, answers: Sequence[Tensor]
) -> list[Tensor]:
    """Contribution of each place to each answer's logit minus the mean logit, (B, 1, h, w)."""
    with torch.enable_grad():
        scores = [
            (output - output.mean(dim=1, keepdim=True)).gather(1, answer).sum()
            for output, answer in zip(logits, answers, strict=True)
        ]
    return [
        (features.detach() * _gradient(score, features)).sum(dim=1, keepdim=True)
        for score in scores
    ]


def _gradient(score: Tensor, features: Tensor) -> Tensor:
    # The score of an attribute that does not depend on these features has no gradient.
    if not score.requires_grad:
        return torch.zeros_like(features)
    (gradient,) = torch.autograd.grad(score, features, retain_graph=True, allow_unused=True)
    return torch.zeros_like(features) if gradient is None else gradient


def _heat_map(contributions: Tensor, size: tuple[int, int]) -> NDArray[np.float32]:
    """Contributions (B, 1, h, w) -> heat maps (B, H, W) in 0..1."""
    large = functional.interpolate(
        contributions.relu(), size=size, mode="bilinear", align_corners=False
    )[:, 0]  # (B, H, W)
    highest = large.amax(dim=(1, 2), keepdim=True)
    scaled = torch.where(highest > 0, large / highest.clamp_min(torch.finfo(large.dtype).tiny), 0.0)
    heat_map: NDArray[np.float32] = scaled.cpu().numpy()
    return heat_map
