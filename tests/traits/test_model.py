from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lacunar.errors import InputError
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.fingerprint import fingerprint
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.schema import Attribute
from lacunar.traits.fit import fit_traits
from lacunar.traits.model import TraitsModel, evaluate_traits, predict_traits
from lacunar.traits.predict.image_files import predict_files


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("decoded")


@pytest.fixture(scope="module")
def model(people_of_coats: LabelledImages, small_config: TraitsConfig, cache: Path) -> TraitsModel:
    return fit_traits(people_of_coats, small_config, test=people_of_coats, cache_dir=cache)


def test_the_labels_of_every_part_are_counted(
    model: TraitsModel, people_of_coats: LabelledImages
) -> None:
    totals = {part: int(counts[0].sum()) for part, counts in model.counts.items()}
    assert totals == {"train": 36, "validation": 12, "test": 48}
    for attribute in range(2):
        both = model.counts["train"][attribute] + model.counts["validation"][attribute]
        assert np.array_equal(both, model.counts["test"][attribute])


def test_both_parts_that_are_not_trained_on_are_evaluated(model: TraitsModel) -> None:
    assert list(model.evaluations) == ["validation", "test"]
    known = [int(confusion.sum()) for confusion in model.evaluations["validation"].confusions]
    assert known == [12, 12 - int(model.counts["validation"][1][0])]
    assert model.versions["torch"].startswith("2.")


def test_evaluating_again_gives_the_same(
    model: TraitsModel, people_of_coats: LabelledImages, cache: Path
) -> None:
    result = evaluate_traits(model, people_of_coats, cache_dir=cache)
    again, confidence, points = result
    assert result.to_frame().equals(again.to_frame())
    assert np.array_equal(points.scores, model.operating_points["test"].scores)
    assert confidence == model.confidences["test"]
    assert np.array_equal(again.intervals, model.evaluations["test"].intervals)
    assert np.array_equal(again.scores, model.evaluations["test"].scores)


def test_probabilities_are_what_the_evaluation_counted(
    model: TraitsModel, people_of_coats: LabelledImages, decoded_coats: ImageArray
) -> None:
    found = predict_traits(model, decoded_coats)
    for position, output in enumerate(found):
        assert np.allclose(output.sum(axis=1), 1)
        truth = people_of_coats.labels[:, position]
        known = truth >= 0
        right = (output.argmax(axis=1) == truth)[known].mean()
        assert right == pytest.approx(model.evaluations["test"].scores[position, 0])


def test_the_same_data_settings_and_seed_give_the_same_model(
    model: TraitsModel, people_of_coats: LabelledImages, small_config: TraitsConfig, cache: Path
) -> None:
    again = fit_traits(people_of_coats, small_config, cache_dir=cache)
    assert again.history == model.history
    assert again.fingerprint == model.fingerprint
    assert all(
        array.tobytes() == again.states[0][name].tobytes()
        for name, array in model.states[0].items()
    )


def test_a_fit_without_torch_says_what_to_install(
    people_of_coats: LabelledImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacunar.traits.environment.find_spec", lambda name: None)
    with pytest.raises(InputError, match="expected PyTorch"):
        fit_traits(people_of_coats)


def test_related_attributes_may_share_their_layer(
    people_of_coats: LabelledImages, small_config: TraitsConfig, cache: Path
) -> None:
    config = small_config.model_copy(update={"network": "shared-dense", "max_epochs": 1})
    fitted = fit_traits(people_of_coats, config, cache_dir=cache)
    assert "dense.1.linear.weight" not in fitted.states[0]


def test_a_checkpoint_is_only_taken_up_with_the_same_settings(
    people_of_coats: LabelledImages, small_config: TraitsConfig, cache: Path, tmp_path: Path
) -> None:
    for seed in (0, 1):
        config = small_config.model_copy(update={"max_epochs": 1, "seed": seed})
        if seed:
            with pytest.raises(InputError, match="another run"):
                fit_traits(people_of_coats, config, cache_dir=cache, checkpoint_dir=tmp_path)
        else:
            fit_traits(people_of_coats, config, cache_dir=cache, checkpoint_dir=tmp_path)


def test_a_fingerprint_sees_labels_and_pixels(
    people_of_coats: LabelledImages, decoded_coats: ImageArray
) -> None:
    labels = people_of_coats.labels.copy()
    labels[0, 0] = -1
    prints = {
        fingerprint(people_of_coats, decoded_coats),
        fingerprint(replace(people_of_coats, labels=labels), decoded_coats),
        fingerprint(people_of_coats, replace(decoded_coats, key="other")),
        fingerprint(replace(people_of_coats, groups=np.arange(48)), decoded_coats),
    }
    assert len(prints) == 4


def test_images_of_one_group_are_not_torn_apart(
    people_of_coats: LabelledImages, small_config: TraitsConfig, cache: Path
) -> None:
    one_group = replace(people_of_coats, groups=np.zeros(48, np.int64))
    with pytest.raises(InputError, match="one that is too large"):
        fit_traits(one_group, small_config, cache_dir=cache)


def test_an_attribute_that_nothing_teaches_is_refused(
    people_of_coats: LabelledImages, small_config: TraitsConfig, cache: Path
) -> None:
    labels = people_of_coats.labels.copy()
    labels[:, 1] = -1
    with pytest.raises(InputError, match="expected labels of hat among the 36 images"):
        fit_traits(replace(people_of_coats, labels=labels), small_config, cache_dir=cache)


def test_data_of_other_classes_are_refused(
    model: TraitsModel, people_of_coats: LabelledImages, cache: Path
) -> None:
    coat, hat = people_of_coats.schema.attributes
    other = replace(people_of_coats.schema, attributes=(coat, Attribute("hat", ("no", "yes"))))
    with pytest.raises(InputError, match="which differ in hat"):
        evaluate_traits(model, replace(people_of_coats, schema=other), cache_dir=cache)
    swapped = replace(people_of_coats.schema, attributes=(hat, coat))
    with pytest.raises(InputError, match="which differ in their order"):
        evaluate_traits(model, replace(people_of_coats, schema=swapped), cache_dir=cache)


def test_images_of_another_frame_are_refused(model: TraitsModel, decoded_coats: ImageArray) -> None:
    narrow = replace(decoded_coats, pixels=decoded_coats.pixels[:, :, :8])
    with pytest.raises(InputError, match=r"expected images of \(24, 16\), got \(24, 8\)"):
        predict_traits(model, narrow)


def test_the_network_makes_the_predictions_and_is_a_copy(
    model: TraitsModel, decoded_coats: ImageArray
) -> None:
    pixels = decoded_coats.read(np.arange(5))
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
    expected = predict_files(model, pixels)
    network = model.network
    with torch.no_grad():
        for output, probabilities in zip(network(images), expected, strict=True):
            np.testing.assert_allclose(output.numpy(), probabilities, rtol=1e-4)
        for weights in network.parameters():
            weights.zero_()
    for output, probabilities in zip(predict_files(model, pixels), expected, strict=True):
        assert np.array_equal(output, probabilities)


def test_a_model_is_pickled_without_restored_networks(
    model: TraitsModel, decoded_coats: ImageArray
) -> None:
    before = pickle.dumps(model)
    frame = model.predict(decoded_coats.read(np.arange(2)))
    assert pickle.dumps(model) == before
    again = pickle.loads(before).predict(decoded_coats.read(np.arange(2)))  # noqa: S301
    assert again.equals(frame)
