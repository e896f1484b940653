from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from lacunar.errors import InputError
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.schema import Attribute, Schema
from lacunar.traits.predict import onnx_export
from lacunar.traits.predict.onnx_export import check_images, export_onnx
from lacunar.traits.predict.onnx_predictor import OnnxTraits

SCHEMA = Schema(
    (Attribute("coat", ("open", "closed", "none")), Attribute("hat", ("off", "on"))),
    image_column="file",
)
CONFIG = TraitsConfig(height=20, width=16, device="cpu")


class Averages(nn.Module):
    """An average of two mirrored answers, sharpened by a temperature: more than one network."""

    def __init__(self, *sizes: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.convolution = nn.Conv2d(3, 4, 3)
        self.heads = nn.ModuleList(nn.Linear(4, size) for size in sizes)
        self.register_buffer("temperatures", torch.linspace(0.5, 2, len(sizes)))
        for weights in self.parameters():
            nn.init.normal_(weights, generator=generator)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        assert isinstance(self.temperatures, Tensor)
        answers = []
        for head, temperature in zip(self.heads, self.temperatures, strict=True):
            both = [
                torch.softmax(head(self.convolution(view).mean(dim=(2, 3))) / temperature, dim=1)
                for view in (images, images.flip(3))
            ]
            answers.append(torch.stack(both).mean(dim=0))
        return tuple(answers)


def test_any_module_of_probabilities_is_written_with_its_outputs_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    module = Averages(3, 2).eval()
    assert export_onnx(module, SCHEMA, CONFIG, path, thresholds=(0.5, None)) <= 1e-6
    pixels = check_images(9, 20, 16, seed=3)
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    written = OnnxTraits(path)
    with torch.inference_mode():
        expected = module(images)
    for ours, theirs in zip(written.probabilities(pixels), expected, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-6)
    assert written.thresholds == (0.5, None)


def test_the_graph_is_valid_takes_bytes_and_any_number_of_images(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    export_onnx(Averages(3, 2).eval(), SCHEMA, CONFIG, path)
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    (pixels,) = model.graph.input
    assert pixels.name == "pixels"
    kind = pixels.type.tensor_type
    assert kind.elem_type == onnx.TensorProto.UINT8
    batch, *frame = kind.shape.dim
    assert batch.dim_param
    assert [size.dim_value for size in frame] == [20, 16, 3]
    assert [output.name for output in model.graph.output] == ["coat", "hat"]


def test_an_attribute_may_be_called_as_anything_in_the_graph(tmp_path: Path) -> None:
    names = ("pixels", "permute", "conv2d", "/conv2d", "//")
    schema = Schema(tuple(Attribute(name, ("no", "yes")) for name in names), image_column="file")
    path = tmp_path / "a.onnx"
    export_onnx(Averages(2, 2, 2, 2, 2).eval(), schema, CONFIG, path)
    assert OnnxTraits(path).schema.names == names
    onnx.checker.check_model(onnx.load(path), full_check=True)


_EXPORT = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
import test_onnx_export as t
t.export_onnx(t.Averages(3, 2).eval(), t.SCHEMA, t.CONFIG, Path(sys.argv[1]))
"""


def test_the_same_module_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    digests = set()
    for name in ("a.onnx", "b.onnx"):
        command = [sys.executable, "-c", _EXPORT, str(tmp_path / name)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    export_onnx(Averages(3, 2).eval(), SCHEMA, CONFIG, tmp_path / "c.onnx")
    digests.add(hashlib.sha256((tmp_path / "c.onnx").read_bytes()).hexdigest())
    assert len(digests) == 1


def test_nothing_in_the_file_tells_of_the_machine(people_onnx: Path) -> None:
    model = onnx.load(people_onnx)
    assert not model.doc_string
    assert not model.graph.doc_string
    assert {entry.key.partition(".")[0] for entry in model.metadata_props} == {"lacunar"}
    for thing in (*model.graph.node, *model.graph.input, *model.graph.value_info):
        assert not thing.doc_string
        assert not thing.metadata_props
    # Weights are random bytes, in which a short word may occur; a path does not.
    content = people_onnx.read_bytes()
    assert not [word for word in (b"/src/lacunar", b"site-packages", b"trace") if word in content]


class Turned(Averages):
    """Answers otherwise once it has been traced."""

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        first, second = super().forward(images)
        if torch.compiler.is_exporting():
            return first, second
        return first + 2e-4, second


def test_a_file_that_answers_otherwise_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(b"old")
    with pytest.raises(
        InputError, match=r"within 0.0001 of the network's, .* difference of 2.0e-04"
    ):
        export_onnx(Turned(3, 2).eval(), SCHEMA, CONFIG, path)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.onnx"]


def test_a_module_that_answers_nan_is_not_kept(tmp_path: Path) -> None:
    module = Averages(3, 2).eval()
    with torch.no_grad():
        module.convolution.bias.fill_(torch.nan)
    with pytest.raises(InputError, match="difference of nan; no file was written"):
        export_onnx(module, SCHEMA, CONFIG, tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())


def test_a_module_that_is_training_is_exported_as_it_answers(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Dropout(0.5), Averages(3, 2))
    export_onnx(module, SCHEMA, CONFIG, tmp_path / "a.onnx")
    kinds = {node.op_type for node in onnx.load(tmp_path / "a.onnx").graph.node}
    assert "Dropout" not in kinds


def test_images_for_the_check_are_of_every_kind() -> None:
    images = check_images(8, 30, 20)
    deviations = images.std(axis=(1, 2, 3))
    assert (deviations == 0).sum() == 2
    assert len({image.tobytes() for image in images[:7]}) == 7
    assert onnx_export.CLOSE == 1e-4
