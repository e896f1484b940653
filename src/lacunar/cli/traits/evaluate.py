"""``lacunar traits evaluate``: scores of a model on labelled images."""

from __future__ import annotations

import json as json_text
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from lacunar.cli.config_file import ConfigOption
from lacunar.cli.console import (
    ForceFlag,
    JsonFlag,
    check_file_destination,
    emit_json,
    is_stdout,
    out,
    progress,
    write_text,
)
from lacunar.cli.traits.arguments import CacheOption, DeviceOption, ModelArgument, SchemaOption
from lacunar.cli.traits.tables import (
    print_classes,
    print_confidence,
    print_confusions,
    print_points,
    print_scores,
)
from lacunar.errors import InputError


def evaluate(
    model: ModelArgument,
    data: Annotated[
        Path,
        typer.Argument(
            help="Directory with Test_Data, directory with one CSV file, or a CSV file."
        ),
    ],
    part: Annotated[
        str | None,
        typer.Option(
            help="test or train, for a directory with Train_Data and Test_Data "
            "(default: test if there is one)."
        ),
    ] = None,
    schema: SchemaOption = None,
    confusion: Annotated[
        bool, typer.Option("--confusion", help="Also print the confusion matrices.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--out", help="Also write the scores to this JSON file.")
    ] = None,
    device: DeviceOption = None,
    cache_dir: CacheOption = None,
    config_file: ConfigOption = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Compare a model's predictions with the labels of a data set.

    Every score is shown with its 95 % bootstrap interval over images, next to the score of always
    predicting the most common class.
    """
    del config_file
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
        raise InputError(f"expected test or train, got {part!r}", field="part")
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
            loaded, dataset, reading=partial(report, "decoding images"), cache_dir=cache_dir
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
    if is_stdout(output):
        return
    if json:
        emit_json(document)
        return
    print_scores(found, f"Images of {Path(dataset.origin).name}")
    if part == "train":
        out.print("If the model was trained on these images, scores of new images are lower.\n")
    print_points(loaded.schema, points)
    print_confidence(confidence)
    print_classes(found)
    if confusion:
        print_confusions(found)
    if output is not None:
        out.print(f"Evaluation written to {output}", soft_wrap=True)
