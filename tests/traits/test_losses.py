"""Masked losses against a loop and scikit-learn."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.metrics import log_loss

from lacunar.traits.losses import losses_per_output, masked_cross_entropy


def batch(n: int, classes: int, unknown: float) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(classes, (n,), generator=generator)
    labels[torch.rand(n, generator=generator) < unknown] = -1
    return 3 * torch.randn(n, classes, generator=generator).double(), labels


@pytest.mark.parametrize("unknown", [0, 0.3, 0.9])
@pytest.mark.parametrize("classes", [2, 11])
def test_the_loss_is_the_mean_over_known_labels(classes: int, unknown: float) -> None:
    logits, labels = batch(40, classes, unknown)
    terms = []
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        if label >= 0:
            terms.append(math.log(sum(math.exp(value) for value in row)) - row[label])
    known = labels >= 0
    found = masked_cross_entropy(logits, labels).item()
    assert found == pytest.approx(sum(terms) / len(terms))
    oracle = log_loss(
        labels[known].numpy(), logits[known].softmax(dim=1).numpy(), labels=range(classes)
    )
    assert found == pytest.approx(oracle)


def test_unknown_labels_pull_at_no_weight() -> None:
    logits, labels = batch(40, 5, 0.5)
    logits.requires_grad_()
    masked_cross_entropy(logits, labels).backward()
    assert not logits.grad[labels < 0].any()
    assert logits.grad[labels >= 0].any(dim=1).all()


def test_a_batch_that_knows_nothing_gives_exactly_zero() -> None:
    logits, labels = batch(8, 3, 1.0)
    logits.requires_grad_()
    loss = masked_cross_entropy(logits, labels)
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(logits.grad, torch.zeros_like(logits))


def test_outputs_have_their_own_masks() -> None:
    first, second = batch(20, 2, 0.5), batch(20, 11, 0.2)
    labels = torch.stack([first[1], second[1]], dim=1)
    found = losses_per_output([first[0], second[0]], labels)
    assert found.tolist() == [masked_cross_entropy(*pair).item() for pair in (first, second)]
