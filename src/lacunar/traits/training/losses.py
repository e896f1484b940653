"""Masked cross-entropy: unknown labels are left out, classes may be weighted or adjusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from lacunar.traits.data.schema import UNKNOWN


@dataclass(frozen=True, slots=True)
class Balance:
    """Class weights and logit offsets of the losses of A outputs.

    Parameters
    ----------
    weights : sequence of A Tensors of shape (C_a,), optional
        Weights of the labels of each class.
    offsets : sequence of A Tensors of shape (C_a,), optional
        Offsets that are added to the logits.
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
        Index of the class; -1 where unknown.
    smoothing : float
        Label smoothing (Szegedy et al. 2016): share of each label spread over all classes.
    weights : Tensor of shape (C,), optional
        Factor of the whole term of a label, by its class. The sum is still divided by the number of
        known labels, so that a label counts equally in every batch.
    offsets : Tensor of shape (C,), optional
        Added to the logits: with ``tau`` times the logarithms of the classes' shares, the
        logit-adjusted loss of Menon et al., Long-tail learning via logit adjustment, 2021,
        equation 10.
    known : int64 Tensor of shape (), optional
        Number of known labels that the sum is divided by, if these rows are part of a larger
        batch. Default: the known labels of these rows.

    Returns
    -------
    Tensor of shape ()
        In nats. Exactly 0, with gradient 0, if no label is known.

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
        # Torch's own weights would change the smoothing of each class.
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
    """Masked cross-entropy of every output; training minimises their sum.

    Parameters
    ----------
    logits : sequence of A Tensors of shape (B, C_a)
    labels : int64 Tensor of shape (B, A)
    smoothing : float
        See :func:`masked_cross_entropy`.
    balance : Balance, optional
    known : int64 Tensor of shape (A,), optional
        Numbers of known labels of the whole batch; see :func:`masked_cross_entropy`.

    Returns
    -------
    Tensor of shape (A,)
    """
    columns = labels.unbind(dim=1)  # A of (B,)
    balance = balance or Balance()
    absent = [None] * len(columns)
    counts = absent if known is None else known.unbind()
    rows = zip(
        logits, columns, balance.weights or absent, balance.offsets or absent, counts, strict=True
    )
    return torch.stack(
        [
            masked_cross_entropy(
                output, column, smoothing=smoothing, weights=weights, offsets=offsets, known=count
            )
            for output, column, weights, offsets, count in rows
        ]
    )
