"""Predictor for ONNX files of traits models, without PyTorch."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import AnyPath, StepProgress
from lacunar.errors import InputError
from lacunar.frames import FrameKind
from lacunar.parallel import in_order
from lacunar.reprs import short_repr
from lacunar.traits.data.class_balance import ClassShares
from lacunar.traits.data.image_inputs import ImageInputs
from lacunar.traits.data.images import Fit
from lacunar.traits.data.schema import Schema
from lacunar.traits.environment import require_onnxruntime
from lacunar.traits.predict.onnx_metadata import OnnxMetadata
from lacunar.traits.predict.prediction_frame import predictions_frame
from lacunar.traits.predict.predictor import Thresholds

# Larger batches are hardly faster. An image of 100 x 60 needs 3 MB per thread.
_BATCH = 32
_ERRORS_ONLY = 3


class OnnxTraits:
    """A model from an ONNX file, on the CPU; a :class:`lacunar.traits.predict.predictor.Predictor`.

    Each thread runs its own batches. Threads that share the layers of one batch would wait for
    each other.

    Parameters
    ----------
    path : path-like
        A file written by ``lacunar traits export``.
    threads : int, optional
        By default one per processor.

    Raises
    ------
    InputError
        If ONNX Runtime is missing, the file is not an ONNX file of Lacunar, a newer version wrote
        it, or its graph does not match its schema.
    """

    def __init__(self, path: AnyPath, *, threads: int | None = None) -> None:
        require_onnxruntime()
        self._session = _open(Path(path))
        try:
            entries = self._session.get_modelmeta().custom_metadata_map
            self.metadata = OnnxMetadata.from_text(entries)
            _check_graph(self._session, self.metadata)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error
        self._input: str = self._session.get_inputs()[0].name
        self._threads = threads or os.cpu_count() or 1

    def __repr__(self) -> str:
        frame = f"images of {self.height} x {self.width} pixels"
        return short_repr("OnnxTraits", [frame, f"attributes {', '.join(self.schema.names)}"])

    @property
    def schema(self) -> Schema:
        """A attributes."""
        return self.metadata.schema

    @property
    def height(self) -> int:
        """Rows of pixels of the frame."""
        return self.metadata.height

    @property
    def width(self) -> int:
        """Columns of pixels of the frame."""
        return self.metadata.width

    @property
    def fit(self) -> Fit:
        """Method of fitting images into the frame."""
        return self.metadata.fit

    @property
    def thresholds(self) -> Thresholds:
        """Probability of each attribute below which it abstains; it always does if None."""
        return self.metadata.thresholds

    @property
    def shares(self) -> ClassShares | None:
        """Class frequencies of the training labels; None if the file does not contain them."""
        return self.metadata.shares

    def probabilities(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
        """A arrays of shape (B, C_a) for fitted images of shape (B, H, W, 3).

        Raises
        ------
        InputError
            If the images are not 8-bit RGB in the model's frame.
        """
        frame = (self.height, self.width, 3)
        if pixels.dtype != np.uint8 or pixels.shape[1:] != frame:
            raise InputError(
                f"expected uint8 images of {frame}, got {pixels.dtype} of {pixels.shape[1:]}"
            )
        if not len(pixels):
            return [np.empty((0, len(attribute.classes))) for attribute in self.schema.attributes]
        size = min(_BATCH, -(-len(pixels) // self._threads))
        batches = [pixels[first : first + size] for first in range(0, len(pixels), size)]
        if len(batches) == 1:
            outputs = [self._run(pixels)]
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                outputs = list(in_order(pool, self._run, batches))
        return [np.concatenate(parts, dtype=np.float64) for parts in zip(*outputs, strict=True)]

    def predict(
        self,
        images: ImageInputs,
        *,
        groups: Iterable[Any] | None = None,
        kind: FrameKind = "pyarrow",
        all_probabilities: bool = False,
        progress: StepProgress | None = None,
    ) -> Any:
        """Predict the attributes of images as a frame; see :meth:`lacunar.TraitsModel.predict`."""
        return predictions_frame(
            self,
            images,
            groups=groups,
            kind=kind,
            all_probabilities=all_probabilities,
            progress=progress,
        )

    def _run(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        answers: list[NDArray[np.float32]] = self._session.run(
            None, {self._input: np.ascontiguousarray(pixels)}
        )
        return answers


def _open(path: Path) -> Any:
    import onnxruntime

    if not path.is_file():
        raise InputError(f"{path}: expected an ONNX file, got none")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    start = partial(onnxruntime.InferenceSession, providers=["CPUExecutionProvider"])
    try:
        return start(str(path), options)
    except Exception as error:  # exceptions of ONNX Runtime have no common base class
        reason = " ".join(str(error).rpartition("failed:")[2].split()).rstrip(".")
        raise InputError(
            f"{path}: expected an ONNX file that ONNX Runtime can read, got: {reason}"
        ) from error


def _check_graph(session: Any, metadata: OnnxMetadata) -> None:
    inputs, outputs = session.get_inputs(), session.get_outputs()
    frame = [metadata.height, metadata.width, 3]
    if len(inputs) != 1 or inputs[0].type != "tensor(uint8)" or inputs[0].shape[1:] != frame:
        taken = ", ".join(f"{value.type} {value.shape}" for value in inputs)
        raise InputError(f"expected one input of uint8 images of {frame}, got {taken}")
    expected = {a.name: ["tensor(float)", len(a.classes)] for a in metadata.schema.attributes}
    got = {value.name: [value.type, *value.shape[1:]] for value in outputs}
    if list(expected.items()) != list(got.items()):
        odd = next((name for name in expected if expected[name] != got.get(name)), "their order")
        raise InputError(
            f"expected an output of probabilities for each of {', '.join(expected)};"
            f" got {', '.join(got)}, which differ in {odd}"
        )
