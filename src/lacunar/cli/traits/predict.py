"""``lacunar traits predict``: predicted attributes of unlabelled images."""

from __future__ import annotations

import json as json_
import shutil
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from lacunar.cli.console import (
    ForceFlag,
    JsonFlag,
    check_file_destination,
    emit_json,
    errors,
    figure,
    is_stdout,
    out,
    progress,
)
from lacunar.cli.traits.arguments import DeviceOption
from lacunar.cli.traits.explain import check_explanations, is_onnx_file, write_explanations
from lacunar.errors import InputError

if TYPE_CHECKING:
    from lacunar.traits.data.class_balance import Factors
    from lacunar.traits.data.image_sources import ImageFile
    from lacunar.traits.predict.prediction_files import Write
    from lacunar.traits.predict.predictor import Predictor
    from lacunar.traits.predict.torch_predictor import TorchTraits

SOME_BROKEN = 3


def predict(
    model: Annotated[
        Path, typer.Argument(help="Directory of a fitted traits model, or its ONNX file.")
    ],
    inputs: Annotated[
        list[Path],
        typer.Argument(
            help="Images, folders of images (without subfolders), CSV files that list images, or "
            "- to read paths from standard input."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", help="File ending in .csv, .json, .jsonl or .parquet; -: CSV on stdout."
        ),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(help="Column of CSV files with the image paths (default: the model's)."),
    ] = None,
    null: Annotated[
        bool, typer.Option("-0", "--null", help="Paths on standard input end with NUL bytes.")
    ] = False,
    skip_broken: Annotated[
        bool,
        typer.Option(help="Skip images that cannot be read, list them, and exit with status 3."),
    ] = True,
    all_probabilities: Annotated[
        bool, typer.Option("--all-probabilities", help="Output the probability of every class.")
    ] = False,
    spreadsheet_safe: Annotated[
        bool,
        typer.Option(
            "--spreadsheet-safe", help="Quote CSV cells that a spreadsheet would run as a formula."
        ),
    ] = False,
    balanced: Annotated[
        float | None,
        typer.Option(
            metavar="TAU",
            help="0 to 2: favour rare classes by dividing each probability by the share of its "
            "class to this power. `traits evaluate` shows the effect on the scores.",
        ),
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option(help="HTML file to write: heat maps of the first images."),
    ] = None,
    device: DeviceOption = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Predict the attributes of images.

    The output is the most probable class of each attribute with its probability, even for images
    unlike the training images. With --balanced it may be a rarer class.
    """
    from lacunar.traits.data.image_sources import list_images
    from lacunar.traits.predict.prediction_files import (
        AnswerForm,
        check_predictions,
        json_document,
        json_lines,
        writing_predictions,
    )

    if output is not None:
        check_file_destination(output, force=force)
    elif spreadsheet_safe:
        raise InputError("expected -o with a CSV file, got none", field="spreadsheet_safe")
    elif all_probabilities and not json:
        raise InputError("expected --json, or -o with a file, got none", field="all_probabilities")
    if explain is not None:
        check_explanations(model, explain, balanced=balanced is not None, force=force)
    predictor, loaded = _open(model, device)
    form = AnswerForm(
        predictor.schema,
        predictor.thresholds,
        all_probabilities=all_probabilities,
        spreadsheet_safe=spreadsheet_safe,
        factors=None if balanced is None else _factors(predictor, balanced, model),
    )
    if output is not None:
        check_predictions(output, form)
    images = list_images(
        inputs,
        predictor.schema,
        column=column,
        # A service may start the command without standard input.
        standard_input=getattr(sys.stdin, "buffer", None),
        null=null,
    )

    _print_others(inputs)

    def work(write: Write) -> list[dict[str, str]]:
        broken = _predict(predictor, images, write, skip_broken=skip_broken)
        if explain is not None and loaded is not None:
            write_explanations(loaded, images, explain, n_images=len(images) - len(broken))
        return broken

    if output is not None:
        with writing_predictions(output, form) as write:
            broken = work(write)
        _print_written(output, len(images), broken, explain, json=json)
    else:
        # Print nothing before all images are predicted; the file saves memory.
        with TemporaryFile() as spool:
            with (json_document if json else json_lines)(spool, form) as write:
                broken = work(write)
            spool.seek(0)
            if json:
                sys.stdout.flush()
                shutil.copyfileobj(spool, sys.stdout.buffer)
            else:
                for line in spool:
                    _print(json_.loads(line))
    if explain is not None and not (json or is_stdout(output)):
        out.print(f"Heat maps written to {explain}", soft_wrap=True)
    if broken:
        _print_broken(broken, len(images))
        raise typer.Exit(SOME_BROKEN)


def _open(model: Path, device: str | None) -> tuple[Predictor, TorchTraits | None]:
    """Load a predictor, and its model unless it is an ONNX file, which needs no PyTorch."""
    if is_onnx_file(model):
        from lacunar.traits.predict.onnx_predictor import OnnxTraits

        if device not in {None, "auto", "cpu"}:
            raise InputError(f"expected cpu for an ONNX file, got {device!r}", field="device")
        return OnnxTraits(model), None
    from lacunar.store.traits import load_traits
    from lacunar.traits.environment import require_torch

    require_torch()
    from lacunar.traits.predict.torch_predictor import TorchTraits

    loaded = load_traits(model)
    loaded = loaded if device is None else loaded.on_device(device)
    predictor = TorchTraits(loaded)
    return predictor, predictor


def _factors(predictor: Predictor, tau: float, model: Path) -> Factors:
    if predictor.shares is None:
        raise InputError(
            f"expected a file with the shares of the classes, got {model} without them;"
            " export it again",
            field="balanced",
        )
    try:
        return predictor.shares.factors(tau)
    except InputError as error:
        raise error.renamed({"tau": "--balanced"}) from error


def _predict(
    predictor: Predictor, images: list[ImageFile], write: Write, *, skip_broken: bool
) -> list[dict[str, str]]:
    """Write the predictions of images; return the broken images with their reasons."""
    from lacunar.traits.predict.predictor import predict_images

    broken: list[dict[str, str]] = []
    with progress() as report:
        for answers in predict_images(
            predictor, images, skip_broken=skip_broken, progress=partial(report, "images")
        ):
            write(answers)
            broken += [
                {"image": image, "reason": reason}
                for image, reason in zip(answers.images, answers.reasons, strict=True)
                if reason is not None
            ]
    if len(broken) == len(images):
        raise InputError(broken[0]["reason"])
    return broken


def _print_others(inputs: list[Path]) -> None:
    """Print which files of folders are no images."""
    from lacunar.traits.data.image_sources import other_files

    for folder in inputs:
        if folder.is_dir() and (others := other_files(folder)):
            errors.print(f"{folder}: left out {others}.")


def _print_written(
    path: Path, n: int, broken: list[dict[str, str]], page: Path | None, *, json: bool
) -> None:
    if is_stdout(path):
        return
    if json:
        document = {"file": str(path), "images": n, "broken": broken}
        emit_json(document if page is None else document | {"explain": str(page)})
        return
    out.print(f"Predictions for {n - len(broken)} images written to {path}", soft_wrap=True)


def _print_broken(broken: list[dict[str, str]], n: int) -> None:
    for image in broken:
        errors.print(image["reason"], style="red")
    errors.print(f"{len(broken)} of {n} images could not be read.", style="bold red")


def _print(prediction: dict[str, Any]) -> None:
    out.print(prediction["image"], style="bold", soft_wrap=True)
    if "broken" in prediction:
        out.print(" broken", style="red")
        return
    table = Table(box=None, show_header=False, padding=(0, 1))
    for name, answer in prediction["attributes"].items():
        cells = answer["label"], figure(answer["probability"])
        table.add_row(f" {name}", *cells, "abstains" if answer["abstain"] else "")
    out.print(table)
