"""A fitted model in PyTorch: one module from images to probabilities, and a predictor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lacunar.traits.data.class_balance import ClassShares
from lacunar.traits.data.images import Fit
from lacunar.traits.data.schema import Schema
from lacunar.traits.networks.build import restore_networks
from lacunar.traits.networks.device import as_images
from lacunar.traits.networks.ensemble import Ensemble
from lacunar.traits.networks.features import ensemble_features
from lacunar.traits.predict.activation_maps import ensemble_maps
from lacunar.traits.predict.fitted_model import FittedModel
from lacunar.traits.predict.predictor import Thresholds

# Larger batches do not fit the processor's cache: a fifth slower on a CPU.
_BATCH = 64
# Gradients of a few networks for this many images fit in any memory.
_BATCH_WITH_MAPS = 32


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
        return self.from_logits(self.network(images))

    def from_logits(self, logits: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Probabilities of each attribute, (B, C_a), from logits of the network."""
        pairs = zip(logits, self.temperatures, strict=True)
        return tuple(torch.softmax(output / temperature, dim=1) for output, temperature in pairs)


def probability_module(model: FittedModel) -> ProbabilityNetwork:
    """Build a model's whole computation: images in 0..1, (B, 3, H, W), to probabilities (B, C_a).

    It is on the device of the model's config, in evaluation mode. Both prediction and export use
    it.

    Raises
    ------
    InputError
        If the weights are those of another network, or there is no such device.
    """
    networks = restore_networks(model.config, model.schema, model.states)
    return ProbabilityNetwork(networks, model.calibrator.temperatures.tolist()).eval()


class TorchTraits:
    """A fitted model ready to predict in PyTorch; a :class:`Predictor`.

    Any number of threads may use it at the same time.

    Parameters
    ----------
    model : TraitsModel

    Raises
    ------
    InputError
        See :func:`probability_module`.
    """

    def __init__(self, model: FittedModel) -> None:
        self.model = model
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
            batches = [
                self._module(as_images(pixels[first : first + _BATCH], self._device))
                for first in range(0, len(pixels), _BATCH)
            ]
        return _joined(batches)

    def features(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Penultimate features, (B, d), of fitted images of shape (B, H, W, 3).

        See :func:`lacunar.traits.networks.features.ensemble_features`.
        """
        networks = self._module.network
        assert isinstance(networks, Ensemble)
        with torch.inference_mode():
            batches = [
                ensemble_features(networks, as_images(pixels[first : first + _BATCH], self._device))
                # At least one batch, so that the features of no images have the right shape.
                for first in range(0, max(1, len(pixels)), _BATCH)
            ]
        found: NDArray[np.float32] = torch.cat(batches).cpu().numpy()
        return found

    def probabilities_and_maps(
        self, pixels: NDArray[np.uint8]
    ) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float32]]]:
        """Probabilities and heat maps, from one forward pass.

        Parameters
        ----------
        pixels : uint8 array of shape (B, H, W, 3)
            At least one fitted image.

        Returns
        -------
        probabilities : list of A float64 arrays of shape (B, C_a)
        maps : list of A float32 arrays of shape (B, H, W)
            See :func:`lacunar.traits.predict.activation_maps.ensemble_maps`.
        """
        networks = self._module.network
        assert isinstance(networks, Ensemble)
        probabilities, maps = [], []
        for first in range(0, len(pixels), _BATCH_WITH_MAPS):
            images = as_images(pixels[first : first + _BATCH_WITH_MAPS], self._device)
            logits, heat_maps = ensemble_maps(networks, images)
            probabilities.append(self._module.from_logits(logits))
            maps.append(heat_maps)
        return _joined(probabilities), [np.concatenate(parts) for parts in zip(*maps, strict=True)]


def _joined(batches: Sequence[Sequence[Tensor]]) -> list[NDArray[np.float64]]:
    return [
        torch.cat(parts).cpu().numpy().astype(np.float64) for parts in zip(*batches, strict=True)
    ]
