from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from lacunar.errors import InputError
from lacunar.traits.data.image_array import ImageArray
from lacunar.traits.data.image_sources import ImageFile
from lacunar.traits.data.schema import PEOPLE
from lacunar.traits.model import TraitsModel, predict_traits
from lacunar.traits.predict.onnx_export import check_images
from lacunar.traits.predict.onnx_predictor import OnnxTraits
from lacunar.traits.predict.predictor import predict_images

Change = Callable[[onnx.ModelProto], object]


def test_it_says_what_it_takes_and_tells(people_model: TraitsModel, people_onnx: Path) -> None:
    found = OnnxTraits(people_onnx)
    assert found.schema == people_model.schema
    assert (found.height, found.width) == (40, 24)
    assert found.thresholds == (0.9, *(0.0,) * 5)
    assert found.fit == people_model.config.fit
    assert found.metadata.fingerprint == people_model.fingerprint
    assert found.metadata.versions["torch"] == people_model.versions["torch"]
    assert found.shares == people_model.shares


@pytest.mark.parametrize("n", [1, 2, 31, 70])
@pytest.mark.parametrize("threads", [1, 3])
def test_probabilities_equal_those_of_the_network(
    people_model: TraitsModel, people_onnx: Path, n: int, threads: int
) -> None:
    pixels = check_images(n, 40, 24, seed=5)
    expected = predict_traits(people_model, ImageArray("", pixels))
    found = OnnxTraits(people_onnx, threads=threads).probabilities(pixels)
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.dtype == np.float64
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_no_image_has_no_answer(people_onnx: Path) -> None:
    found = OnnxTraits(people_onnx).probabilities(np.empty((0, 40, 24, 3), np.uint8))
    assert [output.shape for output in found] == [(0, len(a.classes)) for a in PEOPLE.attributes]


def test_another_frame_is_refused(people_onnx: Path) -> None:
    model = OnnxTraits(people_onnx)
    with pytest.raises(InputError, match=r"expected uint8 images of \(40, 24, 3\), got uint8"):
        model.probabilities(np.empty((1, 24, 40, 3), np.uint8))
    with pytest.raises(InputError, match="got float64"):
        model.probabilities(np.empty((1, 40, 24, 3)))


def _set(key: str, value: str) -> Change:
    def change(model: onnx.ModelProto) -> None:
        for entry in model.metadata_props:
            if entry.key == f"lacunar.{key}":
                entry.value = value

    return change


def _other_output(model: onnx.ModelProto) -> None:
    model.graph.output[0].name = "beard"
    for node in model.graph.node:
        node.output[:] = ["beard" if name == "gender" else name for name in node.output]


CHANGES: dict[str, tuple[Change, str]] = {
    "another program's": (
        lambda model: model.ClearField("metadata_props"),
        "expected an ONNX file written by 'lacunar traits export'",
    ),
    "newer": (_set("format_version", "99"), "a newer lacunar wrote this file"),
    "frame": (
        _set("frame", '{"height": 24, "width": 40}'),
        "expected one input of uint8 images of [24, 40, 3], got tensor(uint8)",
    ),
    "outputs": (_other_output, "which differ in gender"),
    "order": (
        lambda model: model.graph.output.append(model.graph.output.pop(0)),
        "which differ in their order",
    ),
}


@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=CHANGES.keys())
def test_a_file_that_does_not_fit_is_refused_in_a_sentence(
    people_onnx: Path, tmp_path: Path, change: Change, message: str
) -> None:
    model = onnx.load(people_onnx)
    change(model)
    path = tmp_path / "other.onnx"
    onnx.save(model, path)
    with pytest.raises(InputError) as error:
        OnnxTraits(path)
    assert message in str(error.value)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"hello", None])
def test_what_is_no_onnx_file_is_refused(
    people_onnx: Path, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "x.onnx"
    half = people_onnx.read_bytes()[: people_onnx.stat().st_size // 2]
    path.write_bytes(half if content is None else content)
    with pytest.raises(InputError, match="expected an ONNX file that ONNX Runtime can read") as got:
        OnnxTraits(path)
    assert "\n" not in str(got.value)
    with pytest.raises(InputError, match="expected an ONNX file, got none"):
        OnnxTraits(tmp_path / "none.onnx")


def test_it_answers_where_there_is_no_torch(people_onnx: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    shutil.copy(people_onnx, path)
    code = f"""
import sys
sys.modules["torch"] = sys.modules["onnx"] = sys.modules["onnxscript"] = None
import numpy as np
from pathlib import Path
from lacunar.traits.predict.onnx_predictor import OnnxTraits
found = OnnxTraits(Path({str(path)!r})).probabilities(np.zeros((3, 40, 24, 3), np.uint8))
print([output.shape for output in found][:3])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[(3, 2), (3, 2), (3, 11)]\n", "")


def test_the_guide_s_own_reader_says_the_same(
    people_onnx: Path, people_directory: Path, tmp_path: Path
) -> None:
    guide = Path(__file__).parents[3] / "docs" / "predicting.md"
    code = guide.read_text(encoding="utf-8").split("### Without Lacunar")[1].split("```")[1]
    shutil.copy(people_onnx, tmp_path / "model.onnx")
    image = min((people_directory / "Test_Data" / "Originals").iterdir())
    shutil.copy(image, tmp_path / "photo.jpg")
    done = subprocess.run(
        [sys.executable, "-c", code.removeprefix("python")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    (answers,) = predict_images(OnnxTraits(people_onnx), [ImageFile("", image, "")])
    lines = done.stdout.splitlines()
    for line, attribute, found in zip(lines, PEOPLE.attributes, answers.probabilities, strict=True):
        sure = attribute.name != "gender" or found.max() >= 0.9
        label = attribute.classes[found.argmax()] if sure else "abstains"
        assert line.startswith(f"{attribute.name} {label} ")
        assert float(line.split()[-1]) == pytest.approx(found.max(), abs=1e-6)
