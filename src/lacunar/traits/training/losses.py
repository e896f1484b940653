"""Losses to which an unknown label adds nothing, and what they may be told of rare classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from lacunar.traits.data.schema import UNKNOWN


@dataclass(frozen=True, slots=True)
class Balance:
    """What the losses of A outputs are told of rare classes; None leaves it out.

    Parameters
    ----------
    weights : sequence of A Tensors of shape (C_a,), optional
        Of the labels of each class.
    offsets : sequence of A Tensors of shape (C_a,), optional
        Added to the logits.
    """

    weights: Sequence[Tensor] | None = None
    offsets: Sequence[Tensor] | None = None


def masked_cross_entropy(
    logits: Tensor,
    labels: Tensor,
    *,
    smoothing: float = 0.0,
    weights: Tensor | None = None,
    offsets: Tensor | None = None,
    known: Tensor | None = None,
) -> Tensor:
    """Mean cross-entropy over the known labels.

    Parameters
    ----------
    logits : Tensor of shape (B, C)
    labels : int64 Tensor of shape (B,)
        Position of the class, -1 where it is unknown.
    smoothing : float
        Share of each label that is given to all classes alike (Szegedy et al. 2016).
    weights : Tensor of shape (C,), optional
        What the whole term of a label is multiplied by, by its class. The sum is still divided by
        the number of known labels, so that a rare class pulls as hard in whatever batch it is.
    offsets : Tensor of shape (C,), optional
        Added to the logits: with ``tau`` times the logarithms of the classes' shares, the
        logit-adjusted loss of Menon et al., Long-tail learning via logit adjustment, 2021,
        equation 10.
    known : int64 Tensor of shape (), optional
        Known labels that the sum is divided by, where these rows are part of a batch; else those
        of the rows.

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
    >>> masked_cross_entropy(logits, torch.tensor([1, -1]), weights=torch.tensor([0.5, 2.0]))
    tensor(1.3863)
    """
    if offsets is not None:
        logits = logits + offsets.to(logits)  # (B, C)
    terms = functional.cross_entropy(
        logits,
        labels,
        ignore_index=UNKNOWN,
        reduction="sum" if weights is None else "none",
        label_smoothing=smoothing,
    )
    if weights is not None:
        # Torch's own weights would make of smoothing another thing for every class.
        terms = (terms * weights.to(terms)[labels.clamp(min=0)]).sum()
    count = (labels != UNKNOWN).sum() if known is None else known
    return terms / count.clamp(min=1)


def losses_per_output(
    logits: Sequence[Tensor],
    labels: Tensor,
    *,
    smoothing: float = 0.0,
    balance: Balance | None = None,
    known: Tensor | None = None,
) -> Tensor:
    """Masked cross-entropy of every output; a network learns their sum.

    Parameters
    ----------
    logits : sequence of A Tensors of shape (B, C_a)
    labels : int64 Tensor of shape (B, A)
    smoothing : float
        See :func:`masked_cross_entropy`.
    balance : Balance, optional
    known : int64 Tensor of shape (A,), optional
        Known labels of the batch that these rows are part of; see :func:`masked_cross_entropy`.

    Returns
    -------
    Tensor of shape (A,)
    """
    columns = labels.unbind(dim=1)  # A of (B,)
    told = balance or Balance()
    nothing = [None] * len(columns)
    counts = nothing if known is None else known.unbind()
    rows = zip(
        logits, columns, told.weights or nothing, told.offsets or nothing, counts, strict=True
    )
    return torch.stack(
        [
            masked_cross_entropy(
                output, column, smoothing=smoothing, weights=weights, offsets=offsets, known=count
            )
            for output, column, weights, offsets, count in rows
        ]
    )
