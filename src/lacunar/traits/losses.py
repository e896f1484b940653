"""Losses to which an unknown label adds nothing."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from lacunar.traits.schema import UNKNOWN


def masked_cross_entropy(logits: Tensor, labels: Tensor, *, smoothing: float = 0.0) -> Tensor:
    """Mean cross-entropy over the known labels.

    Parameters
    ----------
    logits : Tensor of shape (B, C)
    labels : int64 Tensor of shape (B,)
        Position of the class, -1 where it is unknown.
    smoothing : float
        Share of each label that is given to all classes alike (Szegedy et al. 2016).

    Returns
    -------
    Tensor of shape ()
        In nats; exactly 0, with gradient 0, where no label is known.

    Examples
    --------
    >>> logits = torch.tensor([[0.0, 0.0], [9.0, 0.0]])
    >>> masked_cross_entropy(logits, torch.tensor([1, -1]))
    tensor(0.6931)
    >>> masked_cross_entropy(logits, torch.tensor([-1, -1]))
    tensor(0.)
    """
    total = functional.cross_entropy(
        logits, labels, ignore_index=UNKNOWN, reduction="sum", label_smoothing=smoothing
    )
    return total / (labels != UNKNOWN).sum().clamp(min=1)


def losses_per_output(
    logits: Sequence[Tensor], labels: Tensor, *, smoothing: float = 0.0
) -> Tensor:
    """Masked cross-entropy of every output; a network learns their sum.

    Parameters
    ----------
    logits : sequence of A Tensors of shape (B, C_a)
    labels : int64 Tensor of shape (B, A)
    smoothing : float
        See :func:`masked_cross_entropy`.

    Returns
    -------
    Tensor of shape (A,)
    """
    columns = labels.unbind(dim=1)  # A of (B,)
    pairs = zip(logits, columns, strict=True)
    return torch.stack([masked_cross_entropy(*pair, smoothing=smoothing) for pair in pairs])
