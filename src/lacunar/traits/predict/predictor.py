"""Predictors and their answers: PyTorch, ONNX Runtime, or any other backend."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lacunar.errors import InputError
from lacunar.parallel import in_order
from lacunar.reprs import short_repr
from lacunar.traits.data.class_balance import ClassShares
from lacunar.traits.data.image_sources import AnyImage
from lacunar.traits.data.images import Fit, fit_into
from lacunar.traits.data.schema import Schema

Thresholds = Sequence[float | None]

# Images, and bytes of them, that a thread decodes as one block.
_BLOCK, _BLOCK_BYTES = 32, 8_000_000


class Predictor(Protocol):
    """A network ready to predict.

    ``schema`` has A attributes of C_a classes. Images must be fitted into ``height`` by ``width``
    pixels in the way ``fit`` names; see :func:`lacunar.traits.data.images.fit_into`. The predictor
    abstains on an attribute if the probability is below its threshold in ``thresholds``, and
    always if the threshold is None. ``shares`` are the class frequencies in the training data;
    None if unknown.
    """

    @property
    def schema(self) -> Schema: ...

    @property
    def height(self) -> int: ...

    @property
    def width(self) -> int: ...

    @property
    def fit(self) -> Fit: ...

    @property
    def thresholds(self) -> Thresholds: ...

    @property
    def shares(self) -> ClassShares | None: ...

    def probabilities(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
        """A arrays of shape (B, C_a) for fitted images of shape (B, H, W, 3)."""
        ...


@dataclass(frozen=True, slots=True)
class Answers:
    """Predictions for N images, some of which may be unreadable.

    Parameters
    ----------
    images : tuple of N str
    reasons : tuple of N str or None
        Why an image could not be read; None if it could.
    probabilities : list of A float64 arrays of shape (N, C_a)
        NaN for images that could not be read.
    """

    images: tuple[str, ...]
    reasons: tuple[str | None, ...]
    probabilities: list[NDArray[np.float64]]

    @classmethod
    def of_read(
        cls,
        schema: Schema,
        images: Sequence[str],
        reasons: Sequence[str | None],
        probabilities: Sequence[NDArray[np.float64]] | None,
    ) -> Answers:
        """Answers from probabilities of the n images that could be read.

        Parameters
        ----------
        schema : Schema
            A attributes of C_a classes.
        images : sequence of N str
        reasons : sequence of N str or None
        probabilities : sequence of A float64 arrays of shape (n, C_a), or None
            None if no image could be read.
        """
        read = np.array([reason is None for reason in reasons], np.bool_)
        filled = [np.full((len(images), len(one.classes)), np.nan) for one in schema.attributes]
        if probabilities is not None:
            for output, known in zip(filled, probabilities, strict=True):
                output[read] = known
        return cls(tuple(images), tuple(reasons), filled)

    def __repr__(self) -> str:
        unread = len(self) - self.reasons.count(None)
        broken = [f"{unread:,} of them unreadable"] if unread else []
        facts = [f"{len(self):,} images", *broken, f"{len(self.probabilities)} attributes"]
        return short_repr("Answers", facts)

    def __len__(self) -> int:
        return len(self.images)


def predict_images(
    predictor: Predictor,
    images: Sequence[AnyImage],
    *,
    skip_broken: bool = False,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Answers]:
    """Predict images in order, while threads decode the next ones.

    Neither images nor answers are kept, so memory does not grow with their number.

    Parameters
    ----------
    predictor : Predictor
    images : sequence of N AnyImage
    skip_broken : bool
        Skip images that cannot be read, and give the reason in their answers.
    threads : int, optional
        Threads that decode; by default one per processor.
    progress : callable, optional
        Called with the number of images done and N.

    Yields
    ------
    Answers
        For consecutive groups of images that together are all N.

    Raises
    ------
    InputError
        For the first image that cannot be read, unless ``skip_broken``.
    """
    done = 0
    for blocks in decoded(predictor, images, skip_broken=skip_broken, threads=threads):
        answers = _answer(predictor, blocks)
        yield answers
        done += len(answers)
        if progress:
            progress(done, len(images))


def decoded(
    predictor: Predictor,
    images: Sequence[AnyImage],
    *,
    skip_broken: bool = False,
    threads: int | None = None,
) -> Iterator[list[DecodedImages]]:
    """Fit images into the frame of a predictor, in order, a few blocks at a time.

    See :func:`predict_images`.
    """
    height, width, fit = predictor.height, predictor.width, predictor.fit
    size = max(1, min(_BLOCK, _BLOCK_BYTES // (3 * height * width)))
    blocks = (images[first : first + size] for first in range(0, len(images), size))

    def decode(block: Sequence[AnyImage]) -> DecodedImages:
        return _decode(block, height, width, fit, skip_broken=skip_broken)

    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        ready = in_order(pool, decode, blocks)
        # One block for each processor, because the predictor may use all of them.
        while some := list(islice(ready, os.cpu_count() or 1)):
            yield some


@dataclass(frozen=True, slots=True)
class DecodedImages:
    """A block of images in a predictor's frame; ``reasons`` say why some could not be read."""

    files: Sequence[AnyImage]
    pixels: NDArray[np.uint8]
    reasons: list[str | None]


def _decode(
    files: Sequence[AnyImage], height: int, width: int, fit: Fit, *, skip_broken: bool
) -> DecodedImages:
    pixels = np.zeros((len(files), height, width, 3), np.uint8)
    reasons: list[str | None] = [None] * len(files)
    for row, file in enumerate(files):
        try:
            pixels[row] = fit_into(file.read(), height, width, fit)
        except InputError as error:
            if not skip_broken:
                raise
            reasons[row] = str(error)
    return DecodedImages(files, pixels, reasons)


def _answer(predictor: Predictor, blocks: Sequence[DecodedImages]) -> Answers:
    reasons = [reason for block in blocks for reason in block.reasons]
    read = np.array([reason is None for reason in reasons])
    probabilities: list[NDArray[np.float64]] | None = None
    if read.any():
        pixels = np.concatenate([block.pixels for block in blocks])
        probabilities = predictor.probabilities(pixels if read.all() else pixels[read])
    names = [file.name for block in blocks for file in block.files]
    return Answers.of_read(predictor.schema, names, reasons, probabilities)
