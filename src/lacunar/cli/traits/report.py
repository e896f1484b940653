"""``lacunar traits report``: the HTML report of a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lacunar.cli.console import (
    ForceFlag,
    JsonFlag,
    check_file_destination,
    print_report_path,
    write_text,
)
from lacunar.cli.traits.arguments import CacheOption, ModelArgument, SchemaOption


def report(
    model: ModelArgument,
    output: Annotated[Path, typer.Option("-o", "--out", help="HTML file to write.")],
    data: Annotated[
        Path | None,
        typer.Option(help="Training data: adds images, their augmentation and heat maps."),
    ] = None,
    schema: SchemaOption = None,
    cache_dir: CacheOption = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Write a report as one HTML file that works offline.

    A model contains no images. The report shows images only with `--data`.
    """
    from lacunar.report.traits.page import traits_report
    from lacunar.store.traits import load_traits
    from lacunar.traits.data.dataset import read_dataset
    from lacunar.traits.data.schema import read_schema
    from lacunar.traits.predict.explainer import ExplainedImage, explained_samples
    from lacunar.traits.predict.training_samples import augmented_samples

    check_file_destination(output, force=force)
    loaded = load_traits(model)
    samples, explained = None, list[ExplainedImage]()
    if data is not None:
        named = read_schema(schema) if schema else None
        dataset = read_dataset(data, named, default=loaded.schema)
        samples = augmented_samples(loaded, dataset, cache_dir=cache_dir)
        explained = explained_samples(loaded, dataset, cache_dir=cache_dir)
    write_text(output, traits_report(loaded, samples=samples, explained=explained))
    print_report_path(output, json=json)
