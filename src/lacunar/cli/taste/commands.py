"""``lacunar taste``: fit segments to a ratings log, look at them, recommend."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from lacunar.cli.console import (
    ForceFlag,
    JsonFlag,
    check_checkpoint,
    check_file_destination,
    emit_json,
    err,
    out,
    progress,
    tell_report,
    write_text,
)
from lacunar.cli.option_names import OptionNames
from lacunar.cli.taste import engines, evaluate, place, recommend
from lacunar.cli.taste.engines import EngineOption, MasterOption, MemoryOption
from lacunar.errors import InputError

if TYPE_CHECKING:
    from lacunar.taste.model import TasteModel

# As many segments as a table of 80 columns holds.
_COLUMNS = 8

app = typer.Typer(
    cls=OptionNames,
    no_args_is_help=True,
    help="Ratings to genre profiles, segments and recommendations.",
    rich_markup_mode="markdown",
)

ModelArgument = Annotated[Path, typer.Argument(help="Directory of a fitted taste model.")]
UserOption = Annotated[str, typer.Option("--user", help="Id of a user, as in the ratings.")]


@app.command(epilog="Example: `lacunar taste fit ml-latest-small -o model --preset source`")
def fit(
    data: Annotated[
        Path,
        typer.Argument(
            help="Directory with ratings.csv and movies.csv, or with other tables and a "
            "ratings.toml that names them."
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--out", help="Model directory to write.")],
    preset: Annotated[
        str, typer.Option(help="default, or source: as the source report does.")
    ] = "default",
    view: Annotated[
        str | None,
        typer.Option(
            help="What a mixture sees: means, relative, shares, log-shares, periods, "
            "or several joined by '+'."
        ),
    ] = None,
    gaps: Annotated[
        str | None, typer.Option(help="What stands for a gap: keep, row-mean or zero.")
    ] = None,
    noise: Annotated[
        bool | None,
        typer.Option("--noise/--no-noise", help="Whether few ratings make a cell less sure."),
    ] = None,
    covariance: Annotated[str | None, typer.Option(help="diag or full.")] = None,
    prior_users: Annotated[
        float | None, typer.Option(help="Users the covariance prior weighs as much as.")
    ] = None,
    criterion: Annotated[
        str | None, typer.Option(help="Chooses K: bic, icl, held-out or vote.")
    ] = None,
    folds: Annotated[int | None, typer.Option(help="Folds of the held-out likelihood.")] = None,
    min_components: Annotated[int | None, typer.Option(help="Smallest K tried.")] = None,
    max_components: Annotated[int | None, typer.Option(help="Largest K tried.")] = None,
    n_seeds: Annotated[int | None, typer.Option(help="Restarts of every K.")] = None,
    seed: Annotated[int, typer.Option(help="First of the seeds.")] = 0,
    liked_above: Annotated[
        float | None,
        typer.Option(help="A rating above this is a like (default: 3.5 of 5; source: 4)."),
    ] = None,
    scale: Annotated[
        str | None, typer.Option(help="Rating scale MIN:MAX:STEP (default: 0.5:5:0.5).")
    ] = None,
    search_users: Annotated[
        int | None,
        typer.Option(help="Choose K on all users up to so many (default: 20000)."),
    ] = None,
    sample_users: Annotated[
        int | None,
        typer.Option(
            help="Of more users, choose K on a sample of so many (default: 5000); settings of the "
            "personal rule are never chosen on more."
        ),
    ] = None,
    memory_limit: MemoryOption = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint",
            "--resume",
            help="Directory that every stage is saved in. A fit that was killed goes on from it.",
        ),
    ] = None,
    engine: EngineOption = "duckdb",
    master: MasterOption = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Fit segments to a ratings log and save the model."""
    from lacunar.cli.settings import validated
    from lacunar.store import check_destination, save_taste
    from lacunar.taste.checkpoint import finished, remove_stages
    from lacunar.taste.config import TasteConfig
    from lacunar.taste.data.rating_scale import RatingScale
    from lacunar.taste.to_json import segments_document

    where = engines.where_to_work(engine, master, memory_limit)
    check_destination(output, force=force)
    check_checkpoint(checkpoint, output)
    config = validated(
        partial(TasteConfig.of_preset, preset),
        view=view,
        gaps=gaps,
        noise=noise,
        covariance_type=covariance,
        prior_users=prior_users,
        criterion=criterion,
        folds=folds,
        min_components=min_components,
        max_components=max_components,
        n_seeds=n_seeds,
        seed=seed,
        liked_above=liked_above,
        search_users=search_users,
        sample_users=sample_users,
    )
    if checkpoint is not None and (held := finished(checkpoint)):
        err.print(f"Going on with what the checkpoint holds: {', '.join(held)}.", markup=False)
    on_scale = RatingScale.parse(scale) if scale else None
    with progress() as report:
        model = where.fit(data, on_scale, config, report, checkpoint)
        report("saving", 0, 1)
        save_taste(model, output, force=force)
        report("saving", 1, 1)
    if checkpoint is not None:
        remove_stages(checkpoint)
    if json:
        emit_json({"model": str(output), **segments_document(model)})
        return
    _print_intake(model)
    _print_segments(model)
    out.print(f"Model written to {output}", markup=False, soft_wrap=True)


@app.command(epilog="Example: `lacunar taste segments model --json`")
def segments(model: ModelArgument, json: JsonFlag = False) -> None:
    """Show the segments: populations, names, mean rating per genre."""
    from lacunar.store import load_taste
    from lacunar.taste.to_json import segments_document

    loaded = load_taste(model)
    if json:
        emit_json(segments_document(loaded))
        return
    _print_segments(loaded)


app.command("recommend", epilog="Example: `lacunar taste recommend model --user 4 --top 5`")(
    recommend.recommend
)
app.command("place", epilog="Example: `lacunar taste place model ml-latest-small -o places`")(
    place.place
)
app.command(epilog="Example: `lacunar taste evaluate ml-latest-small --cold-start`")(
    evaluate.evaluate
)


@app.command(epilog="Example: `lacunar taste user model --user 4`")
def user(model: ModelArgument, user: UserOption, json: JsonFlag = False) -> None:
    """Show what is known of a user: genre means, counts, gaps, segments."""
    from lacunar.store import load_taste
    from lacunar.taste.to_json import user_document

    loaded = load_taste(model)
    found = user_document(loaded, loaded.ratings.user_position(user))
    if json:
        emit_json(found)
        return
    table = Table(title=f"User {found['user']}", title_justify="left")
    table.add_column("genre")
    table.add_column("mean", justify="right")
    table.add_column("ratings", justify="right")
    for genre, mean in found["profile"].items():
        known = "no rating" if mean is None else f"{mean:.2f}"
        table.add_row(genre, known, str(found["counts"][genre]))
    out.print(table)
    for segment, probability in found["segments"].items():
        name = loaded.segments.names[int(segment)]
        out.print(f"{name}: probability {probability:.4f}", markup=False)


@app.command(epilog="Example: `lacunar taste report model -o tastes.html --user 4`")
def report(
    model: ModelArgument,
    output: Annotated[Path, typer.Option("-o", "--out", help="HTML file to write.")],
    user: Annotated[
        list[str] | None, typer.Option(help="A user to show, besides the samples; repeatable.")
    ] = None,
    evaluation: Annotated[
        Path | None, typer.Option(help="What `taste evaluate -o` wrote, to be shown as well.")
    ] = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
) -> None:
    """Write a report as one HTML file that needs no network."""
    from lacunar.report.taste.page import taste_report
    from lacunar.store import load_taste
    from lacunar.taste.evaluate.to_json import read_evaluation
    from lacunar.taste.model import fingerprint

    check_file_destination(output, force=force)
    found = read_evaluation(evaluation) if evaluation else None
    loaded = load_taste(model)
    if found is not None and found.fingerprint != fingerprint(loaded.ratings):
        raise InputError(f"{evaluation}: expected an evaluation of the model's log, got another's")
    users = [loaded.ratings.user_position(name) for name in user or []]
    write_text(output, taste_report(loaded, users=users, evaluation=found))
    tell_report(output, json=json)


def _print_intake(model: TasteModel) -> None:
    ratings, intake = model.ratings, model.ratings.intake
    err.print(
        f"Read {len(ratings.log)} ratings of {ratings.n_items} films by {ratings.n_users} users; "
        f"{model.profiles.gap_share:.1%} of the user x genre cells are unknown "
        f"(gaps: {model.config.gaps}; view: {model.config.view})."
    )
    if model.profiles.unrated_genres:
        err.print(f"Nobody rated a film of: {', '.join(model.profiles.unrated_genres)}.")
    if model.profiles.constant_genres:
        err.print(f"All who rated them agree on: {', '.join(model.profiles.constant_genres)}.")
    if not ratings.has_times:
        err.print("No times of ratings: of repeated ones the higher counts.")
    if intake.repeated:
        err.print(f"Left out {intake.repeated} ratings that another one replaced.")
    if intake.unknown_item_rows:
        err.print(
            f"Left out {intake.unknown_item_rows} ratings of {intake.unknown_items} films that "
            f"the catalogue lacks, and {intake.dropped_users} users who had no others."
        )


def _print_segments(model: TasteModel) -> None:
    found = model.segments
    out.print(f"{model.criterion}.\n", markup=False)
    for segment, name in enumerate(found.names):
        out.print(f"{segment}  {found.populations[segment]:>6} users  {name}", markup=False)
    for first in range(0, found.n_segments, _COLUMNS):
        shown = range(first, min(first + _COLUMNS, found.n_segments))
        table = Table(title="Mean rating by segment", title_justify="left")
        table.add_column("genre")
        for segment in shown:
            table.add_column(str(segment), justify="right")
        for genre, means in zip(model.ratings.genres, found.profiles.T, strict=True):
            table.add_row(genre, *(_stars(means[segment]) for segment in shown))
        out.print(table)


def _stars(mean: float) -> str:
    return "-" if math.isnan(mean) else f"{mean:.2f}"
