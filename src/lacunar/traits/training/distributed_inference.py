"""Inference by several processes, each on its share of the images."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.networks.inference import _BATCH, predict_logits
from lacunar.traits.training.distributed import ProcessGroup


def predict_together(
    processes: ProcessGroup,
    network: nn.Module,
    images: ImageArray,
    rows: NDArray[np.intp] | None = None,
) -> list[NDArray[np.float32]]:
    """Compute the logits of :func:`predict_logits`, with the batches shared among processes."""
    if processes.size == 1:
        return predict_logits(network, images, rows)
    rows = np.arange(len(images)) if rows is None else rows
    # Whole batches, as in one process: the last digits depend on the size of a batch.
    own = np.arange(len(rows)) // _BATCH % processes.size == processes.rank  # (n,)
    logits = []
    for output in predict_logits(network, images, rows[own]):
        whole = np.zeros((len(rows), output.shape[1]), output.dtype)
        whole[own] = output
        processes.add(torch.from_numpy(whole))  # in place: they share their memory
        logits.append(whole)
    return logits
