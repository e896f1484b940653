"""Cross-validated networks, and ensembles of networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from lacunar.errors import InputError
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.fit import fit_traits, remove_checkpoints
from lacunar.traits.model import TraitsModel, evaluate_traits, predict_traits
from lacunar.traits.networks import device
from lacunar.traits.networks.inference import probabilities
from lacunar.traits.networks.pretrained import read_start
from lacunar.traits.predict.fitted_model import load_frames
from lacunar.traits.training.distributed import ProcessGroup
from lacunar.traits.training.history import Epoch


@pytest.fixture(scope="module")
def config() -> TraitsConfig:
    return TraitsConfig(height=24, width=16, batch=8, max_epochs=3, folds=3, refit=0, device="cpu")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("decoded")


@pytest.fixture(scope="module")
def model(people_of_coats: LabelledImages, config: TraitsConfig, cache: Path) -> TraitsModel:
    return fit_traits(people_of_coats, config, test=people_of_coats, cache_dir=cache)


def test_every_image_is_held_out_of_one_network(
    model: TraitsModel, people_of_coats: LabelledImages
) -> None:
    assert len(model.states) == len(model.histories) == 3
    assert [logits.shape for logits in model.out_of_fold.logits] == [(1, 48, 3), (1, 48, 2)]
    assert all(np.isfinite(logits).all() for logits in model.out_of_fold.logits)
    known = [int(confusion.sum()) for confusion in model.evaluations["out-of-fold"].confusions]
    assert known == (people_of_coats.labels >= 0).sum(axis=0).tolist()
    assert {part: int(counts[0].sum()) for part, counts in model.counts.items()} == {
        "train": 48,
        "test": 48,
    }


def test_networks_differ_and_the_model_predicts_their_mean(
    model: TraitsModel, people_of_coats: LabelledImages, cache: Path
) -> None:
    from lacunar.traits.networks.build import restore_networks
    from lacunar.traits.networks.inference import predict_logits

    images = load_frames(people_of_coats, model.config, cache_dir=cache)
    alone = [
        probabilities(predict_logits(restore_networks(model.config, model.schema, [state]), images))
        for state in model.states
    ]
    assert not np.allclose(alone[0][0], alone[1][0])
    for output, found in enumerate(predict_traits(model, images)):
        mean = np.mean([each[output] for each in alone], axis=0)
        tempered = mean ** (1 / model.calibrator.temperatures[output])
        tempered /= tempered.sum(axis=1, keepdims=True)
        assert np.allclose(found, tempered, atol=1e-5)


def test_out_of_fold_logits_are_those_of_the_networks(
    model: TraitsModel, people_of_coats: LabelledImages, cache: Path
) -> None:
    from lacunar.traits.networks.build import restore_networks
    from lacunar.traits.networks.inference import predict_logits

    images = load_frames(people_of_coats, model.config, cache_dir=cache)
    alone = [
        predict_logits(restore_networks(model.config, model.schema, [state]), images)[0]
        for state in model.states
    ]
    for row, logits in enumerate(model.out_of_fold.logits[0][0]):
        assert any(np.allclose(logits, each[row], atol=1e-5) for each in alone)


def test_without_folds_only_the_validation_images_are_held_out(
    people_of_coats: LabelledImages, small_config: TraitsConfig, cache: Path
) -> None:
    config = small_config.model_copy(update={"max_epochs": 1})
    model = fit_traits(people_of_coats, config, cache_dir=cache)
    assert len(model.out_of_fold.rows) == 12
    others = np.setdiff1d(np.arange(48), model.out_of_fold.rows)
    assert not np.isfinite(model.out_of_fold.logits[0][:, others]).any()
    assert list(model.counts) == ["train", "validation"]


def test_a_killed_fit_continues_in_the_same_network(
    model: TraitsModel,
    people_of_coats: LabelledImages,
    config: TraitsConfig,
    cache: Path,
    tmp_path: Path,
) -> None:
    def die(network: int, epoch: Epoch) -> None:
        if (network, epoch.epoch) == (1, 2):
            raise KeyboardInterrupt

    folder = tmp_path / "checkpoint"
    with pytest.raises(KeyboardInterrupt):
        fit_traits(people_of_coats, config, progress=die, checkpoint_dir=folder, cache_dir=cache)
    trained: list[tuple[int, int]] = []
    again = fit_traits(
        people_of_coats,
        config,
        progress=lambda network, epoch: trained.append((network, epoch.epoch)),
        checkpoint_dir=folder,
        cache_dir=cache,
    )
    assert trained == [(1, 3), (2, 1), (2, 2), (2, 3)]
    for one, other in zip(model.states, again.states, strict=True):
        assert all(one[name].tobytes() == other[name].tobytes() for name in one)
    remove_checkpoints(folder)
    assert not folder.exists()


def test_too_few_images_for_the_folds_are_refused(
    people_of_coats: LabelledImages, config: TraitsConfig, cache: Path
) -> None:
    few = people_of_coats.take(np.arange(5))
    with pytest.raises(InputError, match="at least 6 images for 3 folds, got 5"):
        fit_traits(few, config, cache_dir=cache)


def test_some_images_of_a_data_set_are_a_data_set(
    model: TraitsModel, people_of_coats: LabelledImages, cache: Path
) -> None:
    rows = np.arange(0, 48, 2)
    half = people_of_coats.take(rows)
    assert half.names == people_of_coats.names[::2]
    assert np.array_equal(half.labels, people_of_coats.labels[rows])
    assert half.where(1).endswith(people_of_coats.names[2])
    found = evaluate_traits(model, half, cache_dir=cache).evaluation
    assert int(found.confusions[0].sum()) == 24


def test_with_ten_folds_each_image_is_held_out_of_two_networks(
    people_of_coats: LabelledImages, config: TraitsConfig, cache: Path
) -> None:
    ten = config.model_copy(update={"folds": 10, "max_epochs": 1})
    model = fit_traits(people_of_coats, ten, cache_dir=cache)
    assert len(model.states) == 10
    assert [logits.shape for logits in model.out_of_fold.logits] == [(2, 48, 3), (2, 48, 2)]
    assert all(np.isfinite(logits).all() for logits in model.out_of_fold.logits)
    first, second = model.out_of_fold.logits[0]
    assert not np.allclose(first, second)


def test_a_part_has_a_confidence_for_each_attribute(model: TraitsModel) -> None:
    assert list(model.confidences) == list(model.evaluations) == ["out-of-fold", "test"]
    for part, found in model.confidences.items():
        assert [one.name for one in found] == ["coat", "hat"]
        accuracies = model.evaluations[part].scores[:-1, 0]
        assert [one.accuracy for one in found] == pytest.approx(accuracies.tolist())


def test_refit_is_refused_if_validation_chooses_the_epoch(
    people_of_coats: LabelledImages, config: TraitsConfig, cache: Path
) -> None:
    choosing = config.model_copy(update={"schedule": "constant", "max_epochs": 2})
    found = fit_traits(people_of_coats, choosing, cache_dir=cache)
    assert len(found.states) == len(found.histories) == 3
    with pytest.raises(InputError, match="refit: expected 0 where images choose the epoch"):
        fit_traits(people_of_coats, choosing.model_copy(update={"refit": 1}), cache_dir=cache)
    assert TraitsConfig.of_preset("source", folds=3).n_networks == 3


def test_refitted_networks_predict_and_the_others_validate(
    people_of_coats: LabelledImages, config: TraitsConfig, cache: Path, model: TraitsModel
) -> None:
    refitted = fit_traits(people_of_coats, config.model_copy(update={"refit": 2}), cache_dir=cache)
    assert (len(refitted.states), len(refitted.histories)) == (2, 3)
    assert np.array_equal(refitted.out_of_fold.logits[0], model.out_of_fold.logits[0])
    assert refitted.out_of_fold.n_networks == 2
    name = "heads.0.weight"
    assert not any(np.array_equal(refitted.states[0][name], state[name]) for state in model.states)


def test_every_evaluated_part_has_its_operating_points(model: TraitsModel) -> None:
    assert list(model.operating_points) == list(model.evaluations)
    for part, points in model.operating_points.items():
        assert points.as_answered == points.taus[0] == 0
        assert np.array_equal(points.scores[0], model.evaluations[part].scores)


def test_an_adjusted_model_predicts_at_its_own_tau(
    people_of_coats: LabelledImages, config: TraitsConfig, cache: Path
) -> None:
    adjusted = config.model_copy(update={"max_epochs": 1, "logit_adjustment": 0.75})
    model = fit_traits(people_of_coats, adjusted, test=people_of_coats, cache_dir=cache)
    assert model.shares.tau == 0.75
    for part, points in model.operating_points.items():
        assert points.taus == (0, 0.25, 0.5, 0.75, 1)
        own = points.scores[points.taus.index(points.as_answered)]
        assert np.array_equal(own, model.evaluations[part].scores)


def test_shares_are_those_of_the_labels_that_weights_were_fitted_to(
    people_of_coats: LabelledImages, small_config: TraitsConfig, cache: Path, model: TraitsModel
) -> None:
    one = fit_traits(
        people_of_coats, small_config.model_copy(update={"max_epochs": 1}), cache_dir=cache
    )
    fitted = np.setdiff1d(np.arange(48), one.out_of_fold.rows)
    for found, rows in ((one, fitted), (model, np.arange(48))):
        hats = people_of_coats.labels[rows, 1]
        n = np.bincount(hats[hats >= 0])
        smoothing = found.config.label_smoothing
        plain = (n + 1) / (n.sum() + 2)
        assert found.shares.shares[1] == pytest.approx((1 - smoothing) * plain + smoothing / 2)
    assert (one.config.label_smoothing, model.config.label_smoothing) == (0, 0.05)


def still(config: TraitsConfig, **changes: object) -> TraitsConfig:
    """Settings of a fit that hardly changes its weights."""
    options = {"folds": 0, "max_epochs": 1, "learning_rate": 1e-12, "weight_decay": 0.0}
    return config.model_copy(update=options | changes)


def test_networks_start_from_pretrained_weights_by_default(
    people: LabelledImages, config: TraitsConfig, cache: Path
) -> None:
    known = fit_traits(people, still(config), cache_dir=cache)
    drawn = fit_traits(people, still(config, start="random"), cache_dir=cache)
    weights = read_start("pedestrians")
    assert known.start == weights.start_for(people.schema)
    assert known.start.attributes == people.schema.names
    assert drawn.start is None
    for name in ("far.1.0.weight", "heads.3.weight", "colour_heads.2.weight", "attention.weight"):
        np.testing.assert_allclose(known.states[0][name], weights.arrays[name], atol=1e-6)
        assert not np.allclose(drawn.states[0][name], weights.arrays[name], atol=1e-2)


def test_attributes_without_pretrained_weights_are_left_out_of_start(
    model: TraitsModel, people_of_coats: LabelledImages
) -> None:
    assert model.start is not None
    assert model.start.attributes == ()
    assert model.start.digest == read_start("pedestrians").digest


def test_processes_compare_devices_and_precision(
    people_of_coats: LabelledImages,
    config: TraitsConfig,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: dict[str, object] = {}

    def check_same(processes: ProcessGroup, given: dict[str, object]) -> None:
        compared.update(given)
        raise InterruptedError

    monkeypatch.setattr(ProcessGroup, "check_same", check_same)
    automatic = config.model_copy(update={"device": "auto"})
    for kind_of_device, precision, told in (
        ("cpu", "float32", "cpu in float32"),
        ("cuda", "bfloat16", "cuda in bfloat16"),
    ):
        monkeypatch.setattr(
            device, "choose_device", lambda name, at=kind_of_device: torch.device(at)
        )
        monkeypatch.setattr(
            device, "choose_precision", lambda *_, kind=precision: getattr(torch, kind)
        )
        with pytest.raises(InterruptedError):
            fit_traits(people_of_coats, automatic, cache_dir=cache)
        assert compared["devices"] == told
    assert compared["test images"] == "none"
    assert set(compared) >= {"settings", "versions of libraries", "training labels"}
