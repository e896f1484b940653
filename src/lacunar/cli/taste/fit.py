"""``lacunar taste fit``: fit user segments to a ratings log and save the model."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import Annotated, TypedDict, Unpack

import typer

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

_setting = partial(typer.Option, rich_help_panel="Settings of the fit")


class TasteOptions(TypedDict):
    """Options that fill fields of a ``TasteConfig``; ``None`` keeps the preset's value."""

    view: Annotated[
        str | None,
        _setting(
            help="Features of a user: means, relative, shares, log-shares, periods, or several "
            "joined by '+' (default: shares+periods; source: means)."
        ),
    ]
    gaps: Annotated[
        str | None,
        _setting(
            help="Missing features: keep, or fill in by row-mean or zero (default: keep; source: "
            "row-mean)."
        ),
    ]
    noise: Annotated[
        bool | None,
        _setting(
            "--noise/--no-noise",
            help="Treat features from few ratings as uncertain (default: --noise; source: "
            "--no-noise).",
        ),
    ]
    covariance_type: Annotated[
        str | None,
        _setting(
            "--covariance", help="Covariance matrices: diag or full (default: diag; source: full)."
        ),
    ]
    prior_users: Annotated[
        float | None,
        _setting(help="Weight of the covariance prior, in users (default: 3; source: no prior)."),
    ]
    criterion: Annotated[
        str | None,
        _setting(
            help="Criterion to choose K, the number of segments: bic, icl, held-out or vote "
            "(default: bic; source: vote)."
        ),
    ]
    folds: Annotated[
        int | None,
        _setting(help="Folds for the held-out likelihood; 0: do not compute it (default: 0)."),
    ]
    min_components: Annotated[int | None, _setting(help="Smallest K to try (default: 1).")]
    max_components: Annotated[int | None, _setting(help="Largest K to try (default: 10).")]
    n_seeds: Annotated[int | None, _setting(help="Restarts for each K (default: 40; source: 51).")]
    seed: Annotated[int | None, _setting(help="First random seed (default: 0).")]
    liked_above: Annotated[
        float | None,
        _setting(help="Ratings above this count as likes (default: 3.5 of 5; source: 4)."),
    ]
    search_users: Annotated[
        int | None,
        _setting(help="Choose K on all users if there are at most this many (default: 20000)."),
    ]
    sample_users: Annotated[
        int | None,
        _setting(
            help="Otherwise choose K on a random sample of this many; also the most users that "
            "tune the personal recommender (default: 5000)."
        ),
    ]


@expand_options
def fit(
    data: DataArgument,
    output: Annotated[Path, typer.Option("-o", "--out", help="Model directory to write.")],
    preset: Annotated[
        str, typer.Option(help="default, or source: the settings of the source report.")
    ] = "default",
    scale: ScaleOption = None,
    memory_limit: MemoryOption = None,
    checkpoint_dir: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint",
            "--resume",
            help="Directory to save every stage in. A fit that was stopped continues from it.",
        ),
    ] = None,
    engine: EngineOption = "duckdb",
    master: MasterOption = None,
    force: ForceFlag = False,
    json: JsonFlag = False,
    **options: Unpack[TasteOptions],
) -> None:
    """Fit user segments to a ratings log and save the model."""
    from lacunar.store import check_destination, save_taste
    from lacunar.taste.checkpoint import finished, remove_stages
    from lacunar.taste.config import TasteConfig
    from lacunar.taste.data.rating_scale import RatingScale
    from lacunar.taste.to_json import segments_document

    where = engines.where_to_work(engine, master, memory_limit)
    check_destination(output, force=force)
    check_checkpoint(checkpoint_dir, output)
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
