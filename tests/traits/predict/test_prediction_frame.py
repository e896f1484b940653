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
from lacunar.traits.data.image_sources import ImageFile
from lacunar.traits.data.schema import Attribute, Schema
from lacunar.traits.model import TraitsModel
from lacunar.traits.predict.image_files import predict_files
from lacunar.traits.predict.onnx_predictor import OnnxTraits
from lacunar.traits.predict.prediction_files import AnswerForm
from lacunar.traits.predict.prediction_frame import predictions_frame
from lacunar.traits.predict.predictor import predict_images


@pytest.mark.parametrize("kind", ["pyarrow", "pandas", "polars"])
@pytest.mark.parametrize("all_probabilities", [False, True])
def test_a_frame_holds_the_json_document(
    people_onnx: Path, people: LabelledImages, kind: Any, all_probabilities: bool
) -> None:
    model = OnnxTraits(str(people_onnx))
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
    frame = model.predict(people.paths, kind=kind, all_probabilities=all_probabilities)
    assert type(frame).__module__.partition(".")[0] == kind
    assert nw.from_native(frame).to_arrow().to_pylist() == expected


def test_a_model_predicts_a_frame_of_any_number_of_images(
    people_model: TraitsModel, people: LabelledImages
) -> None:
    one = people_model.predict(str(people.paths[0]))
    assert one.column("image").to_pylist() == [str(people.paths[0])]
    none = people_model.predict([])
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
        people_model.predict("no.png", kind=cast(Any, "dask"))


def test_images_are_named_by_their_paths_or_positions(
    people_model: TraitsModel, people: LabelledImages, tmp_path: Path
) -> None:
    for file in people.paths[:2]:
        (tmp_path / file.name).symlink_to(file)
    of_folder = people_model.predict(tmp_path).to_pydict()
    files = sorted(tmp_path.iterdir())
    assert of_folder["image"] == [str(file) for file in files]
    images = [Image.open(file) for file in files]
    pixels = [np.asarray(image.convert("RGB")) for image in images]
    for images_in_memory in (images, pixels):
        found = people_model.predict(images_in_memory).to_pydict()
        assert found == of_folder | {"image": ["image 0", "image 1"]}


def test_a_group_gets_the_mean_of_its_images(
    people_model: TraitsModel, people: LabelledImages
) -> None:
    names = ["ann", "bob", "ann", "cid", "bob", "ann"]
    files = people.paths[:6]
    frame = people_model.predict(files, groups=names, all_probabilities=True)
    assert frame.select(["group", "images"]).to_pydict() == {
        "group": ["ann", "bob", "cid"],
        "images": [3, 2, 1],
    }
    outputs = predict_files(people_model, files)
    for attribute, output, threshold in zip(
        people_model.schema.attributes, outputs, people_model.calibrator.thresholds, strict=True
    ):
        for row, group in enumerate(["ann", "bob", "cid"]):
            found = frame.slice(row, 1).to_pylist()[0]
            mean = [0.0] * len(attribute.classes)
            for name, probabilities in zip(names, output, strict=True):
                for k, probability in enumerate(probabilities.tolist()):
                    mean[k] += probability / names.count(group) if name == group else 0.0
            best = mean.index(max(mean))
            for label, probability in zip(attribute.classes, mean, strict=True):
                column = f"{attribute.name}_probability_{label}"
                assert found[column] == pytest.approx(probability)
            assert found[f"{attribute.name}_probability"] == pytest.approx(mean[best])
            abstained = threshold is None or mean[best] < threshold
            assert found[attribute.name] == (None if abstained else attribute.classes[best])


def test_groups_of_one_image_get_the_answers_of_the_images(
    people_model: TraitsModel, people: LabelledImages
) -> None:
    files = people.paths[:3]
    grouped = people_model.predict(files, groups=[3, 1, 2])
    assert grouped.column("group").to_pylist() == [3, 1, 2]
    alone = people_model.predict(files)
    assert grouped.drop_columns(["group", "images"]).equals(alone.drop_columns(["image"]))


def test_a_wrong_number_of_groups_is_refused_before_a_prediction(people_model: TraitsModel) -> None:
    with pytest.raises(
        InputError, match=r"^groups: expected one group for each of 2 images, got 1"
    ):
        people_model.predict(["no.png", "nothing.png"], groups=["ann"])
