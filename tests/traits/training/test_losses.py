"""Masked losses, compared with a loop and with scikit-learn."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.metrics import log_loss
from torch.nn import functional

from lacunar.traits.training.losses import Balance, losses_per_output, masked_cross_entropy


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


def test_unknown_labels_have_no_gradient() -> None:
    logits, labels = batch(40, 5, 0.5)
    logits.requires_grad_()
    masked_cross_entropy(logits, labels).backward()
    assert not logits.grad[labels < 0].any()
    assert logits.grad[labels >= 0].any(dim=1).all()


def test_a_batch_without_known_labels_has_zero_loss() -> None:
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


@pytest.mark.parametrize("smoothing", [0, 0.1])
def test_a_weight_multiplies_the_whole_term_of_a_label(smoothing: float) -> None:
    logits, labels = batch(40, 4, 0.3)
    weights = torch.tensor([0.2, 0.5, 1.5, 4.0])
    terms = []
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        if label >= 0:
            total = math.log(sum(math.exp(value) for value in row))
            smooth = sum(total - value for value in row) / len(row)
            term = (1 - smoothing) * (total - row[label]) + smoothing * smooth
            terms.append(weights[label].item() * term)
    found = masked_cross_entropy(logits, labels, smoothing=smoothing, weights=weights)
    assert found.item() == pytest.approx(sum(terms) / len(terms))


def test_without_smoothing_weights_are_torchs_over_the_number_of_labels() -> None:
    logits, labels = batch(40, 4, 0.3)
    weights = torch.tensor([0.2, 0.5, 1.5, 4.0]).double()
    oracle = functional.cross_entropy(
        logits, labels, weight=weights, ignore_index=-1, reduction="sum"
    )
    found = masked_cross_entropy(logits, labels, weights=weights)
    assert found.item() == pytest.approx(oracle.item() / (labels >= 0).sum().item())


def test_offsets_are_added_to_the_logits() -> None:
    logits, labels = batch(40, 3, 0.3)
    offsets = torch.tensor([0.7, 0.2, 0.1]).log()
    found = masked_cross_entropy(logits, labels, offsets=offsets)
    assert found.item() == pytest.approx(masked_cross_entropy(logits + offsets, labels).item())
    # An offset of all classes alike is none.
    alike = masked_cross_entropy(logits, labels, offsets=torch.full((3,), -2.0))
    assert alike.item() == pytest.approx(masked_cross_entropy(logits, labels).item())


def test_an_adjusted_loss_learns_logits_of_equally_frequent_classes() -> None:
    # One kind of image, 3 labels of a class to 1 of the other: alone they would teach 3 to 1.
    logits = torch.zeros(1, 2, dtype=torch.double, requires_grad=True)
    labels = torch.tensor([0, 0, 0, 1])
    offsets = torch.tensor([0.75, 0.25]).double().log()
    masked_cross_entropy(logits.expand(4, 2), labels, offsets=offsets).backward()
    assert torch.allclose(logits.grad, torch.zeros(1, 2).double(), atol=1e-12)
    logits.grad = None
    masked_cross_entropy(logits.expand(4, 2), labels).backward()
    assert logits.grad[0, 0] < -0.2


def test_unknown_labels_have_no_gradient_in_a_balanced_loss() -> None:
    logits, labels = batch(40, 5, 0.5)
    logits.requires_grad_()
    weights, offsets = torch.linspace(0.1, 3, 5), torch.linspace(-2, -1, 5)
    masked_cross_entropy(logits, labels, weights=weights, offsets=offsets).backward()
    assert not logits.grad[labels < 0].any()
    assert logits.grad[labels >= 0].any(dim=1).all()
    nothing = masked_cross_entropy(logits, torch.full_like(labels, -1), weights=weights)
    assert nothing.item() == 0


def test_outputs_have_their_own_weights_and_offsets() -> None:
    first, second = batch(20, 2, 0.5), batch(20, 4, 0.2)
    labels = torch.stack([first[1], second[1]], dim=1)
    weights = [torch.tensor([0.5, 2.0]), torch.arange(1.0, 5.0)]
    offsets = [torch.tensor([-0.1, -2.0]), torch.arange(-4.0, 0.0)]
    found = losses_per_output([first[0], second[0]], labels, balance=Balance(weights, offsets))
    assert found.tolist() == [
        masked_cross_entropy(*pair, weights=weight, offsets=offset).item()
        for pair, weight, offset in zip((first, second), weights, offsets, strict=True)
    ]
    plain = losses_per_output([first[0], second[0]], labels)
    assert torch.equal(losses_per_output([first[0], second[0]], labels, balance=Balance()), plain)


def test_parts_of_a_batch_sum_to_its_loss() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = [torch.randn(7, classes, generator=generator) for classes in (2, 5)]
    labels = torch.tensor([[0, -1], [-1, -1], [1, 4], [1, 0], [-1, 2], [0, -1], [1, 3]])
    known = (labels >= 0).sum(dim=0)
    parts = [
        losses_per_output([output[rows] for output in logits], labels[rows], known=known)
        for rows in (slice(0, 2), slice(2, 2), slice(2, 7))
    ]
    torch.testing.assert_close(torch.stack(parts).sum(dim=0), losses_per_output(logits, labels))
