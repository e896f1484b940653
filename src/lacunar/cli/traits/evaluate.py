"""``lacunar traits evaluate``: a model's answers beside labels."""

from __future__ import annotations

import json as json_text
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from lacunar.cli.console import (
    ForceFlag,
    JsonFlag,
    check_file_destination,
    emit_json,
    out,
    progress,
    write_text,
)
from lacunar.cli.traits.tables import (
    print_classes,
    print_confidence,
    print_confusions,
    print_points,
    print_scores,
)
from lacunar.errors import InputError


def evaluate(
    model: Annotated[Path, typer.Argument(help="Directory of a fitted traits model.")],
    data: Annotated[
        Path, typer.Argument(help="Directory with Test_Data, one with a CSV file, or the file.")
    ],
    part: Annotated[
        str | None,
        typer.Option(
            help="test or train, of a directory with Train_Data and Test_Data "
            "(default: test where there is one)."
        ),
    ] = None,
    schema: Annotated[
        Path | None,
        typer.Option(help="schema.toml with attributes and columns, if not beside the data."),
    ] = None,
    confusion: Annotated[
        bool, typer.Option("--confusion", help="Also print what is taken for what.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--out", help="JSON file to write as well.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="auto, cpu, cuda, mps ... (default: that of the fit).")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Where decoded images are kept (or LACUNAR_CACHE).")
    ] = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Compare a model's answers with the labels of a data set.

    Intervals hold 95 % and come from resampling images. Every figure stands beside that of always
    answering the largest class.
    """
    from lacunar.store.traits import load_traits
    from lacunar.traits.data.dataset import has_test_split, read_dataset
    from lacunar.traits.data.schema import read_schema
    from lacunar.traits.environment import require_torch
    from lacunar.traits.model import evaluate_traits
    from lacunar.traits.to_json import (
        confidence_document,
        evaluation_document,
        operating_points_document,
    )

    require_torch()
    if output is not None:
        check_file_destination(output, force=force)
    if part not in {None, "test", "train"}:
        raise InputError(f"--part: expected test or train, got {part!r}")
    loaded = load_traits(model)
    if device is not None:
        loaded = loaded.on_device(device)
    if part is None:
        part = "test" if has_test_split(data) or not (data / "Train_Data").is_dir() else "train"
    dataset = read_dataset(
        data,
        read_schema(schema) if schema else None,
        part="train" if part == "train" else "test",
        default=loaded.schema,
    )
    with progress() as report:
        found, confidence, points = evaluate_traits(
            loaded, dataset, reading=partial(report, "decoding images"), cache_dir=cache
        )
    document = {
        "part": part,
        "images": len(dataset),
        **evaluation_document(found),
        "confidence": confidence_document(confidence),
        "operating_points": operating_points_document(loaded.schema, points),
    }
    if output is not None:
        write_text(output, json_text.dumps(document, ensure_ascii=False, allow_nan=False) + "\n")
    if json:
        emit_json(document)
        return
    print_scores(found, f"Images of {dataset.source.name}")
    if part == "train":
        out.print("Where the model was fitted to these images, others give lower figures.\n")
    print_points(loaded.schema, points)
    print_confidence(confidence)
    print_classes(found)
    if confusion:
        print_confusions(found)
    if output is not None:
        out.print(f"Evaluation written to {output}", markup=False, soft_wrap=True)
