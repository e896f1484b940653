from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import narwhals as nw
import numpy as np
import pytest
from PIL import Image

from lacunar.errors import InputError
from lacunar.traits.data.dataset import LabelledImages
from lacunar.traits.data.image_cache import load_images
from lacunar.traits.data.image_sources import ImageFile, find_images
from lacunar.traits.data.schema import Attribute, Schema
from lacunar.traits.model import TraitsModel, predict_traits
from lacunar.traits.predict.image_files import predict_files, predictions_frame
from lacunar.traits.predict.onnx_predictor import OnnxTraits
from lacunar.traits.predict.prediction_files import AnswerForm
from lacunar.traits.predict.predictor import predict_images


def test_a_file_gets_what_the_same_image_of_a_data_set_gets(
    people_model: TraitsModel, people: LabelledImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacunar.traits.predict.predictor._BLOCK", 10)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    told: list[tuple[int, int]] = []
    found = predict_files(
        people_model, people.paths, progress=lambda done, n: told.append((done, n))
    )
    images = load_images(people, height=40, width=24)
    for output, expected in zip(found, predict_traits(people_model, images), strict=True):
        np.testing.assert_allclose(output, expected, rtol=1e-4)
    assert told == [(10, 24), (20, 24), (24, 24)]


def test_one_path_and_paths_as_text_are_taken(
    people_model: TraitsModel, people: LabelledImages
) -> None:
    expected = predict_files(people_model, people.paths[:2])
    for files in (str(people.paths[0]), people.paths[0], [str(people.paths[0])]):
        for output, both in zip(predict_files(people_model, files), expected, strict=True):
            np.testing.assert_allclose(output, both[:1], rtol=1e-4)


def test_images_in_memory_get_what_their_files_get(
    people_model: TraitsModel, people: LabelledImages
) -> None:
    files = people.paths[:3]
    expected = predict_files(people_model, files)
    pixels = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    for images in (pixels, [Image.open(file) for file in files], map(Path.read_bytes, files)):
        for output, of_files in zip(predict_files(people_model, images), expected, strict=True):
            assert np.array_equal(output, of_files)
    frame = predictions_frame(people_model, pixels)
    assert frame.column("image").to_pylist() == ["image 0", "image 1", "image 2"]


def test_an_onnx_file_answers_as_its_model_does(
    people_model: TraitsModel, people_onnx: Path, people: LabelledImages
) -> None:
    ours = predict_files(OnnxTraits(people_onnx), people.paths)
    for output, expected in zip(ours, predict_files(people_model, people.paths), strict=True):
        np.testing.assert_allclose(output, expected, atol=1e-4)


def test_a_file_that_is_no_image_is_named(people_model: TraitsModel, tmp_path: Path) -> None:
    Image.new("RGB", (20, 40)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("hello")
    with pytest.raises(InputError, match=r"b\.png: expected a JPEG, PNG, WEBP or BMP image"):
        predict_files(people_model, find_images([tmp_path]))


def test_no_file_gets_no_answer(people_model: TraitsModel) -> None:
    assert [output.shape for output in predict_files(people_model, [])][:3] == [
        (0, 2), (0, 2), (0, 11),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["pyarrow", "pandas", "polars"])
@pytest.mark.parametrize("all_probabilities", [False, True])
def test_a_frame_holds_the_json_document(
    people_onnx: Path, people: LabelledImages, kind: Any, all_probabilities: bool
) -> None:
    model = OnnxTraits(people_onnx)
    files = [ImageFile(str(path), path, str(path)) for path in people.paths]
    form = AnswerForm(model.schema, model.thresholds, all_probabilities)
    document = form.document(predict_images(model, files))
    expected = []
    for image in document["predictions"]:
        row: dict[str, object] = {"image": image["image"]}
        for name, answer in image["attributes"].items():
            row[name] = None if answer["abstain"] else answer["label"]
            row[f"{name}_probability"] = answer["probability"]
            for label, probability in answer.get("probabilities", {}).items():
                row[f"{name}_probability_{label}"] = probability
        expected.append(row)
    # Only the first attribute of this file has a threshold that is not zero.
    assert None in {row["gender"] for row in expected}
    frame = predictions_frame(model, people.paths, kind=kind, all_probabilities=all_probabilities)
    assert type(frame).__module__.partition(".")[0] == kind
    assert nw.from_native(frame).to_arrow().to_pylist() == expected


def test_a_model_predicts_a_frame_of_any_number_of_images(
    people_model: TraitsModel, people: LabelledImages
) -> None:
    one = predictions_frame(people_model, str(people.paths[0]))
    assert one.column("image").to_pylist() == [str(people.paths[0])]
    none = predictions_frame(people_model, [])
    assert (none.num_rows, none.schema) == (0, one.schema)


def test_columns_of_one_name_are_refused() -> None:
    schema = Schema(
        (Attribute("a", ("x", "y")), Attribute("a_probability", ("x", "y"))), image_column="file"
    )
    predictor = cast(Any, SimpleNamespace(schema=schema))
    with pytest.raises(InputError, match=r"different names, got 'a_probability' twice"):
        predictions_frame(predictor, [])


def test_another_library_is_refused_before_a_prediction(people_model: TraitsModel) -> None:
    with pytest.raises(InputError, match=r"^kind: expected pandas, polars or pyarrow, got 'dask'"):
        predictions_frame(people_model, "no.png", kind=cast(Any, "dask"))
