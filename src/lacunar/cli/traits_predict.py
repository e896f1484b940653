"""``lacunar traits predict``: attributes of images that nobody has labelled."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from lacunar.cli.console import JsonFlag, emit_json, figure, out, progress


def predict(
    model: Annotated[Path, typer.Argument(help="Directory of a fitted traits model.")],
    images: Annotated[
        list[Path], typer.Argument(help="Image files, and folders of them (theirs are left out).")
    ],
    device: Annotated[
        str | None, typer.Option(help="auto, cpu, cuda, mps ... (default: that of the fit).")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Tell the attributes of images.

    The most probable class of each attribute is told, with the probability the network gives it,
    however unlike the training images an image is.
    """
    from lacunar.store.traits import load_traits
    from lacunar.traits.describe import describe_predictions
    from lacunar.traits.requirements import require_torch
    from lacunar.traits.unlabelled import find_images, predict_files

    require_torch()
    files = find_images(images)
    loaded = load_traits(model)
    if device is not None:
        loaded = loaded.on_device(device)
    with progress() as report:
        found = predict_files(loaded, files, progress=partial(report, "images"))
    document = describe_predictions(loaded.schema, [str(file) for file in files], found)
    if json:
        emit_json(document)
        return
    for prediction in document["predictions"]:
        _print(prediction)


def _print(prediction: dict[str, Any]) -> None:
    out.print(prediction["image"], style="bold", markup=False, soft_wrap=True)
    table = Table(box=None, show_header=False, padding=(0, 1))
    for name, answer in prediction["attributes"].items():
        table.add_row(f" {escape(name)}", escape(answer["label"]), figure(answer["probability"]))
    out.print(table)
