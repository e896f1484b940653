"""Export to ONNX: one file with network, schema and thresholds, checked before it is kept."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lacunar.errors import InputError
from lacunar.files.atomic import replacing
from lacunar.traits.config import TraitsConfig
from lacunar.traits.data.class_balance import ClassShares
from lacunar.traits.data.schema import Schema
from lacunar.traits.environment import require_export
from lacunar.traits.predict.onnx_metadata import PIXELS, OnnxMetadata
from lacunar.traits.predict.onnx_predictor import OnnxTraits
from lacunar.traits.predict.predictor import Thresholds
from lacunar.version import __version__

CLOSE = 1e-4
_CHECKED = (1, 2, 7, 33)


class PixelNetwork(nn.Module):
    """A module that takes pixels of 8 bits, so that the graph includes the conversion.

    Parameters
    ----------
    module : Module
        From images in 0..1, (B, 3, H, W), to A probabilities (B, C_a).
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Probabilities (B, C_a) for uint8 pixels (B, H, W, 3)."""
        images = pixels.permute(0, 3, 1, 2).float() / 255  # (B, 3, H, W)
        answers: tuple[Tensor, ...] = self.module(images)
        return answers


def export_onnx(
    module: nn.Module,
    schema: Schema,
    config: TraitsConfig,
    path: Path,
    *,
    thresholds: Thresholds | None = None,
    fingerprint: str = "",
    versions: Mapping[str, str] | None = None,
    shares: ClassShares | None = None,
) -> float:
    """Write a module as an ONNX file; keep the file only if its probabilities are the same.

    The graph takes uint8 images (B, H, W, 3) in the model's frame, with any B. It has one output
    for each attribute, with the attribute's name: probabilities (B, C_a). The same module gives
    the same bytes.

    Parameters
    ----------
    module : Module
        On the CPU, from images in 0..1, (B, 3, H, W), to A probabilities (B, C_a).
    schema : Schema
        A attributes of C_a classes.
    config : TraitsConfig
        Contains the frame.
    path : Path
        Replaced if it exists. It appears only when it is complete.
    thresholds : sequence of A float or None, optional
        Probability below which the model abstains; by default it never abstains.
    fingerprint : str
        SHA-256 of the training data.
    versions : dict of str to str, optional
        Versions of the libraries that made the weights.
    shares : ClassShares, optional
        Class frequencies of the training labels, for predictions that favour rare classes.

    Returns
    -------
    float
        Largest difference between a probability of the module and of the file, in a check.

    Raises
    ------
    InputError
        If a package for the export is missing, or a probability differs by more than 1e-4.
    """
    require_export()
    metadata = OnnxMetadata(
        schema=schema,
        height=config.height,
        width=config.width,
        fit=config.fit,
        thresholds=(0.0,) * len(schema.attributes) if thresholds is None else thresholds,
        fingerprint=fingerprint,
        versions={**(versions or {}), "lacunar": __version__, "onnxscript": version("onnxscript")},
        shares=shares,
    )
    network = PixelNetwork(module).eval()
    content = _content(network, metadata)
    with replacing(path) as file:
        file.write(content)
        file.flush()
        difference = _largest_difference(network, OnnxTraits(Path(file.name)))
        if not difference <= CLOSE:
            raise InputError(
                f"{path}: expected probabilities within {CLOSE} of the network's, got a difference"
                f" of {difference:.1e}; no file was written"
            )
    return difference


def check_images(n: int, height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Draw images of several kinds: noise, smooth colours, a mixture of both, flat colours.

    Returns
    -------
    uint8 array of shape (n, height, width, 3)

    Examples
    --------
    >>> check_images(4, 20, 10).std(axis=(1, 2, 3)).round() > 0
    array([ True,  True,  True, False])
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width, :1][:2] / max(height, width)  # each (H, W, 1)
    images = np.empty((n, height, width, 3), np.uint8)
    for row in range(n):
        waves = np.sin(x * rng.uniform(0, 9, 3) + y * rng.uniform(0, 9, 3) + rng.uniform(0, 6, 3))
        smooth, noise = 127.5 + 127.5 * waves, rng.uniform(0, 256, (height, width, 3))
        flat = np.full((height, width, 3), rng.integers(0, 2) * 255)
        images[row] = (noise, smooth, 0.8 * smooth + 0.2 * noise, flat)[row % 4].astype(np.uint8)
    return images


def _content(network: nn.Module, metadata: OnnxMetadata) -> bytes:
    # Two images: the exporter takes a batch of one for a fixed size.
    pixels = torch.zeros((2, metadata.height, metadata.width, 3), dtype=torch.uint8)
    with _quiet():
        program = torch.onnx.export(
            network,
            (pixels,),
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            verbose=False,
        )
    assert program is not None
    model = program.model
    _clean(model, metadata.schema.names)
    model.metadata_props.update(metadata.to_text())
    model.producer_name, model.producer_version = "lacunar", __version__
    content: bytes = program.model_proto.SerializeToString(deterministic=True)
    return content


def _clean(model: Any, names: Sequence[str]) -> None:
    """Name inputs and outputs; remove details of this machine, such as stack traces and paths."""
    graph = model.graph
    # The name of an attribute must not be the name of an inner value.
    prefix = "/"
    while any(name.startswith(prefix) for name in names):
        prefix += "/"
    values = [*graph.inputs, *graph.initializers.values()]
    for node in graph.all_nodes():
        node.name = f"{prefix}{node.name}"
        values += node.outputs
        _forget(node)
    for value in values:
        value.name = f"{prefix}{value.name}"
        _forget(value)
    for value, name in zip(graph.outputs, names, strict=True):
        value.name = name
    graph.inputs[0].name = f"{prefix}{PIXELS}" if PIXELS in names else PIXELS
    graph.name = "traits"
    for thing in (graph, model):
        _forget(thing)


def _forget(thing: Any) -> None:
    thing.metadata_props.clear()
    thing.doc_string = None


def _largest_difference(network: nn.Module, written: OnnxTraits) -> float:
    largest = 0.0
    for seed, n in enumerate(_CHECKED):
        pixels = check_images(n, written.height, written.width, seed)
        with torch.inference_mode():
            expected = network(torch.from_numpy(pixels))
        for ours, theirs in zip(written.probabilities(pixels), expected, strict=True):
            difference = np.abs(ours - theirs.numpy()).max()
            # max() would ignore NaN.
            largest = difference if not difference <= largest else largest
    return float(largest)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide warnings of torch's exporter: on its own deprecated calls, on optional packages."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
