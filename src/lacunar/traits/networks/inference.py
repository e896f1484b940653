"""Inference: logits and probabilities of images, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from torch import nn

from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.networks.device import as_images

# Larger batches exceed the cache of the processor and are a fifth slower on a CPU.
_BATCH = 64


def predict_logits(
    network: nn.Module,
    images: ImageArray,
    rows: NDArray[np.intp] | None = None,
    *,
    batch: int = _BATCH,
) -> list[NDArray[np.float32]]:
    """Compute the logits of images, with the network in evaluation mode.

    Parameters
    ----------
    network : Module
        From images (B, 3, H, W) to A logits (B, C_a).
    images : ImageArray
        N images.
    rows : int array of shape (n,), optional
        Rows of the images. Default: all.
    batch : int
        Images per batch. The last digits of the logits may depend on it.

    Returns
    -------
    list of A arrays of shape (n, C_a)
        float32, like the weights of restored networks.
    """
    rows = np.arange(len(images)) if rows is None else rows
    like = next(network.parameters())
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            batches = [
                network(as_images(images.read(rows[first : first + batch]), like.device).to(like))
                # At least one batch, so that the logits of no images have the right shape.
                for first in range(0, max(1, len(rows)), batch)
            ]  # a tuple of A Tensors (B, C_a) per batch
    finally:
        network.train(was_training)
    return [torch.cat(parts).cpu().numpy() for parts in zip(*batches, strict=True)]


def probabilities(logits: Sequence[NDArray[np.floating]]) -> list[NDArray[np.float64]]:
    """Return the softmax of every output, (n, C_a) each.

    Examples
    --------
    >>> probabilities([np.array([[0.0, 0.0], [800.0, 0.0]])])[0].tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    return [softmax(output.astype(np.float64), axis=1) for output in logits]
