from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.store.traits import save_traits
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.image_sources import ImageContent
from lacunar.traits.data.images import fit_into
from lacunar.traits.model import TraitsModel, predict_traits
from lacunar.traits.predict.fitted_model import fitted_frames
from lacunar.traits.predict.to_json import predictions_document
from lacunar.traits.predict.torch_predictor import TorchTraits
from lacunar.web.traits_service import AnsweredImage, TraitsService

Photo = Callable[..., bytes]


@pytest.fixture
def contents(people: LabelledImages) -> list[ImageContent]:
    return [
        ImageContent(name, path.read_bytes())
        for name, path in zip(people.names, people.paths, strict=True)
    ]


def test_answers_are_those_of_the_model(
    explaining_service: TraitsService,
    people_model: TraitsModel,
    people: LabelledImages,
    contents: list[ImageContent],
) -> None:
    expected = predictions_document(
        people_model.schema,
        people.names,
        predict_traits(people_model, fitted_frames(people_model, people)),
        people_model.calibrator.thresholds,
    )
    found = explaining_service.predict(contents)
    assert found["broken"] == []
    for one, other in zip(found["predictions"], expected["predictions"], strict=True):
        assert one["image"] == other["image"]
        for name, answer in one["attributes"].items():
            assert answer["label"] == other["attributes"][name]["label"]
            assert answer["abstain"] == other["attributes"][name]["abstain"]
            assert answer["probability"] == pytest.approx(
                other["attributes"][name]["probability"], abs=1e-5
            )


def test_a_broken_image_keeps_its_turn_and_the_others_their_answers(
    explaining_service: TraitsService, contents: list[ImageContent]
) -> None:
    mixed = [contents[0], ImageContent("torn.png", b"hello"), contents[1]]
    alone = explaining_service.answer(contents[:2], heat_maps=True)
    first, broken, last = explaining_service.answer(mixed, heat_maps=True)
    assert not isinstance(broken, AnsweredImage)
    assert broken["image"] == "torn.png"
    assert broken["reason"].startswith("torn.png: expected a JPEG")
    for one, other in zip((first, last), alone, strict=True):
        assert isinstance(one, AnsweredImage)
        assert isinstance(other, AnsweredImage)
        assert one.prediction == other.prediction
        for answer, same in zip(one.image.answers, other.image.answers, strict=True):
            assert np.array_equal(answer.heat_map, same.heat_map)


def test_places_are_told_only_on_request(
    explaining_service: TraitsService, contents: list[ImageContent]
) -> None:
    (without,) = explaining_service.answer(contents[:1], heat_maps=False)
    (told,) = explaining_service.answer(contents[:1], heat_maps=True)
    assert isinstance(without, AnsweredImage)
    assert isinstance(told, AnsweredImage)
    assert without.image.answers == ()
    assert without.prediction == told.prediction
    labels = [answer["label"] for answer in told.prediction["attributes"].values()]
    assert [answer.label for answer in told.image.answers] == labels


def test_an_onnx_file_answers_as_its_model_and_tells_no_places(
    people_onnx: Path, explaining_service: TraitsService, contents: list[ImageContent]
) -> None:
    service = TraitsService.load(people_onnx)
    assert (service.model, service.explainer) == (None, None)
    found, expected = service.predict(contents[:5]), explaining_service.predict(contents[:5])
    for one, other in zip(found["predictions"], expected["predictions"], strict=True):
        for name, answer in one["attributes"].items():
            assert answer["label"] == other["attributes"][name]["label"]
            assert answer["probability"] == pytest.approx(
                other["attributes"][name]["probability"], abs=1e-4
            )
    (told,) = service.answer(contents[:1], heat_maps=True)
    assert isinstance(told, AnsweredImage)
    assert told.image.answers == ()


def test_a_directory_is_loaded_with_its_audit_and_few_threads(
    folded_model: TraitsModel, people_directory: Path, decoded_images: Path, tmp_path: Path
) -> None:
    save_traits(folded_model, tmp_path / "model")
    before = torch.get_num_threads()
    try:
        service = TraitsService.load(
            tmp_path / "model", data=people_directory, cache_dir=decoded_images
        )
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
    assert service.name == "model"
    assert service.audit is not None
    assert service.audit.unjudged == ""


def test_a_model_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for name in ("none", "none.onnx"):
        with pytest.raises(InputError, match=name):
            TraitsService.load(tmp_path / name)


def test_many_threads_get_the_answers_of_one(
    explaining_service: TraitsService, contents: list[ImageContent]
) -> None:
    def ask(start: int) -> list[AnsweredImage]:
        told = explaining_service.answer(contents[start : start + 3], heat_maps=start % 2 == 0)
        return [one for one in told if isinstance(one, AnsweredImage)]

    starts = range(12)
    alone = [ask(start) for start in starts]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(ask, starts))
    for expected, found in zip(alone, together, strict=True):
        assert [one.prediction for one in found] == [one.prediction for one in expected]
        for one, other in zip(found, expected, strict=True):
            for answer, same in zip(one.image.answers, other.image.answers, strict=True):
                assert np.allclose(answer.heat_map, same.heat_map, atol=1e-5)


def test_an_image_of_too_many_pixels_is_named_before_it_is_decoded(
    explaining_service: TraitsService, photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacunar.traits.data.images.MAX_PIXELS", 1000)
    found = explaining_service.predict(
        [ImageContent("a", photo()), ImageContent("b", photo((9, 9)))]
    )
    assert [one["image"] for one in found["predictions"]] == ["b"]
    assert found["broken"][0]["reason"].endswith("at most 1,000 pixels, got 30 x 60")


@pytest.mark.parametrize("heat_maps", [False, True])
def test_an_image_is_fitted_once_and_passes_the_networks_once(
    explaining_service: TraitsService,
    contents: list[ImageContent],
    monkeypatch: pytest.MonkeyPatch,
    heat_maps: bool,
) -> None:
    fitted: list[int] = []
    passed: list[int] = []

    def counting(image: NDArray[np.uint8], *frame: Any) -> NDArray[np.uint8]:
        fitted.append(1)
        return fit_into(image, *frame)

    monkeypatch.setattr("lacunar.traits.predict.explainer.fit_into", counting)
    monkeypatch.setattr("lacunar.traits.predict.predictor.fit_into", counting)
    assert isinstance(explaining_service.predictor, TorchTraits)
    networks = explaining_service.predictor._module.network.networks
    handles = [
        network.register_forward_hook(
            lambda _module, inputs, _output: passed.append(len(inputs[0]))
        )
        for network in networks
    ]
    try:
        explaining_service.answer(contents[:3], heat_maps=heat_maps)
    finally:
        for handle in handles:
            handle.remove()
    assert len(fitted) == 3
    assert explaining_service.model is not None
    views = 2 if explaining_service.model.config.mirror else 1
    assert passed == [3] * (views * len(networks))
