"""What a fitted model says of images, and where in each it found it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.traits.confidence.selective import abstains
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.image_sources import ImageFile
from lacunar.traits.data.images import Fit, fit_into
from lacunar.traits.environment import require_torch
from lacunar.traits.model import TraitsModel
from lacunar.traits.predict.training_samples import draw_samples

# Gradients of a few networks for so many images fit any memory.
_BATCH = 32


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer for one attribute of one image, and its evidence.

    Parameters
    ----------
    attribute, label : str
    probability : float
        Calibrated.
    abstain : bool
        Whether the answer is kept back, as too unsure.
    heat_map : float32 array of shape (H, W)
        How much each place speaks for the answer, the highest 1; all 0 where none does.
    """

    attribute: str
    label: str
    probability: float
    abstain: bool
    heat_map: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ExplainedImage:
    """One image with the answers for its attributes.

    Parameters
    ----------
    name : str
        What answers call it.
    pixels : uint8 array of shape (H, W, 3)
        The image in the frame, as networks see it.
    aspect : float
        Width over height at which people would know it: a frame that an image was stretched into
        shows it too wide or too narrow.
    answers : tuple of A Explanation
    """

    name: str
    pixels: NDArray[np.uint8]
    aspect: float
    answers: tuple[Explanation, ...]


class Explainer:
    """Networks that stay ready to tell the attributes of images, and where they found them.

    Parameters
    ----------
    model : TraitsModel

    Raises
    ------
    InputError
        If PyTorch is missing.
    """

    def __init__(self, model: TraitsModel) -> None:
        require_torch()
        from lacunar.traits.networks.build import restore_networks
        from lacunar.traits.predict.torch_predictor import ProbabilityNetwork

        self._model = model
        self._networks = restore_networks(model.config, model.schema, model.states)
        self._module = ProbabilityNetwork(
            self._networks, model.calibrator.temperatures.tolist()
        ).eval()
        # Maps are caught by hooks on the networks, and a hook catches what any thread does.
        self._lock = threading.Lock()

    def explain(self, pixels: NDArray[np.uint8]) -> list[tuple[Explanation, ...]]:
        """See :func:`explain_images`; threads that ask at once are served one after the other."""
        import torch

        from lacunar.traits.networks.device import as_images
        from lacunar.traits.predict.activation_maps import ensemble_maps

        frame = (self._model.config.height, self._model.config.width)
        if pixels.shape[1:3] != frame:
            raise InputError(f"expected images of {frame}, got {pixels.shape[1:3]}")
        device = next(self._networks.parameters()).device
        explained: list[tuple[Explanation, ...]] = []
        for first in range(0, len(pixels), _BATCH):
            images = as_images(pixels[first : first + _BATCH], device)
            with self._lock:
                with torch.inference_mode():
                    told = self._module(images)
                found = [output.cpu().numpy().astype(np.float64) for output in told]
                maps = ensemble_maps(self._networks, images)
            explained += _explanations(self._model, found, maps)
        return explained


def explain_images(model: TraitsModel, pixels: NDArray[np.uint8]) -> list[tuple[Explanation, ...]]:
    """Tell the attributes of images, and which places of them speak for each answer.

    See :func:`lacunar.traits.predict.activation_maps.ensemble_maps` for what the maps are, and for
    the colours that the network ``stripes`` reads and no map shows.

    Parameters
    ----------
    model : TraitsModel
        A attributes.
    pixels : uint8 array of shape (B, H, W, 3)
        Images in the frame that ``model.config`` names.

    Returns
    -------
    list of B tuples of A Explanation

    Raises
    ------
    InputError
        If PyTorch is missing, or the frame is another.
    """
    return Explainer(model).explain(pixels)


def explain_files(
    model: TraitsModel, files: Sequence[ImageFile], *, at_most: int
) -> list[ExplainedImage]:
    """Explain the answers for the first image files that can be read; others are passed over.

    Parameters
    ----------
    model : TraitsModel
    files : sequence of ImageFile
    at_most : int
        Images to explain.

    Raises
    ------
    InputError
        If PyTorch is missing.
    """
    config = model.config
    read: list[tuple[str, NDArray[np.uint8], float]] = []
    for file in files:
        if len(read) == at_most:
            break
        try:
            image = file.read()
        except InputError:
            continue
        read.append((file.name, *framed(image, config.height, config.width, config.fit)))
    pixels = np.zeros((len(read), config.height, config.width, 3), np.uint8)
    for row, (_, fitted, _) in enumerate(read):
        pixels[row] = fitted
    return [
        ExplainedImage(name, fitted, aspect, answers)
        for (name, fitted, aspect), answers in zip(read, explain_images(model, pixels), strict=True)
    ]


def framed(
    image: NDArray[np.uint8], height: int, width: int, fit: Fit
) -> tuple[NDArray[np.uint8], float]:
    """Fit an image into a frame, and tell the aspect at which people would know it there.

    Examples
    --------
    >>> pixels, aspect = framed(np.zeros((40, 20, 3), np.uint8), 8, 8, "stretch")
    >>> pixels.shape, aspect
    ((8, 8, 3), 0.5)
    """
    seen_height, seen_width = image.shape[:2] if fit == "stretch" else (height, width)
    return fit_into(image, height, width, fit)[0], seen_width / seen_height


def explained_samples(
    model: TraitsModel,
    dataset: LabelledImages,
    *,
    n_images: int = 6,
    cache_dir: Path | None = None,
) -> list[ExplainedImage]:
    """Draw images of the data a model was fitted to, and explain what it says of them.

    The same that :func:`lacunar.traits.predict.training_samples.augmented_samples` draws. The
    networks were fitted to them, and are surer of them than of new images.

    Parameters
    ----------
    model : TraitsModel
    dataset : LabelledImages
        What the model was fitted to.
    n_images : int
        At most.
    cache_dir : Path, optional
        See :func:`lacunar.traits.data.image_cache.default_cache_dir`.

    Raises
    ------
    InputError
        If PyTorch is missing or the data are not those the model was fitted to.
    """
    rows, _ = draw_samples(model, dataset, n_images, cache_dir=cache_dir)
    files = [
        ImageFile(dataset.names[row], dataset.paths[row], dataset.names[row])
        for row in rows.tolist()
    ]
    return explain_files(model, files, at_most=n_images)


def _explanations(
    model: TraitsModel,
    probabilities: Sequence[NDArray[np.float64]],
    maps: Sequence[NDArray[np.float32]],
) -> list[tuple[Explanation, ...]]:
    columns = []
    for attribute, found, heat_map, threshold in zip(
        model.schema.attributes, probabilities, maps, model.calibrator.thresholds, strict=True
    ):
        confidence = found.max(axis=1)
        columns.append(
            [
                Explanation(attribute.name, attribute.classes[best], sure, kept_back, where)
                for best, sure, kept_back, where in zip(
                    found.argmax(axis=1).tolist(),
                    confidence.tolist(),
                    abstains(confidence, threshold).tolist(),
                    heat_map,
                    strict=True,
                )
            ]
        )
    return list(zip(*columns, strict=True))
