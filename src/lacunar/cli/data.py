"""``lacunar data``: samples to try things on, and public data sets to download."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from lacunar.cli.console import ForceFlag, JsonFlag, emit_json, out, progress
from lacunar.errors import InputError

app = typer.Typer(
    no_args_is_help=True,
    help="Generated samples and public data sets.",
    rich_markup_mode="markdown",
)

OutOption = Annotated[Path, typer.Option("-o", "--out", help="Directory to write.")]


@app.command("list", epilog="Example: `lacunar data list`")
def list_(json: JsonFlag = False) -> None:
    """List what can be fetched and generated."""
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
    if json:
        emit_json({"datasets": rows})
        return
    for row in rows:
        out.print(row["name"], style="bold", markup=False)
        for key in ("description", "licence", "how"):
            out.print(f"  {row[key]}", markup=False)


@app.command(epilog="Example: `lacunar data fetch ml-latest-small -o ml`")
def fetch(
    name: Annotated[str, typer.Argument(help="Name of a data set, see `lacunar data list`.")],
    output: OutOption,
    force: ForceFlag = False,
) -> None:
    """Download a public data set, checked against its published checksum."""
    from lacunar.datasets import movielens

    with progress() as report:
        directory = movielens.fetch(
            name,
            output,
            force=force,
            progress=lambda done, total: report("download", done, total or 0),
        )
    out.print(f"{name} is in {directory}", markup=False, soft_wrap=True)


@app.command(epilog="Example: `lacunar data sample tastes -o sample`")
def sample(
    what: Annotated[str, typer.Argument(help="What to generate: tastes.")],
    output: OutOption,
    users: Annotated[int, typer.Option(min=1, help="How many users.")] = 610,
    movies: Annotated[int, typer.Option(min=1, help="How many films.")] = 2000,
    groups: Annotated[int, typer.Option(min=1, help="How many taste groups.")] = 4,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 0,
    layout: Annotated[str, typer.Option(help="csv or parquet.")] = "csv",
    force: ForceFlag = False,
) -> None:
    """Generate a sample with invented films and known taste groups."""
    from lacunar.datasets.sample_tastes import sample_tastes, write_sample

    if what != "tastes":
        raise InputError(f"expected the sample tastes, got {what!r}")
    if layout not in {"csv", "parquet"}:
        raise InputError(f"--layout: expected csv or parquet, got {layout!r}")
    if output.exists() and (not output.is_dir() or (any(output.iterdir()) and not force)):
        raise InputError(f"{output}: something is there already; name --force to write into it")
    made = sample_tastes(n_users=users, n_movies=movies, n_groups=groups, seed=seed)
    write_sample(made, output, layout="parquet" if layout == "parquet" else "csv")
    table = Table(show_header=False, box=None)
    table.add_row("users", str(users))
    table.add_row("films", str(made.movies.num_rows))
    table.add_row("ratings", str(made.ratings.num_rows))
    out.print(table)
    out.print(f"Sample written to {output}", markup=False, soft_wrap=True)
