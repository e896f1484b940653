"""A traits model for concurrent requests, and the audit of its data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lacunar.aliases import StageProgress
from lacunar.errors import InputError
from lacunar.traits.data.image_sources import AnyImage
from lacunar.traits.data.schema import Schema
from lacunar.traits.environment import require_torch
from lacunar.traits.json_schema import BrokenImage, Prediction, PredictionsDocument
from lacunar.traits.model import TraitsModel
from lacunar.traits.predict.explainer import ExplainedImage, Explainer, Explanation, framed
from lacunar.traits.predict.prediction_files import AnswerForm
from lacunar.traits.predict.predictor import Answers, Predictor, predict_images
from lacunar.web.audit.book import AuditBook, open_audit

#: The most images in one upload.
MOST_IMAGES = 32


@dataclass(frozen=True, slots=True)
class AnsweredImage:
    """An image with its answers; ``image.answers`` is empty without heat maps."""

    prediction: Prediction
    image: ExplainedImage


@dataclass(frozen=True)
class TraitsService:
    """The model behind the traits pages and the API; any thread may use it.

    Parameters
    ----------
    name : str
        Name of the model's directory or file.
    predictor : Predictor
    model : TraitsModel, optional
        None for an ONNX file, which does not record how it was made.
    explainer : Explainer, optional
        None if the model cannot make heat maps.
    audit : AuditBook, optional
        The audit of a data set.
    """

    name: str
    predictor: Predictor
    model: TraitsModel | None = None
    explainer: Explainer | None = None
    audit: AuditBook | None = None

    @classmethod
    def load(
        cls,
        path: Path,
        *,
        data: Path | None = None,
        schema: Path | None = None,
        corrections: Path | None = None,
        cache_dir: Path | None = None,
        threads: int = 1,
        progress: StageProgress | None = None,
    ) -> TraitsService:
        """Load a model, and audit a data set if ``data`` is given.

        Parameters
        ----------
        path : Path
            A model directory, or a file ending in ``.onnx``.
        data : Path, optional
            Labelled images to audit; see :func:`lacunar.web.audit.book.open_audit`.
        schema, corrections, cache_dir : Path, optional
            See :func:`lacunar.web.audit.book.open_audit`.
        threads : int
            Threads for one request, a setting of PyTorch for the whole process. If several
            requests run at once, more threads only wait for each other.
        progress : callable, optional
            Called with a stage of the audit, the number of steps done and the number of all.

        Raises
        ------
        InputError
            If the model or the data cannot be read, or PyTorch or ONNX Runtime is missing.
        """
        predictor: Predictor
        model = explainer = book = None
        if path.suffix.lower() == ".onnx" and not path.is_dir():
            from lacunar.traits.predict.onnx_predictor import OnnxTraits

            predictor = OnnxTraits(path, threads=threads)
        else:
            from lacunar.store.traits import load_traits

            model = load_traits(path)
            require_torch()
            import torch

            from lacunar.traits.predict.torch_predictor import TorchTraits

            torch.set_num_threads(threads)
            predictor = torch_predictor = TorchTraits(model)
            explainer = Explainer(torch_predictor)
        if data is not None:
            book = open_audit(
                data,
                model,
                schema=schema,
                default=predictor.schema,
                corrections=corrections,
                cache_dir=cache_dir,
                progress=progress,
            )
        return cls(path.name, predictor, model, explainer, book)

    @property
    def schema(self) -> Schema:
        """Attributes that the model predicts."""
        return self.predictor.schema

    def predict(
        self, images: Sequence[AnyImage], *, all_probabilities: bool = False
    ) -> PredictionsDocument:
        """Predict images; those that cannot be read are named, with the reason.

        Parameters
        ----------
        images : sequence of AnyImage
            Decoded one at a time.
        all_probabilities : bool
            Include the probability of every class.
        """
        form = self._form(all_probabilities=all_probabilities)
        return form.document(predict_images(self.predictor, images, skip_broken=True, threads=1))

    def answer(
        self, images: Sequence[AnyImage], *, heat_maps: bool
    ) -> list[AnsweredImage | BrokenImage]:
        """Predict images in order, and return each one as the networks see it.

        Each image is fitted into the frame once, and passes the networks once.

        Parameters
        ----------
        images : sequence of AnyImage
            At most :data:`MOST_IMAGES`.
        heat_maps : bool
            Add a heat map to each answer, if there is an explainer.
        """
        frames = [self._frame(image) for image in images]
        whole = [frame.pixels for frame in frames if frame.pixels is not None]
        probabilities: list[NDArray[np.float64]] | None = None
        explanations: list[tuple[Explanation, ...]] = [()] * len(whole)
        if whole and heat_maps and self.explainer is not None:
            probabilities, explanations = self.explainer.answer(np.stack(whole))
        elif whole:
            probabilities = self.predictor.probabilities(np.stack(whole))
        names, reasons = [frame.name for frame in frames], [frame.reason for frame in frames]
        answers = Answers.of_read(self.schema, names, reasons, probabilities)
        documents = self._form(all_probabilities=True).describe(answers)
        explained = iter(explanations)
        answered: list[AnsweredImage | BrokenImage] = []
        for frame, document in zip(frames, documents, strict=True):
            if "broken" in document:
                answered.append({"image": document["image"], "reason": document["broken"]})
            else:
                assert frame.pixels is not None
                image = ExplainedImage(frame.name, frame.pixels, frame.aspect, next(explained))
                answered.append(AnsweredImage(document, image))
        return answered

    def _form(self, *, all_probabilities: bool) -> AnswerForm:
        thresholds = self.predictor.thresholds
        return AnswerForm(self.schema, thresholds, all_probabilities=all_probabilities)

    def _frame(self, image: AnyImage) -> _Frame:
        height, width, fit = self.predictor.height, self.predictor.width, self.predictor.fit
        try:
            pixels, aspect = framed(image.read(), height, width, fit)
        except InputError as error:
            return _Frame(image.name, None, 1.0, str(error))
        return _Frame(image.name, pixels, aspect, None)


@dataclass(frozen=True, slots=True)
class _Frame:
    """An image in the frame of the networks, or the reason why it could not be read."""

    name: str
    pixels: NDArray[np.uint8] | None
    aspect: float
    reason: str | None
