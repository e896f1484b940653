"""``lacunar traits predict --explain``: a page of the places that answers lie in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lacunar.cli.console import check_file_destination, write_text
from lacunar.errors import InputError

if TYPE_CHECKING:
    from lacunar.traits.data.image_sources import ImageFile
    from lacunar.traits.model import TraitsModel

_SUFFIXES = (".html", ".htm")


def is_onnx_file(model: Path) -> bool:
    """Whether a model is an ONNX file rather than a directory, by its name."""
    return model.suffix.lower() == ".onnx" and not model.is_dir()


def check_explanations(model: Path, page: Path, *, balanced: bool, force: bool) -> None:
    """Refuse early what would be refused after long work.

    Raises
    ------
    InputError
        If the model has no gradients, answers are not to be the most probable classes, which are
        those that the page explains, or it cannot be written where it is to be.
    """
    if is_onnx_file(model):
        raise InputError(
            f"--explain: expected the directory of a model, got {model}, and an ONNX file has no"
            " gradients to tell places by"
        )
    if balanced:
        raise InputError(
            "--explain: expected answers of the most probable classes, got --balanced, whose"
            " answers may be others"
        )
    # A name that no kind of answers has, so that -o can never name the same file.
    if page.suffix.lower() not in _SUFFIXES:
        raise InputError(f"--explain: expected a file ending in .html, got {page}")
    check_file_destination(page, force=force)


def write_explanations(
    model: TraitsModel, images: Sequence[ImageFile], page: Path, *, n_images: int
) -> None:
    """Explain the first images that can be read, on one page, written whole or not at all.

    Parameters
    ----------
    model : TraitsModel
    images : sequence of ImageFile
    page : Path
        Is replaced if it is there.
    n_images : int
        How many of the images can be read.
    """
    from lacunar.report.traits.explained import MOST_IMAGES, explained_page
    from lacunar.traits.predict.explainer import explain_files

    explained = explain_files(model, images, at_most=MOST_IMAGES)
    write_text(page, explained_page(model, explained, n_images=n_images))
