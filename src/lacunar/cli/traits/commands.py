"""``lacunar traits``: learn attributes from labelled images, test them, tell them of others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lacunar.cli.console import ForceFlag, JsonFlag, check_file_destination, tell_report, write_text
from lacunar.cli.option_names import OptionNames
from lacunar.cli.traits import audit, evaluate, export, fit, predict

app = typer.Typer(
    cls=OptionNames,
    no_args_is_help=True,
    help="Small images with partly unknown labels to one network that tells attributes.",
    rich_markup_mode="markdown",
)

app.command(epilog="Example: `lacunar traits fit people -o model --preset source`")(fit.fit)
app.command(epilog="Example: `lacunar traits evaluate model people --confusion`")(evaluate.evaluate)
app.command(epilog="Example: `lacunar traits predict model photos --json`")(predict.predict)
app.command(epilog="Example: `lacunar traits export model -o model.onnx`")(export.export)
app.command(epilog="Example: `lacunar traits audit people --model model -o audit.html`")(
    audit.audit
)
app.command(epilog="Example: `lacunar traits correct people sheet.csv -o Train.csv`")(audit.correct)


@app.command(epilog="Example: `lacunar traits report model -o traits.html --data people`")
def report(
    model: Annotated[Path, typer.Argument(help="Directory of a fitted traits model.")],
    output: Annotated[Path, typer.Option("-o", "--out", help="HTML file to write.")],
    data: Annotated[
        Path | None,
        typer.Option(help="What it was fitted to: shows images, how they move, where it looks."),
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(help="The data's schema.toml, if it is not beside them.")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Where decoded images are kept (or LACUNAR_CACHE).")
    ] = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Write a report as one HTML file that needs no network.

    A model holds no image, so that images are shown only where the data are named.
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
        samples = augmented_samples(loaded, dataset, cache_dir=cache)
        explained = explained_samples(loaded, dataset, cache_dir=cache)
    write_text(output, traits_report(loaded, samples=samples, explained=explained))
    tell_report(output, json=json)
