"""Decoding of the images of a fit, once on each machine, and a check that all have the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.fingerprint import digest_of
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.image_cache import open_images
from lacunar.traits.predict.fitted_model import load_frames
from lacunar.traits.training.distributed import ProcessGroup


def decode_images(
    processes: ProcessGroup,
    train: LabelledImages,
    test: LabelledImages | None,
    config: TraitsConfig,
    *,
    cache_dir: Path | None = None,
    reading: Callable[[int, int], None] | None = None,
) -> tuple[ImageArray, ImageArray | None]:
    """Decode training and test images in the first process of each machine.

    Parameters
    ----------
    processes : ProcessGroup
    train : LabelledImages
    test : LabelledImages, optional
    config : TraitsConfig
    cache_dir, reading : optional
        See :func:`lacunar.traits.fit.fit_traits`.

    Returns
    -------
    train_images : ImageArray
    test_images : ImageArray or None
        None without test images.

    Raises
    ------
    InputError
        If an image cannot be read, or processes have different images.
    """
    parts = {"training": train} | ({} if test is None else {"test": test})
    decodes = processes.local_rank == 0
    own = {
        name: load_frames(dataset, config, cache_dir=cache_dir, reading=reading)
        for name, dataset in parts.items()
        if decodes
    }
    processes.wait_for_all()
    # The other processes of a machine get the keys from those that decoded.
    keys = processes.check_same(
        {f"{name} images": own[name].key if decodes else None for name in parts}
    )
    images = {
        name: own[name] if decodes else open_images(keys[f"{name} images"], cache_dir=cache_dir)
        for name in parts
    }
    return images["training"], images.get("test")


def label_digests(train: LabelledImages, test: LabelledImages | None) -> dict[str, str]:
    """Return what processes can compare before images are decoded: numbers and label digests."""
    return {
        f"{name} {what}": digest
        for name, dataset in (("training", train), ("test", test))
        for what, digest in _digests(dataset).items()
    }


def _digests(dataset: LabelledImages | None) -> dict[str, str]:
    if dataset is None:
        return {"images": "none", "labels": "none"}
    groups = None if dataset.groups is None else dataset.groups.tolist()
    labels = hashlib.sha256(dataset.labels.tobytes()).hexdigest()
    return {
        "images": f"{len(dataset)} images",
        "labels": digest_of([labels, groups, dataset.schema.to_dict()]),
    }
