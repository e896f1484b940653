"""Training of several networks, one after another or in parallel worker processes."""

from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path

import numpy as np
import pytest

from lacunar.errors import InputError
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.predict.fitted_model import load_frames
from lacunar.traits.training.history import Epoch
from lacunar.traits.training.workers import (
    NetworkSpec,
    TrainedNetwork,
    TrainingTask,
    train_networks,
)

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def config() -> TraitsConfig:
    return TraitsConfig(height=24, width=16, filters=4, batch=8, max_epochs=2, device="cpu")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("decoded")


@pytest.fixture(scope="module")
def task(people_of_coats: LabelledImages, config: TraitsConfig, cache: Path) -> TrainingTask:
    images = load_frames(people_of_coats, config, cache_dir=cache)
    return TrainingTask(images, people_of_coats.labels, people_of_coats.schema, cache_dir=cache)


@pytest.fixture(scope="module")
def specs(config: TraitsConfig) -> list[NetworkSpec]:
    rows = np.arange(48)
    return [
        NetworkSpec(
            number,
            config.model_copy(update={"seed": number}),
            rows[rows % 3 != number],
            rows[rows % 3 == number],
            None,
            "",
        )
        for number in range(3)
    ]


@pytest.fixture(scope="module")
def alone(task: TrainingTask, specs: list[NetworkSpec]) -> list[TrainedNetwork]:
    return train_networks(task, specs)


def assert_same(found: list[TrainedNetwork], wanted: list[TrainedNetwork]) -> None:
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert one.state.keys() == other.state.keys()
        for name, array in one.state.items():
            assert array.tobytes() == other.state[name].tobytes()
        assert one.history == other.history
        assert all(map(np.array_equal, one.logits, other.logits))


def test_each_network_predicts_its_held_out_images(alone: list[TrainedNetwork]) -> None:
    assert [[logits.shape for logits in one.logits] for one in alone] == [[(16, 3), (16, 2)]] * 3
    assert not np.allclose(alone[0].logits[0], alone[1].logits[0])


def test_the_number_of_threads_changes_nothing_and_is_restored(
    task: TrainingTask, specs: list[NetworkSpec], alone: list[TrainedNetwork]
) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        assert_same(train_networks(task, specs), alone)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.slow
def test_workers_change_nothing_and_report_every_epoch(
    task: TrainingTask, specs: list[NetworkSpec], alone: list[TrainedNetwork]
) -> None:
    reported: list[tuple[int, int]] = []

    def progress(network: int, epoch: Epoch) -> None:
        reported.append((network, epoch.epoch))

    assert_same(train_networks(task, specs, workers=2, progress=progress), alone)
    assert sorted(reported) == [(network, epoch) for network in range(3) for epoch in (1, 2)]
    assert [epoch for network, epoch in reported if network == 0] == [1, 2]


@pytest.mark.slow
def test_an_error_in_a_worker_is_raised(
    task: TrainingTask, specs: list[NetworkSpec], config: TraitsConfig
) -> None:
    wild = [
        NetworkSpec(
            n, config.model_copy(update={"learning_rate": 1e30}), m.fitted, m.held_out, None, ""
        )
        for n, m in enumerate(specs)
    ]
    with pytest.raises(InputError, match="expected a finite loss"):
        train_networks(task, wild, workers=2)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_process_that_is_killed_is_named(task: TrainingTask, specs: list[NetworkSpec]) -> None:
    def kill(network: int, epoch: Epoch) -> None:
        # Epochs that a worker sent before it was killed are still reported.
        for process in multiprocessing.active_children():
            process.kill()

    with pytest.raises(InputError, match=r"trains network \d to live, it ended with status -9"):
        train_networks(task, specs, workers=2, progress=kill)
