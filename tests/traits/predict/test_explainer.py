from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lacunar.errors import InputError
from lacunar.traits.confidence.calibrator import Calibrator
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.image_cache import load_images
from lacunar.traits.data.image_sources import ImageFile
from lacunar.traits.model import TraitsModel, predict_traits
from lacunar.traits.networks.build import restore_networks
from lacunar.traits.networks.device import as_images
from lacunar.traits.predict.activation_maps import ensemble_maps
from lacunar.traits.predict.explainer import (
    Explainer,
    explain_files,
    explain_images,
    explained_samples,
)
from lacunar.traits.predict.torch_predictor import TorchTraits
from lacunar.traits.predict.training_samples import draw_samples


def file(path: Path) -> ImageFile:
    return ImageFile(path.name, path, str(path))


def test_answers_are_those_of_prediction(people_model: TraitsModel, people: LabelledImages) -> None:
    images = load_images(people, height=40, width=24)
    limits = (None, 0.0, *people_model.calibrator.thresholds[2:])
    model = replace(
        people_model, calibrator=Calibrator(people_model.calibrator.temperatures, limits)
    )
    # More than a batch, so that the second one must line up as well.
    explained = explain_images(model, np.concatenate([images.pixels[:20]] * 2))
    assert len(explained) == 40
    outputs = predict_traits(model, images)
    kept_back = set()
    for row, answers in enumerate(explained):
        assert [answer.attribute for answer in answers] == list(model.schema.names)
        for answer, output, attribute, limit in zip(
            answers, outputs, model.schema.attributes, limits, strict=True
        ):
            expected = output[row % 20]
            assert answer.label == attribute.classes[expected.argmax()]
            assert answer.probability == pytest.approx(expected.max(), abs=1e-5)
            assert answer.abstain is (limit is None or answer.probability < limit)
            kept_back.add(answer.abstain)
    assert kept_back == {True, False}


def test_maps_are_those_of_the_networks_together(
    people_model: TraitsModel, people: LabelledImages
) -> None:
    pixels = load_images(people, height=40, width=24).pixels[:3]
    networks = restore_networks(people_model.config, people_model.schema, people_model.states)
    _, maps = ensemble_maps(networks, as_images(np.array(pixels), torch.device("cpu")))
    for row, answers in enumerate(explain_images(people_model, np.array(pixels))):
        for answer, expected in zip(answers, maps, strict=True):
            assert np.array_equal(answer.heat_map, expected[row])


def test_another_frame_is_refused(people_model: TraitsModel) -> None:
    with pytest.raises(InputError, match=r"expected images of \(40, 24\), got \(24, 40\)"):
        explain_images(people_model, np.zeros((1, 24, 40, 3), np.uint8))


def test_no_image_has_no_explanation(people_model: TraitsModel) -> None:
    assert explain_images(people_model, np.zeros((0, 40, 24, 3), np.uint8)) == []


def test_files_that_cannot_be_read_are_passed_over_and_no_more_are_told_than_asked(
    people_model: TraitsModel, people: LabelledImages, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_text("hello")
    paths = [broken, people.paths[0], tmp_path / "none.png", *people.paths[1:4]]
    found = explain_files(people_model, paths, at_most=3)
    assert [image.name for image in found] == [str(path) for path in people.paths[:3]]
    expected = load_images(people, height=40, width=24).pixels[:3]
    assert np.array_equal(np.stack([image.pixels for image in found]), expected)


@pytest.mark.parametrize(("fit", "aspect"), [("stretch", 3.0), ("pad", 0.6)])
def test_only_what_was_stretched_is_to_be_shown_otherwise_than_in_the_frame(
    people_model: TraitsModel, tmp_path: Path, fit: str, aspect: float
) -> None:
    Image.new("RGB", (60, 20), (200, 0, 0)).save(tmp_path / "wide.png")
    config = people_model.config.model_copy(update={"fit": fit})
    (found,) = explain_files(
        replace(people_model, config=config), [file(tmp_path / "wide.png")], at_most=1
    )
    assert found.aspect == pytest.approx(aspect)
    assert found.pixels.shape == (40, 24, 3)
    assert bool(found.pixels[0].any()) is (fit == "stretch")


def test_many_threads_that_ask_one_explainer_get_each_its_own_maps(
    people_model: TraitsModel, people: LabelledImages
) -> None:
    pixels = np.array(load_images(people, height=40, width=24).pixels)
    explainer = Explainer(TorchTraits(people_model))
    alone = [explainer.explain(pixels[row : row + 1])[0] for row in range(12)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(explainer.explain, [pixels[r : r + 1] for r in range(12)]))
    for expected, (found,) in zip(alone, together, strict=True):
        for one, other in zip(expected, found, strict=True):
            assert np.allclose(one.heat_map, other.heat_map, atol=1e-5)
            assert one.probability == pytest.approx(other.probability, abs=1e-6)


def test_samples_are_the_training_images_that_are_drawn(
    people_model: TraitsModel, people: LabelledImages
) -> None:
    rows, pixels = draw_samples(people_model, people, 4)
    found = explained_samples(people_model, people, n_images=4)
    assert [image.name for image in found] == [people.names[row] for row in rows]
    assert np.array_equal(np.stack([image.pixels for image in found]), pixels)
    labels = people.labels.copy()
    labels[0, 0] = -1
    with pytest.raises(InputError, match="that the model was fitted to"):
        explained_samples(people_model, replace(people, labels=labels))


def test_torch_is_asked_for_only_to_explain() -> None:
    code = "import sys, lacunar.traits.predict.explainer; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
