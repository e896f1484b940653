"""Where in an image networks found their answer: activation maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from lacunar.traits.networks.ensemble import Ensemble


def activation_maps(
    network: nn.Module,
    images: Tensor,
    layer: nn.Module,
    answers: Sequence[NDArray[np.integer]] | None = None,
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
    answers : sequence of A int arrays of shape (B,), optional
        The class of each image whose evidence is mapped; the network's own answer unless given.

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
    size = (images.shape[2], images.shape[3])
    return [_spread(shares, size) for shares in _shares(network, images, layer, answers)]


def ensemble_maps(ensemble: Ensemble, images: Tensor) -> list[NDArray[np.float32]]:
    """Say for each attribute which places speak for the answer that networks give together.

    Shares of the logit of that answer are averaged over the networks, and over an image and its
    mirror where the ensemble sees both, before anything is scaled or left out. So the map is that
    of the mean logit: a network that found little counts little, and what speaks for the answer
    in one and against it in another cancels. Were each map scaled to 1 first, the noise of a
    network that found its answer elsewhere would weigh as much as another's evidence.

    The logit is taken less the mean of the logits of its attribute, since probabilities are made
    of differences: of two classes one may win by what speaks against the other.

    A :class:`~lacunar.traits.networks.stripes.StripesNetwork` also reads histograms of the colours
    of its image's middle columns. They add to its logits past the last maps: no map shows them.

    Parameters
    ----------
    ensemble : Ensemble
        In evaluation mode, of networks whose ``last_maps`` names the layer that is mapped.
    images : Tensor of shape (B, 3, H, W)

    Returns
    -------
    list of A float32 arrays of shape (B, H, W)
        See :func:`activation_maps`.

    Examples
    --------
    >>> from lacunar.traits.data.schema import PEOPLE
    >>> from lacunar.traits.networks.stripes import StripesNetwork
    >>> ensemble = Ensemble([StripesNetwork(PEOPLE)], mirror=True).eval()
    >>> found = ensemble_maps(ensemble, torch.rand(2, 3, 24, 16))
    >>> len(found), found[0].shape
    (6, (2, 24, 16))
    """
    with torch.inference_mode():
        answers = [logits.argmax(dim=1).cpu().numpy() for logits in ensemble(images)]
    views = (False, True) if ensemble.mirror else (False,)
    found: list[list[Tensor]] = []
    for network in ensemble.networks:
        layer = network.last_maps
        assert isinstance(layer, nn.Module)
        for mirrored in views:
            view = images.flip(3) if mirrored else images
            shares = _shares(network, view, layer, answers, compared=True)
            found.append([one.flip(3) for one in shares] if mirrored else shares)
    size = (images.shape[2], images.shape[3])
    return [_spread(torch.stack(shares).mean(dim=0), size) for shares in zip(*found, strict=True)]


def _shares(
    network: nn.Module,
    images: Tensor,
    layer: nn.Module,
    answers: Sequence[NDArray[np.integer]] | None,
    *,
    compared: bool = False,
) -> list[Tensor]:
    """Shares of A logits that places of a layer have, (B, 1, h, w), for and against.

    Of logits less their mean where they are to be compared with those of the other classes.
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
            if compared:
                logits = [output - output.mean(dim=1, keepdim=True) for output in logits]
            scores = _scores(logits, answers)
    finally:
        handle.remove()
    if not caught or caught[-1].ndim != 4:
        shape = tuple(caught[-1].shape) if caught else "none"
        raise ValueError(f"expected a layer that makes maps (B, K, h, w), got an output: {shape}")
    maps = caught[-1]
    return [
        (maps.detach() * _gradient(score, maps)).sum(dim=1, keepdim=True)  # (B, 1, h, w)
        for score in scores
    ]


def _scores(
    logits: Sequence[Tensor], answers: Sequence[NDArray[np.integer]] | None
) -> list[Tensor]:
    if answers is None:
        return [output.amax(dim=1).sum() for output in logits]
    columns = [torch.as_tensor(chosen, dtype=torch.int64)[:, None] for chosen in answers]
    return [
        output.gather(1, column.to(output.device)).sum()
        for output, column in zip(logits, columns, strict=True)
    ]


def _gradient(score: Tensor, maps: Tensor) -> Tensor:
    # An attribute that does not look at these maps has no gradient of them, if any at all.
    if not score.requires_grad:
        return torch.zeros_like(maps)
    (found,) = torch.autograd.grad(score, maps, retain_graph=True, allow_unused=True)
    return torch.zeros_like(maps) if found is None else found


def _spread(shares: Tensor, size: tuple[int, int]) -> NDArray[np.float32]:
    """Shares (B, 1, h, w) -> maps (B, H, W) in 0..1."""
    large = functional.interpolate(shares.relu(), size=size, mode="bilinear", align_corners=False)
    large = large[:, 0]  # (B, H, W)
    highest = large.amax(dim=(1, 2), keepdim=True)
    scaled = torch.where(highest > 0, large / highest.clamp_min(torch.finfo(large.dtype).tiny), 0.0)
    found: NDArray[np.float32] = scaled.cpu().numpy()
    return found
