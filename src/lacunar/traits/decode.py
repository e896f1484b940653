"""The images of a fit, decoded once on each machine and the same on all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.fingerprint import digest_of
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.image_cache import open_images
from lacunar.traits.model import load_frames
from lacunar.traits.training.distributed import ProcessGroup


def decode_parts(
    processes: ProcessGroup,
    train: LabelledImages,
    test: LabelledImages | None,
    config: TraitsConfig,
    *,
    cache_dir: Path | None = None,
    reading: Callable[[int, int], None] | None = None,
) -> tuple[ImageArray, ImageArray | None]:
    """Decode training and test images; of several processes the first of each machine does.

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
        None where there is no test part.

    Raises
    ------
    InputError
        If an image cannot be read, or processes have other images than others.
    """
    parts = {"training": train} | ({} if test is None else {"test": test})
    decodes = processes.local_rank == 0
    own = {
        name: load_frames(dataset, config, cache_dir=cache_dir, reading=reading)
        for name, dataset in parts.items()
        if decodes
    }
    processes.wait_for_all()
    # The others of a machine do not know before they hear it from those that decoded.
    keys = processes.check_same(
        {f"{name} images": own[name].key if decodes else None for name in parts}
    )
    images = {
        name: own[name] if decodes else open_images(keys[f"{name} images"], cache_dir=cache_dir)
        for name in parts
    }
    return images["training"], images.get("test")


def what_labels_tell(train: LabelledImages, test: LabelledImages | None) -> dict[str, str]:
    """What can be compared of the parts before anything is decoded, by what it is."""
    return {
        f"{name} {what}": told
        for name, dataset in (("training", train), ("test", test))
        for what, told in _told(dataset).items()
    }


def _told(dataset: LabelledImages | None) -> dict[str, str]:
    if dataset is None:
        return {"images": "none", "labels": "none"}
    groups = None if dataset.groups is None else dataset.groups.tolist()
    labels = hashlib.sha256(dataset.labels.tobytes()).hexdigest()
    return {
        "images": f"{len(dataset)} images",
        "labels": digest_of([labels, groups, dataset.schema.to_dict()]),
    }
