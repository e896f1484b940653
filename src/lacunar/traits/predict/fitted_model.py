"""The interface of a fitted model that predictions use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

from lacunar.aliases import StepProgress
from lacunar.errors import InputError
from lacunar.traits.confidence.calibrator import Calibrator
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.class_balance import ClassShares
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.fingerprint import fingerprint
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.image_cache import load_images
from lacunar.traits.data.schema import Schema


@runtime_checkable
class FittedModel(Protocol):
    """Networks and calibration of a fit: a :class:`~lacunar.TraitsModel`, whose names these are."""

    @property
    def config(self) -> TraitsConfig: ...

    @property
    def schema(self) -> Schema: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def states(self) -> tuple[Mapping[str, NDArray[Any]], ...]: ...

    @property
    def calibrator(self) -> Calibrator: ...

    @property
    def shares(self) -> ClassShares: ...


def load_frames(
    dataset: LabelledImages,
    config: TraitsConfig,
    *,
    cache_dir: Path | None = None,
    reading: StepProgress | None = None,
) -> ImageArray:
    """Decode images into the frame of a config, or load them from the cache."""
    return load_images(
        dataset,
        height=config.height,
        width=config.width,
        fit=config.fit,
        cache_dir=cache_dir,
        progress=reading,
    )


def fitted_frames(
    model: FittedModel, dataset: LabelledImages, *, cache_dir: Path | None = None
) -> ImageArray:
    """Decode the training images of a model, or load them from the cache.

    Raises
    ------
    InputError
        If the model was fitted to other images or labels.
    """
    images = load_frames(dataset, model.config, cache_dir=cache_dir)
    if fingerprint(dataset, images) != model.fingerprint:
        raise InputError(
            f"{dataset.origin}: expected the images and labels that the model was fitted to,"
            " got others"
        )
    return images
