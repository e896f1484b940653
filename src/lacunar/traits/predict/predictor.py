"""What answers for images, whatever it runs on, and its answers for many of them."""

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
from lacunar.traits.data.class_balance import ClassShares
from lacunar.traits.data.image_sources import AnyImage
from lacunar.traits.data.images import Fit, fit_into
from lacunar.traits.data.schema import Schema

Thresholds = Sequence[float | None]

# A thread decodes so many images, or so many bytes of them, before the next may go on.
_BLOCK, _BLOCK_BYTES = 32, 8_000_000


class Predictor(Protocol):
    """A network that is ready to answer.

    ``schema`` names A attributes of C_a classes. Images are to be fitted into ``height`` by
    ``width`` pixels in the way of ``fit``, as :func:`lacunar.traits.data.images.fit_into` does.
    Below its threshold in ``thresholds`` the answer of an attribute abstains; where None, always.
    ``shares`` tells how frequent classes were where it learned; None where nobody knows.
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
    """What a predictor says of N images, some of which may be broken.

    Parameters
    ----------
    images : tuple of N str
    reasons : tuple of N str or None
        Why an image could not be read; None where it could.
    probabilities : list of A float64 arrays of shape (N, C_a)
        NaN where the image could not be read.
    """

    images: tuple[str, ...]
    reasons: tuple[str | None, ...]
    probabilities: list[NDArray[np.float64]]

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
    """Decode images in threads, a little ahead of the network, and answer for them in order.

    Neither images nor answers are kept: memory does not grow with their number.

    Parameters
    ----------
    predictor : Predictor
    images : sequence of N AnyImage
    skip_broken : bool
        Go on past images that cannot be read, and tell why in their answers.
    threads : int, optional
        That decode; one per processor unless given.
    progress : callable, optional
        Called with the images that are done and N.

    Yields
    ------
    Answers
        Of some of the images each, all together of all N, in their order.

    Raises
    ------
    InputError
        With the first image that cannot be read, unless they are skipped.
    """
    height, width, fit = predictor.height, predictor.width, predictor.fit
    size = max(1, min(_BLOCK, _BLOCK_BYTES // (3 * height * width)))
    blocks = (images[first : first + size] for first in range(0, len(images), size))
    done = 0

    def decode(block: Sequence[AnyImage]) -> _Decoded:
        return _decode(block, height, width, fit, skip_broken=skip_broken)

    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        decoded = in_order(pool, decode, blocks)
        # As many blocks at once as there are processors that may share the network's work.
        while some := list(islice(decoded, os.cpu_count() or 1)):
            answers = _answer(predictor, some)
            yield answers
            done += len(answers)
            if progress:
                progress(done, len(images))


@dataclass(frozen=True, slots=True)
class _Decoded:
    files: Sequence[AnyImage]
    pixels: NDArray[np.uint8]
    reasons: list[str | None]


def _decode(
    files: Sequence[AnyImage], height: int, width: int, fit: Fit, *, skip_broken: bool
) -> _Decoded:
    pixels = np.zeros((len(files), height, width, 3), np.uint8)
    reasons: list[str | None] = [None] * len(files)
    for row, file in enumerate(files):
        try:
            pixels[row], _ = fit_into(file.read(), height, width, fit)
        except InputError as error:
            if not skip_broken:
                raise
            reasons[row] = str(error)
    return _Decoded(files, pixels, reasons)


def _answer(predictor: Predictor, blocks: Sequence[_Decoded]) -> Answers:
    reasons = tuple(reason for block in blocks for reason in block.reasons)
    read = np.array([reason is None for reason in reasons])
    found = [
        np.full((len(reasons), len(attribute.classes)), np.nan)
        for attribute in predictor.schema.attributes
    ]
    if read.any():
        pixels = np.concatenate([block.pixels for block in blocks])
        pixels = pixels if read.all() else pixels[read]
        for output, told in zip(found, predictor.probabilities(pixels), strict=True):
            output[read] = told
    return Answers(
        images=tuple(file.name for block in blocks for file in block.files),
        reasons=reasons,
        probabilities=found,
    )
