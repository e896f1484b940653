"""``lacunar data sample``: generated ratings and labelled images."""

from __future__ import annotations

import json as json_text
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict, Unpack

import typer
from rich.table import Table

from lacunar.cli.console import ForceFlag, JsonFlag, emit_json, err, out, progress, write_text
from lacunar.cli.option_group import expand_options
from lacunar.errors import InputError

if TYPE_CHECKING:
    from lacunar.datasets.people.planting import PlantedTruth

_PLANTED = "planted.json"
_of_tastes = partial(typer.Option, rich_help_panel="Options of tastes")
_of_people = partial(typer.Option, rich_help_panel="Options of people")


class TastesOptions(TypedDict):
    """Options of generated ratings; ``None`` takes the default."""

    n_users: Annotated[
        int | None, _of_tastes("--users", min=1, help="Number of users (default: 610).")
    ]
    n_movies: Annotated[
        int | None, _of_tastes("--movies", min=1, help="Number of films (default: 2000).")
    ]
    n_groups: Annotated[
        int | None, _of_tastes("--groups", min=1, help="Number of taste groups (default: 4).")
    ]
    median_ratings: Annotated[
        int | None, _of_tastes(min=21, help="Ratings of the median user (default: 70).")
    ]
    layout: Annotated[str | None, _of_tastes(help="csv or parquet (default: csv).")]


class PeopleOptions(TypedDict):
    """Options of generated images; ``None`` takes the default."""

    n_train: Annotated[
        int | None, _of_people("--train", min=1, help="Number of training images (default: 520).")
    ]
    n_test: Annotated[
        int | None, _of_people("--test", min=1, help="Number of test images (default: 196).")
    ]
    wrong_labels: Annotated[
        int | None, _of_people(min=0, help="Number of wrong labels (default: 0).")
    ]
    bad_images: Annotated[
        int | None, _of_people(min=0, help="Number of flawed images (default: 0).")
    ]
    duplicates: Annotated[
        int | None, _of_people(min=0, help="Number of copied images (default: 0).")
    ]


class SampleOptions(TastesOptions, PeopleOptions):
    """Options of both samples."""


@expand_options
def sample(
    what: Annotated[str, typer.Argument(help="Sample to generate: tastes or people.")],
    output: Annotated[Path, typer.Option("-o", "--out", help="Directory to write.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 0,
    force: ForceFlag = False,
    json: JsonFlag = False,
    **options: Unpack[SampleOptions],
) -> None:
    """Generate ratings of invented films, or labelled images of invented people.

    For a sample of people, planted.json lists the errors that were added on purpose.
    """
    samples = {
        "tastes": (_write_tastes, TastesOptions.__annotations__),
        "people": (_write_people, PeopleOptions.__annotations__),
    }
    if what not in samples:
        raise InputError(f"expected the sample tastes or people, got {what!r}")
    write, own = samples[what]
    named = {name: value for name, value in options.items() if value is not None}
    for name in named:
        if name not in own:
            raise InputError(
                f"expected options of the sample {what}, got one of the other sample", field=name
            )
    if options["layout"] not in {None, "csv", "parquet"}:
        raise InputError(f"expected csv or parquet, got {options['layout']!r}", field="layout")
    if output.exists() and (not output.is_dir() or (any(output.iterdir()) and not force)):
        raise InputError(f"{output}: the path already exists; pass --force to write into it")
    rows = write(output, seed, named)
    if json:
        emit_json({"sample": what, "directory": str(output), "seed": seed, "rows": rows})
        return
    table = Table(show_header=False, box=None)
    for name, number in rows.items():
        table.add_row(name.replace("_", " "), str(number))
    out.print(table)
    out.print(f"Sample written to {output}", soft_wrap=True)


def _write_tastes(output: Path, seed: int, named: Mapping[str, Any]) -> dict[str, int]:
    from lacunar.datasets.tastes.sample import write_tastes

    sizes = {"n_users": 610, "n_movies": 2000} | dict(named)
    with progress() as report:
        n_ratings = write_tastes(output, seed=seed, progress=partial(report, "users"), **sizes)
    return {"users": sizes["n_users"], "films": sizes["n_movies"], "ratings": n_ratings}


def _write_people(output: Path, seed: int, named: Mapping[str, Any]) -> dict[str, int]:
    from lacunar.datasets.people.sample import sample_people, write_people

    sizes = {"n_train": 520, "n_test": 196} | dict(named)
    n_train, n_test = sizes["n_train"], sizes["n_test"]
    err.print(f"Drawing {n_train + n_test} images")
    made = sample_people(seed=seed, **sizes)
    write_people(made, output)
    faults = sum(named.get(name, 0) for name in ("wrong_labels", "bad_images", "duplicates"))
    if faults:
        _write_truth(made.truth, output / _PLANTED)
    return {"training_images": n_train, "test_images": n_test} | (
        {"planted_faults": faults} if faults else {}
    )


def _write_truth(truth: PlantedTruth, path: Path) -> None:
    write_text(path, json_text.dumps(asdict(truth), indent=1) + "\n")
