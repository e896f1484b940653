from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import softmax
from sklearn.metrics import log_loss

from lacunar.errors import InputError
from lacunar.traits.config import Augmentation, TraitsConfig
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.schema import Schema
from lacunar.traits.networks.build import restore_networks
from lacunar.traits.networks.inference import predict_logits
from lacunar.traits.training import loop
from lacunar.traits.training.checkpoint import read_checkpoint
from lacunar.traits.training.history import Epoch, Score
from lacunar.traits.training.loop import TrainingData, train_network
from lacunar.traits.training.losses import Balance

Result = tuple[dict[str, np.ndarray], list[Epoch]]


class KilledError(Exception):
    """Raised to interrupt a run."""


@pytest.fixture
def data(people_of_coats: LabelledImages, decoded_coats: ImageArray) -> TrainingData:
    rows = np.arange(48)
    return TrainingData(decoded_coats, people_of_coats.labels, rows[:36], rows[36:])


@pytest.fixture
def run(
    data: TrainingData, people_of_coats: LabelledImages, small_config: TraitsConfig
) -> Callable[..., Result]:
    def run(
        *, kill_after: int | None = None, folder: Path | None = None, **changes: object
    ) -> Result:
        def progress(epoch: Epoch) -> None:
            if epoch.epoch == kill_after:
                raise KilledError

        config = small_config.model_copy(update=changes)
        return train_network(
            data, people_of_coats.schema, config, progress=progress, checkpoint_dir=folder
        )

    return run


def same_bytes(left: Result, right: Result) -> bool:
    return left[1] == right[1] and all(
        array.tobytes() == right[0][name].tobytes() for name, array in left[0].items()
    )


def test_a_killed_run_continues_to_the_same_bytes(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    uninterrupted = run(folder=tmp_path / "whole")
    for killed_after in (1, 2):
        folder = tmp_path / str(killed_after)
        with pytest.raises(KilledError):
            run(kill_after=killed_after, folder=folder)
        with pytest.raises(KilledError):
            run(kill_after=3, folder=folder)
        assert same_bytes(run(folder=folder), uninterrupted)
        whole, taken_up = (read_checkpoint(path, "") for path in (tmp_path / "whole", folder))
        for section in ("network", "average", "kept", "optimiser"):
            expected, found = getattr(whole, section), getattr(taken_up, section)
            assert expected.keys() == found.keys()
            assert all(expected[name].tobytes() == found[name].tobytes() for name in expected)
    assert same_bytes(run(), uninterrupted)


def test_one_cycle_with_averaging_continues_to_the_same_bytes(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    cycle = {
        "network": "stripes",
        "schedule": "one-cycle",
        "averaging": 0.9,
        "weight_decay": 0.05,
        "label_smoothing": 0.1,
        "max_epochs": 3,
        "augmentation": Augmentation(),
    }
    uninterrupted = run(**cycle)
    with pytest.raises(KilledError):
        run(kill_after=1, folder=tmp_path, **cycle)
    assert same_bytes(run(folder=tmp_path, **cycle), uninterrupted)


def test_one_cycle_keeps_the_moving_average(run: Callable[..., Result], tmp_path: Path) -> None:
    cycle = {"schedule": "one-cycle", "averaging": 0.99, "max_epochs": 2}
    state, _ = run(folder=tmp_path, **cycle)
    saved = read_checkpoint(tmp_path, "")
    assert saved is not None
    name = "heads.0.weight"
    assert np.array_equal(state[name], saved.average[name])
    assert not np.array_equal(state[name], saved.network[name])


def test_a_finished_run_is_not_trained_again(run: Callable[..., Result], tmp_path: Path) -> None:
    finished = run(folder=tmp_path)
    before = (tmp_path / "checkpoint.safetensors").stat().st_mtime_ns
    assert same_bytes(run(folder=tmp_path, kill_after=1), finished)
    assert (tmp_path / "checkpoint.safetensors").stat().st_mtime_ns == before


def test_a_run_depends_only_on_its_seed(run: Callable[..., Result]) -> None:
    first = run(max_epochs=2)
    torch.rand(5)
    np.random.default_rng().random()
    torch.manual_seed(77)
    before = torch.get_rng_state()
    assert same_bytes(run(max_epochs=2), first)
    assert torch.equal(torch.get_rng_state(), before)
    assert not same_bytes(run(max_epochs=2, seed=1), first)


def test_the_history_is_written_with_seconds(run: Callable[..., Result], tmp_path: Path) -> None:
    _, history = run(folder=tmp_path, max_epochs=2)
    rows = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [Epoch.from_dict(row) for row in rows] == history
    assert all(row["seconds"] > 0 for row in rows)
    assert set(rows[0]["validation"]["losses"]) == {"coat", "hat"}


@pytest.fixture
def say_losses(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Replace the validation losses of a run, which rounding might otherwise change."""
    score = loop._score

    def say(*losses: float) -> None:
        said = iter(losses)

        def scripted(
            schema: Schema, logits: list[torch.Tensor], labels: torch.Tensor, balance: Balance
        ) -> Score:
            found = score(schema, logits, labels, balance)
            return replace(found, loss=next(said)) if len(labels) == 12 else found

        monkeypatch.setattr(loop, "_score", scripted)

    return say


def test_the_weights_are_those_of_the_best_epoch(
    run: Callable[..., Result], say_losses: Callable[..., None], tmp_path: Path
) -> None:
    until_then, _ = run(max_epochs=2)
    for folder in (None, tmp_path):
        say_losses(3, 1, 2, 1)
        state, history = run(max_epochs=4, folder=folder)
        assert [epoch.validation.loss for epoch in history] == [3, 1, 2, 1]
        assert all(np.array_equal(state[name], until_then[name]) for name in until_then)


def test_a_continued_run_keeps_the_best_weights(
    run: Callable[..., Result], say_losses: Callable[..., None], tmp_path: Path
) -> None:
    until_then, _ = run(max_epochs=1)
    say_losses(1, 3, 2, 4)
    with pytest.raises(KilledError):
        run(folder=tmp_path, kill_after=2)
    state, _ = run(folder=tmp_path)
    assert all(np.array_equal(state[name], until_then[name]) for name in until_then)


def test_training_stops_after_patience(
    run: Callable[..., Result], say_losses: Callable[..., None]
) -> None:
    say_losses(3, 1, 2, 2, 2, 2)
    _, history = run(max_epochs=60, patience=3)
    assert len(history) == 5


def test_a_network_learns_colours_and_halves(run: Callable[..., Result]) -> None:
    _, history = run(max_epochs=40, learning_rate=3e-3, patience=40)
    accuracies = min(history, key=lambda epoch: epoch.validation.loss).validation.accuracies
    assert accuracies["coat"] == 1
    assert accuracies["hat"] is not None
    assert accuracies["hat"] > 0.8


def test_unknown_labels_do_not_change_the_weights(
    data: TrainingData, people_of_coats: LabelledImages, small_config: TraitsConfig
) -> None:
    labels = data.labels.copy()
    labels[:, 1] = -1
    config = small_config.model_copy(update={"max_epochs": 1})
    blind = TrainingData(data.images, labels, data.train, data.validation)
    state, history = train_network(blind, people_of_coats.schema, config)
    score = history[0].train
    assert score.losses["hat"] == 0
    assert score.accuracies["hat"] is None
    assert score.loss == score.losses["coat"]
    assert not state["heads.1.bias"].any()


def test_without_weights_and_adjustment_the_losses_are_the_plain_ones(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    smoothed = {"max_epochs": 2, "label_smoothing": 0.1}
    found = run(class_weights=0.0, logit_adjustment=0.0, **smoothed)

    def plain(
        logits: list[torch.Tensor],
        labels: torch.Tensor,
        *,
        smoothing: float = 0.0,
        balance: Balance | None = None,
        known: torch.Tensor | None = None,
    ) -> torch.Tensor:
        told = []
        for output, column in zip(logits, labels.unbind(dim=1), strict=True):
            total = torch.nn.functional.cross_entropy(
                output, column, ignore_index=-1, reduction="sum", label_smoothing=smoothing
            )
            told.append(total / (column >= 0).sum().clamp(min=1))
        return torch.stack(told)

    monkeypatch.setattr(loop, "losses_per_output", plain)
    assert same_bytes(run(**smoothed), found)


def few_closed(labels: np.ndarray) -> np.ndarray:
    """Labels of which three in four closed coats are unknown."""
    found = labels.copy()
    found[(labels[:, 0] == 1) & (np.arange(len(labels)) % 4 > 0), 0] = -1
    return found


@pytest.fixture
def run_rare(
    data: TrainingData, people_of_coats: LabelledImages, small_config: TraitsConfig
) -> Callable[..., Result]:
    """An epoch on data of few closed coats; labels of some rows may be made all of one class."""

    def run_rare(flattened: np.ndarray | None = None, **changes: object) -> Result:
        labels = few_closed(data.labels)
        if flattened is not None:
            labels[flattened] = 0
        config = small_config.model_copy(update={"max_epochs": 1, **changes})
        rare = TrainingData(data.images, labels, data.train, data.validation)
        return train_network(rare, people_of_coats.schema, config)

    return run_rare


@pytest.mark.parametrize("option", ["class_weights", "logit_adjustment"])
def test_class_weights_and_logit_adjustment_change_the_weights(
    run_rare: Callable[..., Result], option: str
) -> None:
    assert not same_bytes(run_rare(**{option: 1.0}), run_rare())


def test_class_weights_come_from_training_labels_only(
    data: TrainingData, run_rare: Callable[..., Result]
) -> None:
    both = {"class_weights": 1.0, "logit_adjustment": 1.0}
    found, others, own = (
        run_rare(rows, **both)[0]["heads.0.weight"] for rows in (None, data.validation, data.train)
    )
    assert np.array_equal(others, found)
    assert not np.array_equal(own, found)


@pytest.mark.parametrize(
    "changes",
    [
        {"class_weights": 1.0},
        {"logit_adjustment": 0.5},
        {"logit_adjustment": 0.5, "label_smoothing": 0.1},
    ],
)
def test_losses_of_the_history_undo_the_logit_adjustment(
    data: TrainingData,
    people_of_coats: LabelledImages,
    small_config: TraitsConfig,
    run_rare: Callable[..., Result],
    changes: dict[str, float],
) -> None:
    state, history = run_rare(**changes)
    config = small_config.model_copy(update=changes)
    network = restore_networks(config, people_of_coats.schema, [state]).networks[0]
    (told, _) = predict_logits(network, data.images, data.validation)
    coats = few_closed(data.labels)[:, 0]
    counts = np.bincount(coats[data.train] + 1)[1:] + 1
    known = coats[data.validation] >= 0
    truth, told = coats[data.validation][known], told[known].astype(float)
    shares = (1 - config.label_smoothing) * counts / counts.sum() + config.label_smoothing / 3
    given_back = config.logit_adjustment * np.log(shares)
    oracle = log_loss(truth, softmax(told + given_back, axis=1), labels=range(3))
    score = history[0].validation
    assert score.losses["coat"] == pytest.approx(oracle, rel=1e-5)
    assert score.accuracies["coat"] == pytest.approx((told.argmax(axis=1) == truth).mean())


def test_a_last_batch_of_one_image_is_trained_on_too(run: Callable[..., Result]) -> None:
    _, history = run(max_epochs=1, batch=35)
    assert np.isfinite(history[0].train.loss)


def test_training_works_without_augmentation(run: Callable[..., Result]) -> None:
    still, moved = run(max_epochs=1, augmentation=None), run(max_epochs=1)
    assert not same_bytes(still, moved)


def test_bfloat16_is_used_where_it_is_chosen(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = run(max_epochs=1, network="stripes")
    monkeypatch.setattr(loop, "choose_precision", lambda name, device: torch.bfloat16)
    coarse = run(max_epochs=1, network="stripes")
    assert not same_bytes(coarse, exact)
    assert coarse[1][0].train.loss == pytest.approx(exact[1][0].train.loss, rel=0.05)
    assert all(array.dtype == np.float32 for array in coarse[0].values())


def test_double_precision_trains_the_same_network(run: Callable[..., Result]) -> None:
    single, double = run(max_epochs=1), run(max_epochs=1, precision="float64")
    assert not same_bytes(double, single)
    assert double[1][0].train.loss == pytest.approx(single[1][0].train.loss, rel=1e-2)
    assert all(array.dtype == np.float32 for array in double[0].values())


def test_a_loss_that_is_not_finite_is_an_error(run: Callable[..., Result]) -> None:
    with pytest.raises(InputError, match=r"finite loss, got \w+ in epoch \d"):
        run(learning_rate=1e30)


_RUN = """
import os, sys
from pathlib import Path
import numpy as np, torch
from lacunar.traits.data.image_cache import load_images
from lacunar.traits.config import Augmentation, TraitsConfig
from lacunar.traits.data.dataset import read_dataset
from lacunar.traits.training.loop import TrainingData, train_network
torch.set_num_threads(1)
source, cache, folder, kill_after = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
dataset = read_dataset(source)
config = TraitsConfig.of_preset(
    "source", height=24, width=16, batch=8, max_epochs=3, device="cpu"
)
images = load_images(dataset, height=24, width=16, cache_dir=cache)
rows = np.arange(48)
state, _ = train_network(
    TrainingData(images, dataset.labels, rows[:36], rows[36:]), dataset.schema, config,
    progress=lambda epoch: os._exit(9) if str(epoch.epoch) == kill_after else None,
    checkpoint_dir=Path(folder),
)
import hashlib
print(hashlib.sha256(b"".join(state[name].tobytes() for name in sorted(state))).hexdigest())
"""


@pytest.mark.slow
def test_another_process_continues_after_a_kill(
    people_of_coats: LabelledImages, tmp_path: Path
) -> None:
    source = tmp_path / "coats"
    shutil.copytree(people_of_coats.source.parent, source)
    (source / "schema.toml").write_text(
        'image_column = "file"\n'
        '[[attributes]]\nname = "coat"\nclasses = ["open", "closed", "none"]\n'
        '[[attributes]]\nname = "hat"\nclasses = ["off", "on"]\n'
    )

    def process(folder: str, kill_after: str = "") -> subprocess.CompletedProcess[str]:
        arguments = [str(source), str(tmp_path / "cache"), str(tmp_path / folder), kill_after]
        return subprocess.run(
            [sys.executable, "-c", _RUN, *arguments], capture_output=True, text=True, check=False
        )

    whole = process("whole")
    assert whole.returncode == 0, whole.stderr
    assert process("killed", "1").returncode == 9
    assert process("killed", "2").returncode == 9
    assert process("killed").stdout == whole.stdout
