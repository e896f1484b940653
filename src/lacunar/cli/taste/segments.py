"""``lacunar taste segments`` and ``user``: the segments of a model and the profile of a user."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from lacunar.cli.console import JsonFlag, emit_json, out
from lacunar.cli.taste.arguments import ModelArgument

if TYPE_CHECKING:
    from lacunar.taste.model import TasteModel

# Most segments that fit into a table of 80 columns.
_COLUMNS = 8


def segments(model: ModelArgument, json: JsonFlag = False) -> None:
    """Show the segments: number of users, names, mean rating per genre."""
    from lacunar.store import load_taste
    from lacunar.taste.to_json import segments_document

    loaded = load_taste(model)
    if json:
        emit_json(segments_document(loaded))
        return
    print_segments(loaded)


def user(
    model: ModelArgument,
    user: Annotated[str, typer.Option("--user", help="User ID, as in the ratings.")],
    json: JsonFlag = False,
) -> None:
    """Show a user: mean rating and number of ratings per genre, segments."""
    from lacunar.store import load_taste
    from lacunar.taste.to_json import user_document

    loaded = load_taste(model)
    document = user_document(loaded, loaded.ratings.user_position(user))
    if json:
        emit_json(document)
        return
    table = Table(title=f"User {document['user']}", title_justify="left")
    table.add_column("genre")
    table.add_column("mean", justify="right")
    table.add_column("ratings", justify="right")
    for genre, mean in document["profile"].items():
        rating = "no rating" if mean is None else f"{mean:.2f}"
        table.add_row(genre, rating, str(document["counts"][genre]))
    out.print(table)
    for segment, probability in document["segments"].items():
        name = loaded.segments.names[int(segment)]
        out.print(f"{name}: probability {probability:.4f}")


def print_segments(model: TasteModel) -> None:
    """Print the size and name of each segment, and its mean rating per genre."""
    fitted = model.segments
    out.print(f"{model.criterion}.\n")
    for segment, name in enumerate(fitted.names):
        out.print(f"{segment}  {fitted.populations[segment]:>6} users  {name}")
    for first in range(0, fitted.n_segments, _COLUMNS):
        shown = range(first, min(first + _COLUMNS, fitted.n_segments))
        table = Table(title="Mean rating by segment", title_justify="left")
        table.add_column("genre")
        for segment in shown:
            table.add_column(str(segment), justify="right")
        for genre, means in zip(model.ratings.genres, fitted.profiles.T, strict=True):
            table.add_row(genre, *(_stars(means[segment]) for segment in shown))
        out.print(table)


def _stars(mean: float) -> str:
    return "-" if math.isnan(mean) else f"{mean:.2f}"
