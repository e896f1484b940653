"""``lacunar data``: generated samples and downloads of public data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lacunar.cli import data_sample
from lacunar.cli.console import ForceFlag, JsonFlag, emit_json, out, progress
from lacunar.cli.option_names import OptionNames

app = typer.Typer(
    cls=OptionNames,
    no_args_is_help=True,
    help="Generated samples and public data sets.",
    rich_markup_mode="markdown",
)


@app.command("list", epilog="Example: `lacunar data list`")
def list_(json: JsonFlag = False) -> None:
    """List the public data sets and the samples."""
    from lacunar.datasets.movielens import DATASETS

    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "how": f"lacunar data fetch {name} -o DIR",
            "bytes": archive.size,
            "description": archive.description,
            "licence": archive.licence,
        }
        for name, archive in DATASETS.items()
    ]
    rows.append(
        {
            "name": "tastes",
            "how": "lacunar data sample tastes -o DIR",
            "bytes": None,
            "description": "Generated ratings with invented films and known taste groups.",
            "licence": "generated; free to use",
        }
    )
    rows.append(
        {
            "name": "people",
            "how": "lacunar data sample people -o DIR",
            "bytes": None,
            "description": "Generated images of pedestrians with six labels each, some unknown.",
            "licence": "generated; free to use",
        }
    )
    if json:
        emit_json({"datasets": rows})
        return
    for row in rows:
        out.print(row["name"], style="bold")
        for key in ("description", "licence", "how"):
            out.print(f"  {row[key]}")


@app.command(epilog="Example: `lacunar data fetch ml-latest-small -o ml`")
def fetch(
    name: Annotated[str, typer.Argument(help="Name of a data set; see `lacunar data list`.")],
    output: Annotated[Path, typer.Option("-o", "--out", help="Directory to write.")],
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Download a public data set and check its published checksum."""
    from lacunar.datasets import movielens

    with progress() as report:
        directory = movielens.fetch(
            name,
            output,
            force=force,
            progress=lambda done, total: report("download", done, total or 0),
        )
    if json:
        files = sorted(path.name for path in directory.iterdir())
        emit_json({"name": name, "directory": str(directory), "files": files})
        return
    out.print(f"{name} downloaded to {directory}", soft_wrap=True)


app.command(epilog="Example: `lacunar data sample tastes -o sample`")(data_sample.sample)
