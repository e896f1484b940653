"""``lacunar traits predict --explain``: a page of heat maps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lacunar.cli.console import check_file_destination, write_text
from lacunar.errors import InputError

if TYPE_CHECKING:
    from lacunar.traits.data.image_sources import ImageFile
    from lacunar.traits.predict.torch_predictor import TorchTraits

_SUFFIXES = (".html", ".htm")


def is_onnx_file(model: Path) -> bool:
    """Whether a model is an ONNX file rather than a directory, by its name."""
    return model.suffix.lower() == ".onnx" and not model.is_dir()


def check_explanations(model: Path, page: Path, *, balanced: bool, force: bool) -> None:
    """Check before the prediction that its page of heat maps can be made.

    Raises
    ------
    InputError
        If the model is an ONNX file, which has no gradients, if predictions are balanced, because
        the page explains the most probable classes, or if the page cannot be written.
    """
    if is_onnx_file(model):
        raise InputError(
            f"expected the directory of a model, got {model}: an ONNX file has no gradients for"
            " heat maps",
            field="explain",
        )
    if balanced:
        raise InputError(
            "expected predictions of the most probable classes, got `balanced`, which may predict"
            " other classes",
            field="explain",
        )
    # No format of predictions has this suffix: -o cannot name the same file.
    if page.suffix.lower() not in _SUFFIXES:
        raise InputError(f"expected a file ending in .html, got {page}", field="explain")
    check_file_destination(page, force=force)


def write_explanations(
    predictor: TorchTraits, images: Sequence[ImageFile], page: Path, *, n_images: int
) -> None:
    """Write one page, atomically, that explains the first images that can be read.

    Parameters
    ----------
    predictor : TorchTraits
    images : sequence of ImageFile
    page : Path
        An existing file is replaced.
    n_images : int
        Number of images that can be read.
    """
    from lacunar.report.traits.explained import MOST_IMAGES, explained_page
    from lacunar.traits.predict.explainer import explain_files

    explained = explain_files(predictor, images, at_most=MOST_IMAGES)
    write_text(page, explained_page(predictor.model, explained, n_images=n_images))
