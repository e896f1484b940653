"""``lacunar data sample``: generated data to try things on."""

from __future__ import annotations

import json as json_text
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from lacunar.cli.console import ForceFlag, JsonFlag, emit_json, err, out, progress, write_text
from lacunar.errors import InputError

if TYPE_CHECKING:
    from lacunar.datasets.people.planting import PlantedTruth

_PLANTED = "planted.json"
_OF_TASTES = "[tastes]"
_OF_PEOPLE = "[people]"


def sample(
    what: Annotated[str, typer.Argument(help="What to generate: tastes or people.")],
    output: Annotated[Path, typer.Option("-o", "--out", help="Directory to write.")],
    users: Annotated[
        int | None, typer.Option(min=1, help=f"{_OF_TASTES} How many users (default: 610).")
    ] = None,
    movies: Annotated[
        int | None, typer.Option(min=1, help=f"{_OF_TASTES} How many films (default: 2000).")
    ] = None,
    groups: Annotated[
        int | None, typer.Option(min=1, help=f"{_OF_TASTES} How many taste groups (default: 4).")
    ] = None,
    median_ratings: Annotated[
        int | None,
        typer.Option(min=21, help=f"{_OF_TASTES} Ratings of the median user (default: 70)."),
    ] = None,
    layout: Annotated[
        str | None, typer.Option(help=f"{_OF_TASTES} csv or parquet (default: csv).")
    ] = None,
    train: Annotated[
        int | None,
        typer.Option(min=1, help=f"{_OF_PEOPLE} Pictures to train on (default: 520)."),
    ] = None,
    test: Annotated[
        int | None, typer.Option(min=1, help=f"{_OF_PEOPLE} Pictures to test on (default: 196).")
    ] = None,
    wrong_labels: Annotated[
        int | None, typer.Option(min=0, help=f"{_OF_PEOPLE} Labels that are false (default: 0).")
    ] = None,
    bad_images: Annotated[
        int | None,
        typer.Option(min=0, help=f"{_OF_PEOPLE} Pictures with a flaw (default: 0)."),
    ] = None,
    duplicates: Annotated[
        int | None,
        typer.Option(min=0, help=f"{_OF_PEOPLE} Pictures that copy another (default: 0)."),
    ] = None,
    no_maps: Annotated[
        bool, typer.Option("--no-maps", help=f"{_OF_PEOPLE} Leave the body-part maps out.")
    ] = False,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 0,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Generate ratings of invented films, or pictures of invented people.

    What is false on purpose in a sample of people is told in its planted.json.
    """
    of_tastes = {
        "users": users,
        "movies": movies,
        "groups": groups,
        "median_ratings": median_ratings,
        "layout": layout,
    }
    of_people = {
        "train": train,
        "test": test,
        "wrong_labels": wrong_labels,
        "bad_images": bad_images,
        "duplicates": duplicates,
        "no_maps": no_maps or None,
    }
    if what not in {"tastes", "people"}:
        raise InputError(f"expected the sample tastes or people, got {what!r}")
    _check_foreign(what, of_people if what == "tastes" else of_tastes)
    if layout not in {None, "csv", "parquet"}:
        raise InputError(f"--layout: expected csv or parquet, got {layout!r}")
    if output.exists() and (not output.is_dir() or (any(output.iterdir()) and not force)):
        raise InputError(f"{output}: something is there already; pass --force to write into it")
    named: dict[str, Any] = {
        name: value
        for name, value in (of_tastes if what == "tastes" else of_people).items()
        if value is not None
    }
    rows = (_write_tastes if what == "tastes" else _write_people)(output, seed, **named)
    if json:
        emit_json({"sample": what, "directory": str(output), "seed": seed, "rows": rows})
        return
    table = Table(show_header=False, box=None)
    for name, number in rows.items():
        table.add_row(name.replace("_", " "), str(number))
    out.print(table)
    out.print(f"Sample written to {output}", markup=False, soft_wrap=True)


def _check_foreign(what: str, foreign: Mapping[str, Any]) -> None:
    named = next((name for name, value in foreign.items() if value is not None), None)
    if named is not None:
        option = "--" + named.replace("_", "-")
        raise InputError(f"{option}: expected options of the sample {what}, got one of another")


def _write_tastes(
    output: Path,
    seed: int,
    users: int = 610,
    movies: int = 2000,
    groups: int = 4,
    median_ratings: int = 70,
    layout: str = "csv",
) -> dict[str, int]:
    from lacunar.datasets.tastes.sample import write_tastes

    with progress() as report:
        written = write_tastes(
            output,
            n_users=users,
            n_movies=movies,
            n_groups=groups,
            seed=seed,
            median_ratings=median_ratings,
            layout="parquet" if layout == "parquet" else "csv",
            progress=partial(report, "users"),
        )
    return {"users": users, "films": movies, "ratings": written}


def _write_people(
    output: Path,
    seed: int,
    train: int = 520,
    test: int = 196,
    wrong_labels: int = 0,
    bad_images: int = 0,
    duplicates: int = 0,
    no_maps: bool = False,
) -> dict[str, int]:
    from lacunar.datasets.people.sample import sample_people, write_people

    err.print(f"Drawing {train + test} pictures")
    made = sample_people(
        n_train=train,
        n_test=test,
        wrong_labels=wrong_labels,
        bad_images=bad_images,
        duplicates=duplicates,
        maps=not no_maps,
        seed=seed,
    )
    write_people(made, output)
    faults = wrong_labels + bad_images + duplicates
    if faults:
        _write_truth(made.truth, output / _PLANTED)
    return {"training_images": train, "test_images": test} | (
        {"planted_faults": faults} if faults else {}
    )


def _write_truth(truth: PlantedTruth, path: Path) -> None:
    write_text(path, json_text.dumps(asdict(truth), indent=1) + "\n")
