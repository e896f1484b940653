"""Random training images with their augmented versions, for inspection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.environment import require_torch
from lacunar.traits.predict.fitted_model import FittedModel, fitted_frames


def augmented_samples(
    model: FittedModel,
    dataset: LabelledImages,
    *,
    n_images: int = 6,
    n_moved: int = 7,
    cache_dir: Path | None = None,
) -> NDArray[np.uint8]:
    """Draw training images of a model and augment them as its training did.

    Parameters
    ----------
    model : TraitsModel
        Its seed draws the images and the augmentation.
    dataset : LabelledImages
        The data that the model was fitted to.
    n_images : int
        The largest number of images.
    n_moved : int
        Augmented versions of each image; 0 if the model was fitted without augmentation.
    cache_dir : Path, optional
        See :func:`lacunar.traits.data.image_cache.default_cache_dir`.

    Returns
    -------
    uint8 array of shape (n, 1 + moved, H, W, 3)
        Each image, then its augmented versions.

    Raises
    ------
    InputError
        If PyTorch is missing or the data are not those the model was fitted to.
    """
    require_torch()
    import torch

    from lacunar.traits.networks.device import as_images
    from lacunar.traits.training.augmentation import (
        draw_light,
        draw_matrices,
        light_images,
        move_images,
    )

    config = model.config
    rows, still = draw_samples(model, dataset, n_images, cache_dir=cache_dir)
    if config.augmentation is None:
        return still[:, np.newaxis]
    generator = torch.Generator().manual_seed(config.seed)
    matrices = draw_matrices(
        len(rows) * n_moved,
        config.augmentation,
        height=config.height,
        width=config.width,
        generator=generator,
    )
    repeated = as_images(still, torch.device("cpu")).repeat_interleave(n_moved, dim=0)
    moved = move_images(repeated, matrices)  # (n * moved, 3, H, W)
    if config.augmentation.gamma or config.augmentation.contrast:
        moved = light_images(
            moved, draw_light(len(moved), config.augmentation, generator=generator)
        )
    bytes_ = (moved * 255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()
    grouped = bytes_.reshape(len(rows), n_moved, *still.shape[1:])
    return np.concatenate([still[:, np.newaxis], grouped], axis=1)


def draw_samples(
    model: FittedModel, dataset: LabelledImages, n_images: int, *, cache_dir: Path | None = None
) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """Draw training images of a model, with the seed of the fit.

    Returns
    -------
    rows : int array of shape (n,)
    pixels : uint8 array of shape (n, H, W, 3)

    Raises
    ------
    InputError
        If the data are not those the model was fitted to.
    """
    images = fitted_frames(model, dataset, cache_dir=cache_dir)
    rng = np.random.default_rng(model.config.seed)
    rows = rng.permutation(len(dataset))[:n_images]
    return rows, images.read(rows)
