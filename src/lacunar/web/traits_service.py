"""A traits model that answers many at once, and the audit of its data."""

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
from lacunar.traits.predict.predictor import Predictor, predict_images
from lacunar.web.audit.book import AuditBook, open_audit

#: Images that are answered for at once.
MOST_IMAGES = 32


@dataclass(frozen=True, slots=True)
class AnsweredImage:
    """An image with its answers; those of ``image`` are empty where no places were asked for."""

    prediction: Prediction
    image: ExplainedImage


@dataclass(frozen=True)
class TraitsService:
    """What the traits pages and the API ask; any thread may.

    Parameters
    ----------
    name : str
        Of the model's directory or file.
    predictor : Predictor
    model : TraitsModel, optional
        None for an ONNX file, which knows nothing of how it was made.
    explainer : Explainer, optional
        None where no places can be told.
    audit : AuditBook, optional
        Of the data that were named.
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
        """Load a model, and audit data where some are named.

        Parameters
        ----------
        path : Path
            A model directory, or a file ending in ``.onnx``.
        data : Path, optional
            Labelled images to audit; see :func:`lacunar.web.audit.book.open_audit`.
        schema, corrections, cache_dir : Path, optional
            See the same.
        threads : int
            That one answer may take, for all of PyTorch in this process: where many answer at
            once, threads that wait for each other's layers help nobody.
        progress : callable, optional
            Called with a stage of the audit, the steps that are done and their number.

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
            predictor, explainer = TorchTraits(model), Explainer(model)
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
        """Attributes that are told."""
        return self.predictor.schema

    def predict(
        self, images: Sequence[AnyImage], *, all_probabilities: bool = False
    ) -> PredictionsDocument:
        """Answer for images; those that cannot be read are named, with the reason.

        Parameters
        ----------
        images : sequence of AnyImage
            One is decoded at a time.
        all_probabilities : bool
            Tell the probability of every class as well.
        """
        form = self._form(all_probabilities=all_probabilities)
        return form.document(predict_images(self.predictor, images, skip_broken=True, threads=1))

    def tell(
        self, images: Sequence[AnyImage], *, places: bool
    ) -> list[AnsweredImage | BrokenImage]:
        """Answer for images in their order, with the images as networks see them.

        Parameters
        ----------
        images : sequence of AnyImage
        places : bool
            Tell as well which places speak for each answer, if that can be told.
        """
        form = self._form(all_probabilities=True)
        frames = [self._frame(image) for image in images]
        told = [
            answer
            for answers in predict_images(self.predictor, frames, skip_broken=True, threads=1)
            for answer in form.describe(answers)
        ]
        whole = [frame for frame in frames if frame.pixels is not None]
        explained = iter(self._explain(whole) if places else [()] * len(whole))
        found: list[AnsweredImage | BrokenImage] = []
        for frame, answer in zip(frames, told, strict=True):
            if "broken" in answer:
                found.append({"image": answer["image"], "reason": answer["broken"]})
            else:
                image = ExplainedImage(frame.name, frame.read(), frame.aspect, next(explained))
                found.append(AnsweredImage(answer, image))
        return found

    def _form(self, *, all_probabilities: bool) -> AnswerForm:
        thresholds = self.predictor.thresholds
        return AnswerForm(self.schema, thresholds, all_probabilities=all_probabilities)

    def _frame(self, image: AnyImage) -> _Frame:
        height, width, fit = self.predictor.height, self.predictor.width, self.predictor.fit
        try:
            pixels, aspect = framed(image.read(), height, width, fit)
        except InputError as error:
            return _Frame(image.name, None, 1.0, str(error))
        return _Frame(image.name, pixels, aspect, "")

    def _explain(self, frames: Sequence[_Frame]) -> list[tuple[Explanation, ...]]:
        if self.explainer is None or not frames:
            return [()] * len(frames)
        return self.explainer.explain(np.stack([frame.read() for frame in frames]))


@dataclass(frozen=True, slots=True)
class _Frame:
    """An image in the frame of the networks, where fitting it again changes nothing."""

    name: str
    pixels: NDArray[np.uint8] | None
    aspect: float
    reason: str

    def read(self) -> NDArray[np.uint8]:
        if self.pixels is None:
            raise InputError(self.reason)
        return self.pixels
