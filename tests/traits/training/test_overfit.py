"""A network can overfit a few images, and unknown labels do not change it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lacunar.datasets.people.sample import sample_people, write_people
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import read_layout
from lacunar.traits.data.image_cache import load_images
from lacunar.traits.data.schema import Attribute, Schema
from lacunar.traits.evaluate.metrics import confusion_matrix, scores
from lacunar.traits.networks.source import SourceNetwork
from lacunar.traits.training.history import Epoch
from lacunar.traits.training.loop import TrainingData, train_network
from lacunar.traits.training.losses import losses_per_output

COATS = Schema(
    (Attribute("coat", ("open", "closed", "none")), Attribute("hat", ("off", "on"))),
    image_column="file",
)
N = 6


class LearnedError(Exception):
    """Ends a run that has nothing left to learn."""


@pytest.mark.slow
def test_sixteen_people_can_be_overfitted(tmp_path: Path) -> None:
    write_people(sample_people(n_train=16, n_test=1, seed=5), tmp_path)
    people, _ = read_layout(tmp_path)
    # Training answers are right after ten epochs; the running statistics, which move by a
    # hundredth a batch and start at 1 where variances are far below it, take some 400 batches.
    config = TraitsConfig.of_preset(
        "source",
        height=24,
        width=16,
        batch=4,
        max_epochs=200,
        patience=200,
        dropout=0,
        augmentation=None,
        device="cpu",
    )
    images = load_images(people, height=24, width=16, cache_dir=tmp_path / "cache")
    rows = np.arange(16)

    def progress(epoch: Epoch) -> None:
        if all(accuracy == 1 for accuracy in epoch.validation.accuracies.values()):
            raise LearnedError

    # The same images validate: what is asked is whether they can be learned at all.
    data = TrainingData(images, people.labels, rows, rows)
    assert (people.labels >= 0).any(axis=0).all()
    with pytest.raises(LearnedError):
        train_network(data, people.schema, config, progress=progress)


@st.composite
def hidden(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Labels (N, 2), and which of the first output's to hide; one is left."""
    labels = [[draw(st.integers(0, 2)), draw(st.integers(0, 1))] for _ in range(N)]
    hide = draw(st.lists(st.booleans(), min_size=N, max_size=N).filter(lambda row: not all(row)))
    return np.array(labels), np.array(hide)


def gradients(
    network: SourceNetwork, images: torch.Tensor, labels: np.ndarray
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Losses per output, and the gradient of the first one at every weight that it reaches."""
    losses = losses_per_output(network(images), torch.from_numpy(labels))
    weights = list(network.parameters())
    found = torch.autograd.grad(losses[0], weights, allow_unused=True)
    return losses.detach(), [gradient for gradient in found if gradient is not None]


@given(hidden())
@settings(max_examples=25, deadline=None)
def test_hiding_a_label_is_leaving_its_row_out_of_that_output(
    drawn: tuple[np.ndarray, np.ndarray],
) -> None:
    labels, hide = drawn
    generator = torch.Generator().manual_seed(0)
    # Evaluation: a batch's own mean and variance would tell of the images left out.
    network = SourceNetwork(COATS, height=16, width=16, generator=generator).double().eval()
    images = torch.rand(N, 3, 16, 16, generator=generator, dtype=torch.double)
    masked = labels.copy()
    masked[hide, 0] = -1
    losses, found = gradients(network, images, masked)
    dropped, expected = gradients(network, images[torch.from_numpy(~hide)], labels[~hide])
    assert losses[0].item() == pytest.approx(dropped[0].item(), rel=1e-12)
    assert len(found) == len(expected) > 0
    for left, right in zip(found, expected, strict=True):
        torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-12)
    # The other output does not notice.
    whole, _ = gradients(network, images, labels)
    assert losses[1] == whole[1]


@given(hidden(), st.lists(st.integers(0, 2), min_size=N, max_size=N))
@settings(deadline=None)
def test_hiding_a_label_is_leaving_its_row_out_of_every_figure(
    drawn: tuple[np.ndarray, np.ndarray], answers: list[int]
) -> None:
    labels, hide = drawn
    truth, predicted = labels[:, 0], np.array(answers)
    found = confusion_matrix(np.where(hide, -1, truth), predicted, 3)
    expected = confusion_matrix(truth[~hide], predicted[~hide], 3)
    assert np.array_equal(found, expected)
    assert np.array_equal(scores(found), scores(expected))


def test_a_batch_without_known_labels_moves_no_weight() -> None:
    network = SourceNetwork(COATS, height=16, width=16).train()
    losses = losses_per_output(network(torch.rand(N, 3, 16, 16)), torch.full((N, 2), -1))
    losses.sum().backward()
    assert losses.tolist() == [0, 0]
    for weights in network.parameters():
        assert torch.equal(weights.grad, torch.zeros_like(weights))
