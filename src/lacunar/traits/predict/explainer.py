"""Predictions with heat maps: how much each place of an image adds to each answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.reprs import short_repr
from lacunar.traits.confidence.selective import abstains
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.image_inputs import ImageInputs, listed_images
from lacunar.traits.data.image_sources import ImageContent
from lacunar.traits.data.images import Fit, fit_into
from lacunar.traits.environment import require_torch
from lacunar.traits.predict.fitted_model import FittedModel
from lacunar.traits.predict.training_samples import draw_samples

if TYPE_CHECKING:
    from lacunar.traits.predict.torch_predictor import TorchTraits


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer for one attribute of one image, with its heat map.

    Parameters
    ----------
    attribute, label : str
    probability : float
        Calibrated.
    abstain : bool
        Whether the model abstains, because the probability is below the threshold.
    heat_map : float32 array of shape (H, W)
        How much each place adds to the answer's logit, from 0 to 1. The highest value is 1; all
        are 0 if no place adds to it.
    """

    attribute: str
    label: str
    probability: float
    abstain: bool
    heat_map: NDArray[np.float32]

    def __repr__(self) -> str:
        abstains = ["abstains"] if self.abstain else []
        answer = f"{self.attribute}: {self.label} ({self.probability:.0%})"
        return short_repr("Explanation", [answer, *abstains])


@dataclass(frozen=True, slots=True)
class ExplainedImage:
    """One image with the answers for its attributes.

    Parameters
    ----------
    name : str
        The image's name in the answers.
    pixels : uint8 array of shape (H, W, 3)
        The image in the frame, as the networks see it.
    aspect : float
        Width over height at which to show the frame. An image that was stretched into the frame
        looks too wide or too narrow there.
    answers : tuple of A Explanation
    """

    name: str
    pixels: NDArray[np.uint8]
    aspect: float
    answers: tuple[Explanation, ...]

    def __repr__(self) -> str:
        labels = [f"{answer.attribute}: {answer.label}" for answer in self.answers]
        return short_repr("ExplainedImage", [self.name, *labels])


class Explainer:
    """Predictions with heat maps, by the networks of a predictor.

    Parameters
    ----------
    predictor : TorchTraits
    """

    def __init__(self, predictor: TorchTraits) -> None:
        self._predictor = predictor

    def explain(self, pixels: NDArray[np.uint8]) -> list[tuple[Explanation, ...]]:
        """See :func:`explain_images`."""
        return self.answer(pixels)[1]

    def answer(
        self, pixels: NDArray[np.uint8]
    ) -> tuple[list[NDArray[np.float64]], list[tuple[Explanation, ...]]]:
        """Predict and explain images together, in one forward pass.

        Parameters
        ----------
        pixels : uint8 array of shape (B, H, W, 3)
            Images in the model's frame.

        Returns
        -------
        probabilities : list of A float64 arrays of shape (B, C_a)
        explanations : list of B tuples of A Explanation

        Raises
        ------
        InputError
            If the images are not in the model's frame.
        """
        ready = self._predictor
        frame = (ready.height, ready.width)
        if pixels.shape[1:3] != frame:
            raise InputError(f"expected images of {frame}, got {pixels.shape[1:3]}")
        if not len(pixels):
            return [np.empty((0, len(one.classes))) for one in ready.schema.attributes], []
        probabilities, maps = ready.probabilities_and_maps(pixels)
        return probabilities, _explanations(ready, probabilities, maps)


def explain_images(model: FittedModel, pixels: NDArray[np.uint8]) -> list[tuple[Explanation, ...]]:
    """Predict the attributes of images, with a heat map for each answer.

    See :func:`lacunar.traits.predict.activation_maps.ensemble_maps` for the maps, and for the
    colours that the network ``stripes`` reads and no map shows.

    Parameters
    ----------
    model : TraitsModel
        A attributes.
    pixels : uint8 array of shape (B, H, W, 3)
        Images in the frame of ``model.config``.

    Returns
    -------
    list of B tuples of A Explanation

    Raises
    ------
    InputError
        If PyTorch is missing, or the images are not in the model's frame.
    """
    return Explainer(_ready(model)).explain(pixels)


def explain_files(
    model: FittedModel | TorchTraits, files: ImageInputs, *, at_most: int
) -> list[ExplainedImage]:
    """Explain the answers for the first image files that can be read; skip the others.

    Parameters
    ----------
    model : TraitsModel or TorchTraits
        Networks are restored from a TraitsModel, and shared with a TorchTraits.
    files : image, or iterable of images
        See :func:`lacunar.traits.predict.image_files.predict_files`.
    at_most : int
        Images to explain.

    Raises
    ------
    InputError
        If PyTorch is missing, or something is no image, nor the path of one.
    """
    ready = _ready(model) if isinstance(model, FittedModel) else model
    read: list[tuple[str, NDArray[np.uint8], float]] = []
    for file in listed_images(files):
        if len(read) == at_most:
            break
        try:
            image = file.read()
        except InputError:
            continue
        read.append((file.name, *framed(image, ready.height, ready.width, ready.fit)))
    pixels = np.zeros((len(read), ready.height, ready.width, 3), np.uint8)
    for row, (_, fitted, _) in enumerate(read):
        pixels[row] = fitted
    return [
        ExplainedImage(name, fitted, aspect, answers)
        for (name, fitted, aspect), answers in zip(
            read, Explainer(ready).explain(pixels), strict=True
        )
    ]


def framed(
    image: NDArray[np.uint8], height: int, width: int, fit: Fit
) -> tuple[NDArray[np.uint8], float]:
    """Fit an image into a frame; return it with its original aspect, width over height.

    Examples
    --------
    >>> pixels, aspect = framed(np.zeros((40, 20, 3), np.uint8), 8, 8, "stretch")
    >>> pixels.shape, aspect
    ((8, 8, 3), 0.5)
    """
    seen_height, seen_width = image.shape[:2] if fit == "stretch" else (height, width)
    return fit_into(image, height, width, fit), seen_width / seen_height


def explained_samples(
    model: FittedModel,
    dataset: LabelledImages,
    *,
    n_images: int = 6,
    cache_dir: Path | None = None,
) -> list[ExplainedImage]:
    """Draw images from the training data of a model, and explain its answers.

    These are the same images as in
    :func:`lacunar.traits.predict.training_samples.augmented_samples`. The networks were trained on
    them, and are more confident than on new images.

    Parameters
    ----------
    model : TraitsModel
    dataset : LabelledImages
        The data that the model was fitted to.
    n_images : int
        The largest number of images.
    cache_dir : Path, optional
        See :func:`lacunar.traits.data.image_cache.default_cache_dir`.

    Raises
    ------
    InputError
        If PyTorch is missing or the data are not those the model was fitted to.
    """
    rows, _ = draw_samples(model, dataset, n_images, cache_dir=cache_dir)
    files = [ImageContent(dataset.names[row], dataset.pictures[row]) for row in rows.tolist()]
    return explain_files(model, files, at_most=n_images)


def _ready(model: FittedModel) -> TorchTraits:
    require_torch()
    from lacunar.traits.predict.torch_predictor import TorchTraits

    return TorchTraits(model)


def _explanations(
    predictor: TorchTraits,
    probabilities: Sequence[NDArray[np.float64]],
    maps: Sequence[NDArray[np.float32]],
) -> list[tuple[Explanation, ...]]:
    columns = []
    for attribute, output, heat_maps, threshold in zip(
        predictor.schema.attributes, probabilities, maps, predictor.thresholds, strict=True
    ):
        confidence = output.max(axis=1)
        columns.append(
            [
                Explanation(attribute.name, attribute.classes[best], *rest)
                for best, *rest in zip(
                    output.argmax(axis=1).tolist(),
                    confidence.tolist(),
                    abstains(confidence, threshold).tolist(),
                    heat_maps,
                    strict=True,
                )
            ]
        )
    return list(zip(*columns, strict=True))
