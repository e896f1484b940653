"""A fitted model as one module from images to probabilities, and ready to answer in PyTorch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lacunar.traits.data.class_balance import ClassShares
from lacunar.traits.data.images import Fit
from lacunar.traits.data.schema import Schema
from lacunar.traits.model import TraitsModel
from lacunar.traits.networks.build import restore_networks
from lacunar.traits.networks.device import as_images
from lacunar.traits.predict.predictor import Thresholds

# More would leave the processor's cache: a fifth slower on a CPU.
_BATCH = 64


class ProbabilityNetwork(nn.Module):
    """Softmax over the logits of a network, each output at its temperature.

    Parameters
    ----------
    network : Module
        From images in 0..1, (B, 3, H, W), to A logits (B, C_a).
    temperatures : sequence of A float

    Examples
    --------
    >>> class Pixels(nn.Module):
    ...     def forward(self, images):
    ...         return (images.flatten(1),)
    >>> images = torch.log(torch.tensor([1.0, 4.0, 4.0])).reshape(1, 3, 1, 1)
    >>> ProbabilityNetwork(Pixels(), [2.0])(images)[0]
    tensor([[0.2000, 0.4000, 0.4000]])
    """

    def __init__(self, network: nn.Module, temperatures: Sequence[float]) -> None:
        super().__init__()
        self.network = network
        self.temperatures = tuple(temperatures)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Probabilities of each attribute, (B, C_a)."""
        pairs = zip(self.network(images), self.temperatures, strict=True)
        return tuple(torch.softmax(logits / temperature, dim=1) for logits, temperature in pairs)


def probability_module(model: TraitsModel) -> nn.Module:
    """Build what a model computes: images in 0..1, (B, 3, H, W), to A probabilities (B, C_a).

    On the device of the model's config, in evaluation mode. Prediction and export both go through
    it.

    Raises
    ------
    InputError
        If a state is that of another network, or there is no such device.
    """
    networks = restore_networks(model.config, model.schema, model.states)
    return ProbabilityNetwork(networks, model.calibrator.temperatures.tolist()).eval()


class TorchTraits:
    """A fitted model that is ready to answer in PyTorch; a :class:`Predictor`.

    Parameters
    ----------
    model : TraitsModel

    Raises
    ------
    InputError
        See :func:`probability_module`.
    """

    def __init__(self, model: TraitsModel) -> None:
        self.schema: Schema = model.schema
        self.height, self.width = model.config.height, model.config.width
        self.fit: Fit = model.config.fit
        self.thresholds: Thresholds = model.calibrator.thresholds
        self.shares: ClassShares | None = model.shares
        self._module = probability_module(model)
        self._device = next(self._module.parameters()).device

    def probabilities(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
        """A arrays of shape (B, C_a) for fitted images of shape (B, H, W, 3)."""
        with torch.inference_mode():
            found = [
                self._module(as_images(pixels[first : first + _BATCH], self._device))
                for first in range(0, len(pixels), _BATCH)
            ]
        return [
            torch.cat(parts).cpu().numpy().astype(np.float64) for parts in zip(*found, strict=True)
        ]
