"""``lacunar taste fit``: fit user segments to a ratings log and save the model."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import Annotated, TypedDict, Unpack

import typer

from lacunar.cli.config_file import ConfigOption
from lacunar.cli.console import (
    ForceFlag,
    JsonFlag,
    check_checkpoint,
    emit_json,
    err,
    out,
    progress,
)
from lacunar.cli.option_group import expand_options
from lacunar.cli.settings import validated
from lacunar.cli.taste import engines
from lacunar.cli.taste.arguments import DataArgument, ScaleOption
from lacunar.cli.taste.engines import EngineOption, MasterOption, MemoryOption
from lacunar.cli.taste.intake import print_intake, print_notes
from lacunar.cli.taste.segments import print_segments
from lacunar.errors import InputError

_features = partial(typer.Option, rich_help_panel="Features of users")
_segments = partial(typer.Option, rich_help_panel="Segments")
_large = partial(typer.Option, rich_help_panel="Large data")


class TasteOptions(TypedDict):
    """Options that fill fields of a ``TasteConfig``; ``None`` keeps the preset's value."""

    view: Annotated[
        str | None,
        _features(
            help="means, relative, shares, log-shares, periods, or several joined by '+' "
            "(default: shares+periods; source: means)."
        ),
    ]
    gaps: Annotated[
        str | None,
        _features(
            help="Missing features: keep, row-mean or zero (default: keep; source: row-mean)."
        ),
    ]
    noise: Annotated[
        bool | None,
        _features(
            "--noise/--no-noise",
            help="Features from few ratings are uncertain (default: yes; source: no).",
        ),
    ]
    liked_above: Annotated[
        float | None,
        _features(help="Ratings above this are likes (default: 3.5 of 5; source: 4)."),
    ]
    min_components: Annotated[int | None, _segments(help="Fewest segments to try (default: 1).")]
    max_components: Annotated[int | None, _segments(help="Most segments to try (default: 10).")]
    n_seeds: Annotated[int | None, _segments(help="Restarts of each (default: 40; source: 51).")]
    seed: Annotated[int | None, _segments(help="First random seed (default: 0).")]
    criterion: Annotated[
        str | None,
        _segments(
            help="Chooses the number: bic, icl, held-out or vote (default: bic; source: vote)."
        ),
    ]
    folds: Annotated[
        int | None,
        _segments(help="Folds of held-out likelihood (default: 0)."),
    ]
    covariance_type: Annotated[
        str | None,
        _segments("--covariance", help="diag or full (default: diag; source: full)."),
    ]
    prior_users: Annotated[
        float | None,
        _segments(help="Weight of the covariance prior, in users (default: 3; source: none)."),
    ]
    search_users: Annotated[
        int | None,
        _large(help="Search on all users up to (default: 20000)."),
    ]
    sample_users: Annotated[
        int | None,
        _large(
            help="Otherwise on so many; also most users to tune the personal "
            "recommender (default: 5000)."
        ),
    ]


@expand_options
def fit(
    data: DataArgument,
    output: Annotated[Path, typer.Option("-o", "--out", help="Model directory to write.")],
    preset: Annotated[
        str, typer.Option(show_default=False, help="default, or source: as in the source report.")
    ] = "default",
    scale: ScaleOption = None,
    memory_limit: MemoryOption = None,
    checkpoint_dir: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint",
            "--resume",
            help="Directory for every stage; a stopped fit continues from it.",
        ),
    ] = None,
    engine: EngineOption = "duckdb",
    master: MasterOption = None,
    config_file: ConfigOption = None,
    k: Annotated[int | None, _segments("--k", help="This number of segments.")] = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
    **options: Unpack[TasteOptions],
) -> None:
    """Fit user segments to a ratings log and save the model."""
    del config_file
    from lacunar.store import check_destination, save_taste
    from lacunar.taste.checkpoint import finished, remove_stages
    from lacunar.taste.config import TasteConfig
    from lacunar.taste.data.rating_scale import RatingScale
    from lacunar.taste.to_json import segments_document

    where = engines.where_to_work(engine, master, memory_limit)
    check_destination(output, force=force)
    check_checkpoint(checkpoint_dir, output)
    if k is not None:
        if (options["min_components"], options["max_components"]) != (None, None):
            raise InputError(
                f"expected it without `min_components` and `max_components`, got {k} beside them",
                field="k",
            )
        options["min_components"] = options["max_components"] = k
    config = validated(partial(TasteConfig.of_preset, preset), **options)
    if checkpoint_dir is not None and (stages := finished(checkpoint_dir)):
        err.print(f"Continuing with stages of the checkpoint: {', '.join(stages)}.")
    rating_scale = RatingScale.parse(scale) if scale else None
    with progress() as report, warnings.catch_warnings():
        # The notes of the model say the same.
        warnings.filterwarnings("ignore", "no rating is a like")
        model = where.fit(data, rating_scale, config, report, checkpoint_dir)
        report("saving", 0, 1)
        save_taste(model, output, force=force)
        report("saving", 1, 1)
    if checkpoint_dir is not None:
        remove_stages(checkpoint_dir)
    if json:
        print_notes(model)
        emit_json({"model": str(output), **segments_document(model)})
        return
    print_intake(model)
    print_segments(model)
    out.print(f"Model written to {output}", soft_wrap=True)
