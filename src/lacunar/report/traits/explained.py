"""Images with heat maps of the evidence for each answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from lacunar.report.page import render_page
from lacunar.report.tables import count, probability
from lacunar.report.traits.contact_sheet import contact_sheet
from lacunar.report.traits.overlays import overlay
from lacunar.report.traits.words import spoken
from lacunar.traits.predict.explainer import ExplainedImage, Explanation
from lacunar.traits.predict.fitted_model import FittedModel

MOST_IMAGES = 60
# Bytes for the images of a page under 2 MB; the rest is for style and text.
_ROOM = 1_900_000
# Bytes of tags and fixed text around a picture.
_AROUND = 300
_HEIGHT, _WIDTH = 144, 192


@dataclass(frozen=True, slots=True)
class Look:
    """A picture and its caption; ``label`` is empty for the image itself."""

    picture: Markup
    attribute: str
    label: str
    probability: Markup
    abstain: bool
    found: bool


@dataclass(frozen=True, slots=True)
class Looks:
    """Images with their pictures, and whether the model also reads colours without a map."""

    images: tuple[tuple[str, tuple[Look, ...]], ...]
    colours: bool
    networks: int


def explained_page(model: FittedModel, images: Sequence[ExplainedImage], *, n_images: int) -> str:
    """Return a page of less than 2 MB: images with a heat map for each answer.

    Parameters
    ----------
    model : FittedModel
    images : sequence of ExplainedImage
        See :func:`lacunar.traits.predict.explainer.explain_files`. At most the first
        ``MOST_IMAGES`` are shown, fewer if the page would be too large.
    n_images : int
        Number of images with answers; the page states how many it leaves out.
    """
    looks = where_it_looks(model, images[:MOST_IMAGES])
    shown = len(looks.images)
    more = n_images - shown
    lead = f"{_images(shown)}, and the places in each that speak for its answers."
    if more > 0:
        lead += f" Answers were given for {_images(more)} more, which would make the page too long."
    return render_page("traits_explained.html", title="Where it looks", lead=lead, looks=looks)


def where_it_looks(model: FittedModel, images: Sequence[ExplainedImage]) -> Looks:
    """Draw the pictures of as many images as fit into a page."""
    drawn: list[tuple[str, tuple[Look, ...]]] = []
    room = _ROOM
    for image in images:
        looks = looks_of(image)
        room -= len(image.name.encode()) + sum(map(_size, looks))
        if room < 0:
            break
        drawn.append((image.name, looks))
    config = model.config
    return Looks(
        images=tuple(drawn),
        colours=config.network == "stripes" and config.colours,
        networks=len(model.states),
    )


def looks_of(image: ExplainedImage, *, scale: float = 1.0) -> tuple[Look, ...]:
    """The image itself, then a picture for each answer, ``scale`` times the usual size."""
    width, height = _display_size(image.aspect, scale)
    large = _resized(Image.fromarray(image.pixels), width, height).astype(np.uint8)
    itself = _picture(large, f"{image.name}, as the networks see it")
    looks = [Look(itself, "", "", Markup(), abstain=False, found=True)]
    for answer in image.answers:
        heat_map = _resized(Image.fromarray(answer.heat_map), width, height).clip(0, 1)
        looks.append(
            Look(
                _picture(overlay(large, heat_map), _alternative(answer)),
                spoken(answer.attribute),
                answer.label,
                probability(answer.probability),
                abstain=answer.abstain,
                found=bool(answer.heat_map.any()),
            )
        )
    return tuple(looks)


def _alternative(answer: Explanation) -> str:
    name = spoken(answer.attribute)
    if not answer.heat_map.any():
        return f"{name}: the image, pale all over"
    return f"{name}: the image, pale where nothing speaks for {answer.label}"


def _display_size(aspect: float, scale: float = 1.0) -> tuple[int, int]:
    """Width and height of a picture in pixels, so that it fits into a row."""
    height = scale * min(_HEIGHT, _WIDTH / aspect)
    return max(1, round(height * aspect)), max(1, round(height))


def _resized(image: Image.Image, width: int, height: int) -> NDArray[np.generic]:
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))


def _picture(pixels: NDArray[np.uint8], alt: str) -> Markup:
    return contact_sheet(pixels[np.newaxis, np.newaxis], alt=alt)


def _size(look: Look) -> int:
    words = (look.picture, look.attribute, look.label)
    return _AROUND + sum(len(str(Markup.escape(word)).encode()) for word in words)


def _images(n: int) -> str:
    return f"{count(n)} image{'s' * (n != 1)}"
